"""Copies of one document in several formats: every format that is read has its rank."""

from __future__ import annotations

from workers.knowledge import formats
from workers.knowledge.copies import ORDER, format_order


def test_every_format_that_is_read_has_a_rank_among_copies():
    assert set(formats.suffixes()) - set(ORDER) == set()
    assert len(ORDER) == len(set(ORDER))


def test_of_copies_the_one_that_says_most_about_its_form_comes_first():
    paths = ["a/plan.txt", "a/plan.pdf", "a/plan.docx", "a/plan.md", "a/plan.unknown"]
    in_order = ["a/plan.md", "a/plan.docx", "a/plan.pdf", "a/plan.txt", "a/plan.unknown"]

    assert sorted(paths, key=format_order) == in_order
