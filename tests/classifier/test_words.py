"""The words of messages: how they are counted, and what they say of each class."""

from __future__ import annotations

from collections import Counter
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.classifier.messages import Messages
from router.classifier.words import PRIOR_WORDS, WordModel, WordRows

TEXTS = st.lists(st.text("abc ?7", max_size=12), min_size=1, max_size=8)


def ids_of(words: WordRows, row: int) -> list[int]:
    return words.ids[words.starts[row] : words.starts[row + 1]].tolist()


def log_likelihood(
    texts: list[str], labels: list[int], asked: str, class_count: int
) -> list[float]:
    """What `WordModel.scores` computes by arrays, word by word."""
    counts = [Counter[int]() for _ in range(class_count)]
    for text, label in zip(texts, labels, strict=True):
        counts[label].update(ids_of(WordRows.read([text]), 0))

    totals_of = [count.total() for count in counts]
    totals = [max(1, total) for total in totals_of]
    scores = [0.0] * class_count
    for word in ids_of(WordRows.read([asked]), 0):
        used = [count[word] / total for count, total in zip(counts, totals, strict=True)]
        by_all = sum(used) / class_count
        if by_all:
            for label in range(class_count):
                told = counts[label][word] + PRIOR_WORDS * by_all
                scores[label] += log(told / by_all / (totals_of[label] + PRIOR_WORDS))

    return scores


def test_words_and_each_two_in_a_row_count_once_a_message():
    words = WordRows.read(["Note this, note it", "note this"])

    # note, this, it; the start with note; note this, this note, note it.
    assert len(ids_of(words, 0)) == 7
    assert set(ids_of(words, 1)) < set(ids_of(words, 0))


def test_capitals_and_digits_make_no_other_word():
    words = WordRows.read(["Room 21 on Monday?", "room 45 on monday?"])

    assert ids_of(words, 0) == ids_of(words, 1)


@given(TEXTS, st.data())
def test_rows_are_taken_in_the_order_asked_for(texts, data):
    places = data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=10))
    taken = WordRows.read(texts).take(np.array(places, np.int64))

    expected = WordRows.read([texts[place] for place in places])
    assert taken.ids.tolist() == expected.ids.tolist()
    assert taken.starts.tolist() == expected.starts.tolist()


@given(TEXTS, TEXTS)
def test_messages_behind_each_other_are_those_of_both_texts(first, second):
    def read(texts: list[str]) -> Messages:
        return Messages(np.zeros((len(texts), 2), np.float32), WordRows.read(texts))

    both = read(first).followed_by(read(second))

    assert both.words.ids.tolist() == WordRows.read([*first, *second]).ids.tolist()
    assert len(both) == len(both.words) == len(first) + len(second)


@given(TEXTS, TEXTS, st.data())
def test_scores_are_the_likelihoods_of_the_words(texts, asked, data):
    labels = data.draw(st.lists(st.integers(0, 2), min_size=len(texts), max_size=len(texts)))
    model = WordModel.fit(WordRows.read(texts), np.array(labels, np.int64), 3)

    scores = model.scores(WordRows.read(asked))

    expected = [log_likelihood(texts, labels, one, 3) for one in asked]
    assert scores == pytest.approx(np.array(expected), abs=1e-4)


def test_words_that_no_example_uses_count_for_no_class():
    model = WordModel.fit(WordRows.read(["note this", "sum this up"]), np.array([0, 1]), 2)

    assert model.scores(WordRows.read(["zebra crossing", ""])).tolist() == [[0, 0], [0, 0]]


def test_what_a_class_of_few_examples_never_uses_says_little_against_it():
    texts = ["water the plants", *(f"note down the number {'x' * n}" for n in range(60))]
    labels = np.array([0, *[1] * 60])
    model = WordModel.fit(WordRows.read(texts), labels, 2)

    unused_by_few, unused_by_many = model.scores(WordRows.read(["note", "plants"])).min(axis=1)

    assert unused_by_many < 2 * unused_by_few < 0
