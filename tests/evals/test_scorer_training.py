"""Lists that the quote scorer learns from: at most one quote that answers, and it stands first."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from evals.retrieval.scorer_training import NEGATIVES, QuotesOfQuestion, sampled_list

RIGHT = st.lists(st.booleans(), min_size=1, max_size=20)


def question(right: list[bool]) -> QuotesOfQuestion:
    quotes = [f"quote {number}" for number in range(len(right))]
    return QuotesOfQuestion("what?", quotes, [1 - n / 20 for n in range(len(right))], right)


@given(RIGHT, st.integers(0, 10_000))
def test_a_list_has_at_most_one_right_quote_and_that_first(right, seed):
    one = question(right)
    taken = sampled_list(one, random.Random(seed))

    assert len(set(taken.quotes)) == len(taken.quotes) >= 1
    assert sum(taken.right) <= 1
    assert not any(taken.right[1:])
    assert len(taken.quotes) <= NEGATIVES + 1
    for quote, score, is_right in zip(taken.quotes, taken.line_scores, taken.right, strict=True):
        place = one.quotes.index(quote)
        assert (score, is_right) == (one.line_scores[place], one.right[place])


def test_what_answers_is_sometimes_taken_out_and_near_quotes_come_more_often():
    one = question([False] * 10 + [True] + [False] * 9)
    lists = [sampled_list(one, random.Random(seed)) for seed in range(2_000)]

    without = sum(not any(taken.right) for taken in lists) / len(lists)
    assert 0.08 < without < 0.16
    counts = [sum(quote in taken.quotes for taken in lists) for quote in one.quotes]
    assert counts[0] > 1.5 * counts[9] > 0
