"""The demo's tuned route: its rows, and training prompts equal to serving prompts."""

from __future__ import annotations

import json

import pytest

from evals.leave import make_rows
from evals.tuning.train_adapter import (
    chat_examples,
    trainable,
    training_rows,
    tuned_prompt,
    written_rows,
)
from router.catalog.catalog import Route, builtin_routes_folder, read_route
from router.catalog.installed import installed_routes
from router.config import Settings
from router.errors import InputError
from workers.prompting.prompt import build_prompt

FOLDER = builtin_routes_folder() / "leave"


@pytest.fixture(scope="module")
def route() -> Route:
    return read_route(FOLDER)


def test_the_committed_rows_are_those_of_the_committed_seed() -> None:
    lines = (FOLDER / "examples.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row for row in rows if "answer" in row] == make_rows(0)


def test_no_message_is_in_two_rows() -> None:
    texts = [row["text"].casefold() for row in make_rows(3)]
    assert len(texts) == len(set(texts))


def test_every_cover_and_length_is_copied_from_its_message() -> None:
    for row in make_rows(1):
        assert (row["answer"]["cover"] or "") in row["text"]
        for day in (row["answer"]["from"], row["answer"]["to"]):
            assert all(word in row["text"] for word in (day or "").split())


def test_every_answer_keeps_the_schema_of_the_route(route: Route) -> None:
    from jsonschema import Draft202012Validator

    assert route.version.output is not None
    checker = Draft202012Validator(route.version.output)
    answers = [row.answer for row in route.rows if row.answer is not None]
    assert answers
    assert all(map(checker.is_valid, answers))


def test_the_adapter_learns_the_messages_that_the_route_sends(route: Route) -> None:
    lesson = next(
        lesson
        for lesson in chat_examples(make_rows(0), route.version.prompt)
        if lesson.split == "train"
    )

    text = lesson.messages[-1]["content"]
    values = {"message": text, "thread": "", "passages": "", "today": ""}
    (step,) = route.version.steps
    sent = build_prompt(route.version, step, values)  # type: ignore[arg-type]  # it has one
    assert [dict(message) for message in sent.messages] == list(lesson.messages)


def test_no_test_row_is_among_the_lessons() -> None:
    rows = make_rows(0)
    learnt = {lesson.messages[-1]["content"] for lesson in chat_examples(rows, "")}
    assert learnt.isdisjoint(row["text"] for row in rows if row["split"] == "test")


def test_an_adapter_learns_the_prompt_that_its_version_will_have():
    for name in ("actions", "incident", "leave", "rewrite", "triage"):
        version = installed_routes(Settings(_env_file=None)).routes[name].version
        assert tuned_prompt(builtin_routes_folder() / name / "route.md") == version.prompt


@pytest.mark.parametrize("name", trainable())
def test_no_message_of_the_route_is_written_by_hand_for_training(name: str) -> None:
    rows = written_rows(name)
    texts = {row["text"].casefold() for row in rows}
    assert len(texts) == len(rows)

    examples = read_route(builtin_routes_folder() / name).rows
    assert texts.isdisjoint(row.text.casefold() for row in examples)


@pytest.mark.parametrize("name", trainable())
def test_what_is_to_be_copied_is_in_its_message(name: str) -> None:
    copied = {"incident": ("service", "started", "ended"), "leave": ("from", "to", "cover")}
    for row in written_rows(name):
        for field in copied.get(name, ()):
            words = (row["answer"][field] or "").casefold().split()
            assert all(word in row["text"].casefold() for word in words)


def test_a_route_without_messages_is_refused_with_those_that_have_some() -> None:
    with pytest.raises(InputError, match="known: actions, incident, leave, rewrite, triage"):
        training_rows("handbook", builtin_routes_folder() / "handbook", 0)
