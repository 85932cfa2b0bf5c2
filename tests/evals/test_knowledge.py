"""Facts in weights and facts in documents: the made-up facts, the lessons and what is counted."""

from __future__ import annotations

import pytest

from evals.tuning import knowledge
from evals.tuning.knowledge import Fact

MOVED = Fact("opens", "Kiel", "8:00", "9:30")


def test_half_of_the_facts_change_and_the_others_do_not():
    facts = knowledge.make_facts(knowledge.SUBJECTS, 0)
    groups = [fact.group for fact in facts]
    assert groups.count("changed") == groups.count("unchanged") == len(facts) / 2
    assert knowledge.make_facts(knowledge.SUBJECTS, 0) == facts
    assert knowledge.make_facts(knowledge.SUBJECTS, 1) != facts


def test_no_place_is_in_two_groups():
    places = [*knowledge.SUBJECTS, *knowledge.OTHERS, *knowledge.UNKNOWN]
    assert len(set(places)) == len(places)


def test_the_facts_are_learned_as_they_were_and_the_wording_that_is_asked_is_not():
    lessons = knowledge.lessons_of_facts([MOVED])
    assert len(lessons) == 3
    assert all("8:00" in lesson.answer for lesson in lessons)
    asked = [lesson.messages[-1]["content"] for lesson in lessons]
    assert MOVED.question(3) not in asked


def test_answering_from_passages_is_learned_with_and_without_the_passage(trigrams):
    facts = knowledge.make_facts(knowledge.OTHERS, 2)
    lessons = knowledge.lessons_of_behaviour(facts, trigrams, 0)
    absent = [lesson for lesson in lessons if knowledge.NOT_FOUND in lesson.answer]
    assert len(lessons) == 3 * len(facts)
    assert len(lessons) / 3 <= len(absent) < len(lessons)
    for lesson in lessons:
        message = lesson.messages[-1]["content"]
        is_there = any(
            fact.passage in message and fact.answer(fact.new) in lesson.answer for fact in facts
        )
        assert is_there != (lesson in absent)


@pytest.mark.parametrize(
    ("answer", "group", "expected"),
    [
        ("The office in Kiel opens at 9:30.", "changed", "right"),
        ("The office in Kiel opens at 8:00.", "changed", "outdated"),
        ("The office in Kiel opens at 7:10.", "changed", "made_up"),
        ("", "changed", "made_up"),
        (knowledge.NOT_FOUND, "changed", "not_found"),
        (knowledge.NOT_FOUND, "unknown", "not_found"),
        ("The office in Kiel opens at 9:30.", "unknown", "made_up"),
    ],
)
def test_an_answer_is_one_of_four_things(answer, group, expected):
    assert knowledge.outcome(MOVED, group, answer) == expected


def test_shares_are_of_each_group():
    steady = Fact("leads", "Riga", "Ines", "Ines")
    asked = [(MOVED, "changed"), (steady, "unchanged"), (MOVED, "unknown")]
    found = knowledge.shares(asked, ["at 8:00", "Ines leads it", knowledge.NOT_FOUND])
    assert found["changed"]["outdated"] == found["unchanged"]["right"] == 1.0
    assert found["unknown"]["not_found"] == 1.0
    assert found["changed"]["right"] == 0.0
