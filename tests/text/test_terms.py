from hypothesis import given
from hypothesis import strategies as st

from router.text.terms import MAX_TERMS, extract_terms, stem


def test_stop_words_are_left_out_and_each_term_counts_once():
    assert extract_terms("What is the refund for a Refund order?") == ["refund", "order"]


def test_a_question_of_stop_words_keeps_them():
    assert extract_terms("who are you") == ["who", "are", "you"]


@given(st.text(max_size=300))
def test_terms_are_safe_inside_quotes(text):
    terms = extract_terms(text)

    assert len(terms) <= MAX_TERMS
    assert all(term.replace("_", "").isalnum() or not term.isascii() for term in terms)
    assert not any('"' in term or "'" in term for term in terms)


def test_forms_of_a_word_meet_in_one_stem():
    assert stem("reimbursed") == stem("reimbursement") == stem("reimburse")
    assert stem("policies") == stem("policy")
    assert stem("planned") == stem("plan") == stem("plans")
