import pytest

from router.decide import Router
from router.learning.corrections import learn, sift, study, to_label
from router.types import Decision, Example, Score


def told(text, route, user="U1", source="feedback"):
    return Example(text, route, source=source, user=user)


def test_a_correction_improves_the_next_decision(router, examples, letters):
    text = "the thing I bought fell apart, what now"
    before, _ = router.decide(text)

    better = learn(
        router,
        examples,
        [told(text, "refund"), told("the thing I bought broke, what now", "refund")],
        letters,
    )

    assert before.route != "refund" or before.confidence < 0.9
    assert better.decide(text)[0].scores[0].route == "refund"


def test_without_anything_new_there_is_no_new_router(router, examples, letters):
    assert learn(router, examples, [], letters) is None


def test_what_was_learned_depends_on_the_examples_alone(router, examples, letters):
    news = [
        told("money back for my coat", "refund", "U1"),
        told("where did my box go", "delivery", "U2"),
    ]

    assert (
        learn(router, examples, news, letters).version
        == learn(router, examples, news[::-1], letters).version
    )


def test_a_flood_of_junk_from_one_person_changes_nothing(router, examples, letters, routes):
    names = list(routes)
    junk = [
        told(f"{example.text} number {i}", names[(names.index(example.route) + 2) % 4], "U-junk")
        for i in range(10)
        for example in examples
    ]

    three = Router.train(
        [*examples, *(Example(f"{w} only", f"r{i}") for i, w in enumerate("abcdefgh"))],
        letters,
        [*routes, *(f"r{i}" for i in range(8))],
    )

    learned = study(three, examples, junk, letters)

    right = [
        (learned.router or three).decide(example.text)[0].scores[0].route == example.route
        for example in examples
    ]
    assert sum(right) >= len(examples) - 1


def test_one_person_counts_with_a_hundred_corrections():
    many = [told(f"message number {i}", "refund") for i in range(130)]

    used, aside = sift(many, ["refund"])

    assert len(used) == 100
    assert {one.why for one in aside} == {"more than 100 corrections by one person"}


def test_people_who_disagree_are_shown_and_nobody_counts():
    used, aside = sift(
        [told("my box", "refund", "U1"), told("My box!", "delivery", "U2")], ["refund", "delivery"]
    )

    assert used == []
    assert [one.why for one in aside] == ["people disagree: delivery, refund"] * 2


def test_a_majority_counts_once():
    words = [
        told("my box", "refund", "U1"),
        told("my box", "delivery", "U2"),
        told("my box", "delivery", "U3"),
    ]

    used, aside = sift(words, ["refund", "delivery"])

    assert [example.route for example in used] == ["delivery"]
    assert len(aside) == 1


def test_a_reviewer_has_the_last_word():
    words = [
        told("my box", "refund", "U1"),
        told("my box", "refund", "U2"),
        told("my box", "delivery", "A1", "reviewed"),
    ]

    used, _ = sift(words, ["refund", "delivery"])

    assert [(example.route, example.source) for example in used] == [("delivery", "reviewed")]


def test_a_route_that_is_gone_teaches_nothing():
    used, aside = sift([told("my box", "gone")], ["refund"])

    assert (used, [one.why for one in aside]) == ([], ["no such route"])


def test_corrections_that_would_take_messages_from_a_route_are_set_aside(router, examples, letters):
    frozen = [
        Example(f"I forgot my password {word}", "password", split="test")
        for word in ("again", "twice", "today")
    ]
    harm = [
        told(f"I forgot my password {word}", "delivery", f"U{i}")
        for i, word in enumerate(("again", "twice", "today"))
    ]

    learned = study(router, [e for e in examples if "forgot" not in e.text], harm, letters, frozen)

    made = [
        (learned.router or router).decide(example.text)[0].scores[0].route for example in frozen
    ]
    assert made.count("password") >= 2


@pytest.mark.parametrize("verb", ["route", "ask"])
def test_the_narrowest_decisions_are_worth_a_label_first(verb):
    def made(margin, verb=verb):
        scores = (Score("a", 0.5 + margin / 2), Score("b", 0.5 - margin / 2))
        return Decision(
            verb, "a" if verb == "route" else None, scores[0].confidence, margin, 0.9, scores, "v"
        )

    decisions = {
        "sure": made(0.9),
        "torn": made(0.01),
        "unsure": made(0.2),
        "stranger": made(0.0, "out_of_scope"),
    }

    assert to_label(decisions, most=2) == ["torn", "unsure"]
