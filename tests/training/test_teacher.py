"""The teacher model answers requests without a good answer; reviewers decide on its rows."""

from __future__ import annotations

import dataclasses
import json

import pytest

from router.candidate_evidence import CandidateEvidence
from router.errors import InputError, ModelError
from router.types import Decision, Feedback, Outcome, Request, Tokens
from workers.datasets.build import LoggedAnswer
from workers.datasets.review import accept_rest, draw_sample, from_records, record_verdict
from workers.jobs import advance
from workers.llm.metered import ModelUnavailableError
from workers.ports import ModelReply
from workers.rollout import candidate as rollout_candidate
from workers.training.teacher import NO_TEACHER_MODEL, MissingAnswers, answer_missing

KEY = "T1:c1"
SCHEMA_ANSWER = {"box": "right", "who": "teacher"}


class Teacher:
    """Gives every request one answer at a price; another model is live."""

    def __init__(self) -> None:
        self.calls = []

    def complete(self, call, on_text=None):
        self.calls.append(call)
        name = call.models[0]
        data = SCHEMA_ANSWER if name == "teacher" else {"box": "left", "who": "nobody"}

        return ModelReply(json.dumps(data), name, Tokens(query=5, output=5), 0.01, 0.1)

    @property
    def teacher_messages(self):
        return [call.messages[-1]["content"] for call in self.calls if call.models[0] == "teacher"]


@pytest.fixture
def teacher_rollout(rollout):
    """A rollout with a teacher model."""
    values = {"teacher_model": "teacher", "model": "openai/live"}
    settings = rollout.context.settings.model_copy(update=values)
    rollout.context = dataclasses.replace(rollout.context, model=Teacher(), settings=settings)
    rollout.keys = [*rollout.store.candidates.get(KEY).evidence.requests]

    return rollout


def add_request(rollout, key, text, outcome=None, thumb=None, kind="public", route=None):
    """One more request of the candidate."""
    rollout.store.requests.insert(
        Request(
            key,
            "T1",
            "C1",
            f"U{len(rollout.keys) % 8}",
            f"{key}.0",
            f"E{key}",
            text,
            2000.0,
            channel_kind=kind,
        ),
        1.0,
    )

    rollout.store.decisions.insert_first(
        key, Decision("route", "boxes", 1.0, 1.0, 1.0, (), "r", rollout.live.id), 1.0
    )
    if outcome is not None:
        rollout.store.decisions.insert_outcome(key, 0, outcome, 2.0)
    if thumb is not None:
        rollout.store.feedback.record(Feedback(key, "U1", "thumb", thumb, 2.0))
    if route is not None:
        rollout.store.feedback.record(Feedback(key, "U1", "route", route, 2.0))

    rollout.keys.append(key)
    one = rollout.store.candidates.get(KEY)
    rollout.store.candidates.upsert(
        dataclasses.replace(one, evidence=CandidateEvidence(requests=tuple(rollout.keys))), 3.0
    )


def dataset(rollout):
    rollout.run_until_waiting()
    assert rollout.state == "dataset"
    return from_records(rollout.store.datasets.newest_for_candidate("T1", KEY).rows)


def test_bad_and_missing_answers_are_the_teachers_and_marked_so(teacher_rollout):
    add_request(teacher_rollout, "m1", "zoe needs the widest of nine shelves")
    add_request(
        teacher_rollout,
        "e1",
        "yan breaks every second ruler here",
        Outcome("no", error="it broke", route="boxes"),
    )

    bad = Outcome(
        "bad", {"box": "left", "who": "x"}, route="boxes", version=teacher_rollout.live.id
    )
    add_request(teacher_rollout, "b1", "xia lost seven golden buttons", bad, thumb="down")

    rows = {row.text: row for row in dataset(teacher_rollout)}

    for text in ("zoe needs the widest of nine shelves", "xia lost seven golden buttons"):
        assert (rows[text].origin, rows[text].answer, rows[text].review) == (
            "teacher",
            SCHEMA_ANSWER,
            "waiting",
        )

    card = teacher_rollout.store.datasets.newest_for_candidate("T1", KEY).card
    assert card["origins"]["teacher"] == 3
    assert "teacher answered 3 of 3" in card["teacher"]
    assert card["teacher_cost"]["usd"] == pytest.approx(0.03)


def test_what_a_teacher_is_sent_is_masked(teacher_rollout):
    add_request(teacher_rollout, "m1", "mail wu.li@example.com about the third shelf, it is gone")
    dataset(teacher_rollout)
    assert teacher_rollout.context.model.teacher_messages
    assert not [
        said
        for said in teacher_rollout.context.model.teacher_messages
        if "wu.li@example.com" in said
    ]


def test_no_teacher_hears_of_private_places_opted_out_people_or_other_routes(teacher_rollout):
    add_request(teacher_rollout, "p1", "a private plea about eleven plates", kind="private")
    add_request(teacher_rollout, "d1", "a direct plea about twelve plates", kind="dm")
    add_request(teacher_rollout, "o1", "an odd plea about thirteen plates", route="triage")
    add_request(teacher_rollout, "x1", "an opted out plea about fourteen plates")
    teacher_rollout.store.opt_outs.add("T1", teacher_rollout.store.requests.get("x1").user, 1.0)
    dataset(teacher_rollout)
    assert not [said for said in teacher_rollout.context.model.teacher_messages if "plea" in said]


def test_the_weak_models_answers_are_replaced_as_far_as_the_budget_goes(teacher_rollout):
    context = dataclasses.replace(
        teacher_rollout.context,
        settings=teacher_rollout.context.settings.model_copy(update={"teacher_calls": 3}),
    )
    rows = [
        (
            LoggedAnswer(
                f"plea number {n} of many", {"box": "left", "who": "a"}, f"U{n}", float(n)
            ),
            "local",
        )
        for n in range(5)
    ]
    strong = (LoggedAnswer("a strong plea", {"box": "left", "who": "b"}, "U9", 9.0), "openai/live")

    found = answer_missing(context, teacher_rollout.live, MissingAnswers([*rows, strong], []), "T1")

    origins = {row.text: row.origin for row in found.rows}
    assert sorted(origins.values()) == ["outcome"] * 3 + ["teacher"] * 3
    assert origins["a strong plea"] == "outcome"
    assert len(found.rows) == len(origins) == 6
    assert "budget of 3 calls" in found.summary


@pytest.mark.parametrize("model", ["", "local"])
def test_the_small_local_model_is_no_teacher(teacher_rollout, model):
    update = {"teacher_model": model, "model": "local"}
    context = dataclasses.replace(
        teacher_rollout.context, settings=teacher_rollout.context.settings.model_copy(update=update)
    )
    found = answer_missing(
        context,
        teacher_rollout.live,
        MissingAnswers([], [LoggedAnswer("a plea", None, "U1", 1.0)]),
        "T1",
    )
    assert (found.summary, list(found.rows), context.model.calls) == (NO_TEACHER_MODEL, [], [])


def test_a_teacher_that_cannot_be_reached_is_waited_for(teacher_rollout):
    class Away:
        def complete(self, call, on_text=None):
            raise ModelError("asking 'teacher': it is away", retry=True)

    context = dataclasses.replace(teacher_rollout.context, model=Away())
    with pytest.raises(ModelUnavailableError, match="it is away"):
        answer_missing(
            context,
            teacher_rollout.live,
            MissingAnswers([], [LoggedAnswer("a plea", None, "U1", 1.0)]),
            "T1",
        )


def test_bad_teaching_cannot_hide_among_good_answers(teacher_rollout):
    counts = ("five", "six", "seven", "eight", "nine", "ten")
    for n, count in enumerate(counts):
        add_request(teacher_rollout, f"m{n}", f"{'abcdef'[n]}na wants {count} of the old {n}{n}")

    rows = dataset(teacher_rollout)
    drawn = draw_sample(rows, 20, 0)
    taught_places = [place for place, row in enumerate(rows) if row.origin == "teacher"]
    assert len(taught_places) > 3
    assert set(taught_places) <= set(drawn)

    for place in drawn:
        rows = record_verdict(
            rows, place, "dropped" if place in taught_places[:2] else "accepted", "UADA"
        )

    with pytest.raises(InputError, match="answers of the teacher"):
        accept_rest(rows, drawn, "UADA", 0.1)


def test_the_teachers_share_is_on_the_card(teacher_rollout):
    add_request(teacher_rollout, "m1", "zoe needs the widest of nine shelves")
    dataset(teacher_rollout)
    one = teacher_rollout.store.candidates.get(KEY)
    assert (
        "teacher answered 1 of 1"
        in rollout_candidate.last_evidence(teacher_rollout.context, one).teacher_summary
    )
    advance.run(teacher_rollout.context, KEY)
    assert teacher_rollout.state == "dataset"
