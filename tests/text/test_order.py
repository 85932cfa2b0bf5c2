import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.text.order import MIN_MATERIAL_WORDS, SHORT_MATERIAL_WORDS, quoted_orders, split_order

MATERIAL = " ".join(["the printer on the third floor jams and nobody can send the offers"] * 3)


def orders(text: str, min_material: int = MIN_MATERIAL_WORDS) -> list[str]:
    return [split.order for split in split_order(text, min_material)]


@pytest.mark.parametrize(
    "text",
    [
        "sum this up: {}",
        "sum this up:\n\n{}",
        "sum this up\n{}",
        "{}\n\nsum this up",
        "sum this up \u201c{}\u201d",
        'sum this up "{}"',
        "sum this up\n> {}",
        "sum this up\n&gt; {}",
        "sum this up ```{}```",
        "sum this up. {}",
    ],
)
def test_an_order_is_told_from_the_text_that_was_pasted_with_it(text):
    (order, *_) = orders(text.format(MATERIAL))

    assert order.rstrip(":") == "sum this up"


@pytest.mark.parametrize(
    "text",
    [
        "where is my parcel",
        "the vpn is down: nobody can work",
        MATERIAL,
        f"Hi team, {MATERIAL}",
        f"Update: {MATERIAL}",
        f"meet at 10:30 {MATERIAL}",
        f"> sum this up\n{MATERIAL}",
    ],
)
def test_a_message_that_is_one_thing_is_not_split(text):
    assert orders(text) == []


def test_an_order_with_a_few_words_is_split_where_that_is_asked_for():
    text = "action items: Tom mends the login"

    assert orders(text) == []
    assert orders(text, SHORT_MATERIAL_WORDS) == ["action items"]


def test_only_a_sign_marks_the_border():
    marks = {split.order: split.is_marked for split in split_order(f"sum this up. {MATERIAL}")}

    assert marks == {"sum this up": False}


@given(st.text(max_size=300))
def test_the_parts_of_any_text_are_shorter_than_the_text(text):
    for split in split_order(text, SHORT_MATERIAL_WORDS):
        assert len(split.order) <= len(text)
        assert split.material


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("answer this guest: 'I'm cold, and it's dark.'", "answer this guest:"),
        ("what does \u2018no space left on device\u2019 mean", "what does   mean"),
        ("shorten this: the gate is open until ten", "shorten this"),
    ],
)
def test_a_short_quotation_has_an_order_around_it(text, order):
    assert order in [part.order for part in quoted_orders(text)]


@pytest.mark.parametrize(
    "text", ["I'm off and Tom's away, that's all", "first line here\nand a second"]
)
def test_an_apostrophe_or_a_line_is_no_quotation(text):
    assert quoted_orders(text) == []
