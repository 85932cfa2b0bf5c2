"""Any script is searched and quoted: Chinese, Japanese, Thai, Korean, Arabic, Persian, Hindi."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.text.scripts import extra_terms, index_form, words_of
from workers.knowledge.chunking import chunk_sections, word_count
from workers.knowledge.formats import Section
from workers.knowledge.quotes.extractive_answer import select_quotes

PAGES = {
    "zh_md": (
        "# 制度\n\n## 年假\n\n每位员工每年有十五天年假。年假必须在次年三月前用完。\n\n"
        "## 停车\n\n停车费每月二十元。"
    ),
    "ja_md": (
        "# 規則\n\n## 休暇\n\n有給休暇は年に二十日あります。\n\n"
        "## 駐車\n\n駐車料金は月に三千円です。"
    ),
    "th_md": ("# กฎ\n\n## วันลา\n\nพนักงานมีวันลาพักร้อนสิบวันต่อปี\n\n## ที่จอดรถ\n\nค่าจอดรถเดือนละร้อยบาท"),
    "ko_md": (
        "# 규정\n\n## 연차\n\n모든 직원은 연차 휴가가 15일입니다.\n\n"
        "## 주차\n\n주차 요금은 한 달에 만원입니다."
    ),
    "ar_md": (
        "# سياسة\n\n## الإجازة\n\nلكل موظف ثلاثون يومًا من الإجازة السنوية.\n\n"
        "## المواقف\n\nرسوم المواقف مئة."
    ),
    "fa_md": (
        "# قانون\n\n## مرخصی\n\nهر کارمند بیست روز مرخصی سالانه دارد.\n\n"
        "## پارکینگ\n\nهزینه پارکینگ صد است."
    ),
    "hi_md": (
        "# नियम\n\n## छुट्टी\n\nहर कर्मचारी को बीस दिन की छुट्टी मिलती है।\n\n"
        "## पार्किंग\n\nपार्किंग सौ रुपये है।"
    ),
}


@pytest.fixture
def store(every_store):
    return every_store


QUESTIONS = {
    "年假有多少天？": "十五天年假",
    "停车费是多少？": "停车费每月二十元。",
    "有給休暇は何日ありますか": "有給休暇は年に二十日あります。",
    "駐車料金はいくらですか": "駐車料金は月に三千円です。",
    "วันลาพักร้อนกี่วัน": "วันลาพักร้อนสิบวัน",
    "연차는 며칠입니까?": "연차 휴가가 15일입니다.",
    "주차 요금은 얼마입니까?": "주차 요금은 한 달에 만원입니다.",
    "كم يوم إجازة سنوية للموظف": "ثلاثون يومًا من الإجازة السنوية.",
    "چند روز مرخصی سالانه دارم؟": "بیست روز مرخصی سالانه دارد.",
    "कितने दिन की छुट्टी है": "बीस दिन की छुट्टी",
}


def test_questions_find_and_quote_their_answers(ingested, index, member):
    ingested(**PAGES)
    wrong = {}

    for question, answer in QUESTIONS.items():
        hits = index.search(question, None, member)
        quotes = [quote.text for quote in select_quotes(question, hits)]
        if answer not in hits[0].body or not any(answer in quote for quote in quotes):
            wrong[question] = [hit.body for hit in hits[:1]], quotes

    assert wrong == {}


def test_a_long_text_without_blanks_is_cut_into_passages_at_its_sentences():
    text = "员工出差时，酒店费用每晚不得超过八百元。" * 100
    bodies = [chunk.body for chunk in chunk_sections("T", [Section((), "", text)])]

    assert len(bodies) > 5
    assert all(word_count(body) <= 180 and body.endswith("。") for body in bodies)


def test_other_forms_of_letters_are_found_by_the_usual_ones(ingested, index, member):
    ingested(a_md="# Wide\n\nＡＢＣ１２３ is the ﬁle of the Straße.")

    for question in ("abc123", "file", "strasse", "straße"):
        assert index.search(question, None, member), question


@given(st.text(max_size=200))
def test_terms_can_end_no_query(text):
    for word in words_of(text):
        form = index_form(word)
        assert not set(form) & set("\"'\\ :*()&|!<>")


def test_latin_text_needs_nothing_besides_itself():
    assert extra_terms("The café closes at noon, naïve résumé.") == ""
