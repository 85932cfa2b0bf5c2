from dataclasses import replace

import pytest

from router.catalog.catalog import builtin_routes_folder, load_routes
from router.decide import Router
from router.learning.corrections import (
    MAX_LOSS,
    MIN_TO_JUDGE_PERSON,
    PLAUSIBLE_RANK,
    apply_corrections,
    deduplicate,
    filter_implausible,
    find_regressions,
    fit_probe,
    select_to_label,
)
from router.types import COUNTEREXAMPLE, NO_ROUTE, Decision, Example, Score


def correction(text, route, user="U1", source="feedback"):
    return Example(text, route, source=source, user=user)


def learn(router, examples, corrections, trigrams):
    return apply_corrections(router, examples, corrections, trigrams).router


def test_a_correction_improves_the_next_decision(router, examples, trigrams):
    text = "the thing I bought fell apart, what now"
    before, _ = router.decide(text)

    better = learn(
        router,
        examples,
        [correction(text, "refund"), correction("the thing I bought broke, what now", "refund")],
        trigrams,
    )

    after = better.decide(text)[0]
    assert before.route is None
    assert before.scores[0].route != "refund"
    assert after.route == after.scores[0].route == "refund"


def test_without_anything_new_there_is_no_new_router(router, examples, trigrams):
    assert learn(router, examples, [], trigrams) is None


def test_what_was_learned_depends_on_the_examples_alone(router, examples, trigrams):
    news = [
        correction("money back for my coat", "refund", "U1"),
        correction("where did my box go", "delivery", "U2"),
    ]

    assert (
        learn(router, examples, news, trigrams).version
        == learn(router, examples, news[::-1], trigrams).version
    )


def test_a_flood_of_junk_from_one_person_changes_nothing(router, examples, trigrams, routes):
    names = list(routes)
    junk = [
        correction(
            f"{example.text} number {i}", names[(names.index(example.route) + 2) % 4], "U-junk"
        )
        for i in range(10)
        for example in examples
    ]

    three = Router.train(
        [*examples, *(Example(f"{w} only", f"r{i}") for i, w in enumerate("abcdefgh"))],
        trigrams,
        [*routes, *(f"r{i}" for i in range(8))],
    )

    learned = apply_corrections(three, examples, junk, trigrams)

    right = [
        (learned.router or three).decide(example.text)[0].scores[0].route == example.route
        for example in examples
    ]
    assert sum(right) >= len(examples) - 1


def test_one_person_counts_with_a_hundred_corrections():
    many = [correction(f"message number {i}", "refund") for i in range(130)]

    used, quarantined = deduplicate(many, ["refund"])

    assert len(used) == 100
    assert {entry.reason for entry in quarantined} == {"more than 100 corrections by one person"}


def test_people_who_disagree_are_shown_and_nobody_counts():
    used, quarantined = deduplicate(
        [correction("my box", "refund", "U1"), correction("My box!", "delivery", "U2")],
        ["refund", "delivery"],
    )

    assert used == []
    assert [entry.reason for entry in quarantined] == ["people disagree: delivery, refund"] * 2


def test_a_majority_counts_once():
    words = [
        correction("my box", "refund", "U1"),
        correction("my box", "delivery", "U2"),
        correction("my box", "delivery", "U3"),
    ]

    used, quarantined = deduplicate(words, ["refund", "delivery"])

    assert [example.route for example in used] == ["delivery"]
    assert len(quarantined) == 1


def test_a_reviewer_has_the_last_word():
    words = [
        correction("my box", "refund", "U1"),
        correction("my box", "refund", "U2"),
        correction("my box", "delivery", "A1", "reviewed"),
    ]

    used, _ = deduplicate(words, ["refund", "delivery"])

    assert [(example.route, example.source) for example in used] == [("delivery", "reviewed")]


def test_a_route_that_is_gone_teaches_nothing():
    used, quarantined = deduplicate([correction("my box", "gone")], ["refund"])

    assert (used, [entry.reason for entry in quarantined]) == ([], ["no such route"])


def test_corrections_that_would_take_messages_from_a_route_are_set_aside(
    router, examples, trigrams
):
    frozen = [
        Example(f"I forgot my password {word}", "password", split="test")
        for word in ("again", "twice", "today")
    ]
    harm = [
        correction(f"I forgot my password {word}", "delivery", f"U{i}")
        for i, word in enumerate(("again", "twice", "today"))
    ]

    own = [example for example in examples if "forgot" not in example.text]
    learned = apply_corrections(router, own, harm, trigrams, frozen)

    decision = [
        (learned.router or router).decide(example.text)[0].scores[0].route for example in frozen
    ]
    assert decision.count("password") >= 2
    reasons = {entry.reason for entry in learned.quarantined}
    assert reasons == {"another route lost messages by it"}


class FixedProbe:
    """A probe that names the same route for every message but the listed ones."""

    def __init__(self, route, exceptions=()):
        self._route, self._exceptions = route, dict(exceptions)

    def best(self, texts, encoder):
        return [self._exceptions.get(text, self._route) for text in texts]


def regressions(count, lost, trigrams):
    """Compares two probes on `count` messages of one route, of which the later loses `lost`."""
    holdout = [Example(f"message {number}", "refund") for number in range(count)]
    taken = {example.text: "delivery" for example in holdout[:lost]}
    blamed = correction("message 0", "delivery")
    other = correction("message 0", "password")

    losses, culprits = find_regressions(
        FixedProbe("refund"), FixedProbe("refund", taken), [other, blamed], holdout, trigrams
    )
    assert culprits == ([blamed] if losses else [])
    return losses


def test_one_message_lost_proves_nothing_and_two_do(trigrams):
    assert regressions(10, 1, trigrams) == {}
    assert regressions(10, 2, trigrams) == {"refund": 0.2}


def test_a_large_route_may_lose_its_share_of_messages(trigrams):
    allowed = int(MAX_LOSS * 800)

    assert regressions(800, allowed, trigrams) == {}
    assert regressions(800, allowed + 1, trigrams) == {"refund": (allowed + 1) / 800}


@pytest.fixture
def probe(trigrams, examples):
    """A probe of so many routes that most are implausible for a message."""
    plants = ("palm", "fern", "cactus", "ivy", "rose", "oak")
    own = [*examples, *(Example(f"water the {plant}", plant) for plant in plants)]
    return fit_probe(own, dict.fromkeys({example.route for example in own}, ""), trigrams)


def surprising(text, probe, trigrams, user):
    """A correction to the route that the text suggests least."""
    ranked = probe.ranked([text], trigrams)[0]
    assert len(ranked) > PLAUSIBLE_RANK
    return correction(text, ranked[-1], user)


def test_a_person_who_mostly_makes_sense_is_believed_when_surprising(probe, trigrams):
    sense = [
        correction("my parcel is late", "delivery", "U1"),
        correction("refund my parcel", "refund", "U1"),
        correction("a new password please", "password", "U1"),
    ]
    odd = surprising("the courier lost my parcel", probe, trigrams, "U1")
    assert len([*sense, odd]) == MIN_TO_JUDGE_PERSON

    used, quarantined = filter_implausible(probe, [*sense, odd], trigrams)

    assert used == [*sense, odd]
    assert quarantined == []


def test_a_person_who_mostly_makes_none_is_not_believed_at_all(probe, trigrams):
    texts = ("my parcel is late", "refund my parcel", "a new password please")
    odd = [surprising(text, probe, trigrams, "U1") for text in texts]
    sense = correction("is the shop open", "opening_hours", "U1")

    used, quarantined = filter_implausible(probe, [*odd, sense], trigrams)

    assert used == []
    assert [entry.example for entry in quarantined] == [*odd, sense]
    reasons = {entry.reason for entry in quarantined}
    assert reasons == {"the words point elsewhere; a review can confirm it"}


def test_of_a_person_with_few_corrections_only_the_plausible_ones_count(probe, trigrams):
    sense = correction("my parcel is late", "delivery", "U1")
    odd = surprising("the courier lost my parcel", probe, trigrams, "U1")

    used, quarantined = filter_implausible(probe, [sense, odd], trigrams)

    assert used == [sense]
    assert [entry.example for entry in quarantined] == [odd]


def test_equal_corrections_are_one_and_different_ones_stay_apart():
    first = correction("my box", "refund", "U1")

    assert first.id == correction("my box", "refund", "U1").id
    others = [
        correction("my bag", "refund", "U1"),
        correction("my box", "delivery", "U1"),
        correction("my box", "refund", "U2"),
        correction("my box", "refund", "U1", "reviewed"),
    ]
    assert len({example.id for example in [first, *others]}) == 5


@pytest.mark.parametrize("verb", ["route", "ask"])
def test_the_narrowest_decisions_are_worth_a_label_first(verb):
    def decision(margin, verb=verb):
        scores = (Score("a", 0.5 + margin / 2), Score("b", 0.5 - margin / 2))
        return Decision(
            verb, "a" if verb == "route" else None, scores[0].confidence, margin, 0.9, scores, "v"
        )

    decisions = {
        "sure": decision(0.9),
        "torn": decision(0.01),
        "unsure": decision(0.2),
        "stranger": decision(0.0, "out_of_scope"),
    }

    assert select_to_label(decisions, limit=2) == ["torn", "unsure"]
    assert "sure" not in select_to_label(decisions)


def test_corrections_are_learned_beside_counterexamples(trigrams):
    catalog = load_routes(builtin_routes_folder())
    some = {name: catalog.routes[name] for name in ("leave", "triage", "summarise")}
    catalog = replace(catalog, routes=some)
    examples = catalog.training_examples()
    assert any(example.source == COUNTEREXAMPLE for example in examples)
    routes = catalog.descriptions()
    router = Router.train(examples, trigrams, routes)
    text = "the zeppelin on floor 3 lost its propeller"

    result = apply_corrections(
        router,
        examples,
        [correction(text, "triage", source="reviewed"), correction("zum zum", NO_ROUTE)],
        trigrams,
    )

    assert [example.text for example in result.used] == [text, "zum zum"]
    assert result.router.decide(text)[0].scores[0].route == "triage"
