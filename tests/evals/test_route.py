"""Measuring a route: exact figures, and no choice is made on test rows."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evals.routes.ablate import ablate
from evals.routes.ladder import climb, table
from evals.routes.ladder_chart import chart
from evals.routes.route import as_text
from evals.routes.route_runs import find_route, labelled_rows
from evals.routes.rules import as_text as as_text_of_tower
from evals.routes.rules import tower
from router.catalog.catalog import Route, builtin_routes_folder, load_routes, read_route
from router.catalog.route_file import ExampleRow
from router.config import Settings
from router.encoder.lazy import LazyEncoder
from router.errors import ModelError, RouteError
from router.store import Store
from workers.context import Context
from workers.evaluation.metrics import score, scoring_rule, word_f1
from workers.evaluation.run import run_rows, summarise
from workers.fakes import MemoryQueue, MemoryReplies
from workers.llm.fakes import ScriptedModel
from workers.ports import LanguageModel, ModelCall
from workers.runtime.leases import Leases

DOCS = Path(__file__).parents[2] / "docs" / "how-to" / "route.md"
ROUTE = """---
name: boxes
description: Say which box.
utterances: [which box]
output: {type: object, properties: {box: {enum: [left, right]}, why: {type: string, maxLength: 40}}}
---
You sort.
- Apples go left.
- Pears go right.
"""


class Reader:
    """Tells apples from pears only where the prompt explains it."""

    def complete(self, call: ModelCall, on_text: Callable[[str], None] | None = None) -> Any:
        return ScriptedModel([self._answer(call)]).complete(call, on_text)

    def _answer(self, call: ModelCall) -> str:
        system, asked = call.messages[0]["content"], call.messages[-1]["content"]
        box = "left" if "apple" in asked and "Apples go left" in system else "right"
        return json.dumps({"box": box, "why": "so"})


@pytest.fixture
def route(tmp_path: Path) -> Route:
    place = tmp_path / "boxes"
    place.mkdir()
    (place / "route.md").write_text(ROUTE)
    rows = [
        {"text": f"{fruit} {n}", "answer": {"box": box, "why": "so"}, "split": split}
        for split in ("train", "dev", "test")
        for n in range(3)
        for fruit, box in (("apple", "left"), ("pear", "right"))
    ]

    (place / "examples.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return read_route(place)


@pytest.fixture
def context(store: Store, clock: Any) -> Callable[[LanguageModel], Context]:
    class Encoder:
        model_id = "none"

        def encode(self, texts: Any) -> Any:
            import numpy as np

            return np.ones((len(texts), 2), dtype=np.float32)

    def build(model: LanguageModel) -> Context:
        return Context(
            settings=Settings(_env_file=None),  # type: ignore[call-arg]  # it takes one
            store=store,
            queue=MemoryQueue({}),
            model=model,
            replies=MemoryReplies(),
            leases=Leases(store.requests, "me", clock, 20.0),
            now=clock,
            random=lambda: 0.0,
            encoder=LazyEncoder(Encoder),
        )

    return build


def test_a_route_is_measured_on_its_test_rows(route: Route, context: Any) -> None:
    report = summarise(
        route.version, run_rows(context(Reader()), route.version, labelled_rows(route, "test"))
    )

    assert report["rows"] == 6
    assert report["accuracy"] == 1.0
    assert report["ci95"] == [pytest.approx(0.61, abs=0.01), 1.0]
    assert report["schema_valid"] == 1.0
    assert report["tokens"]["output"] > 0
    assert set(report) >= {"accuracy", "ci95", "schema_valid", "tokens", "usd", "p50_ms", "p95_ms"}
    assert "100.0%" in as_text(
        {"route": "boxes", "version": "v", "kind": "prompt", "model": "m", **report}
    )


def test_an_error_is_a_wrong_answer_and_is_counted(route: Route, context: Any) -> None:
    rows = labelled_rows(route, "test")[:2]
    model = ScriptedModel([ModelError("down"), '{"box": "right", "why": "so"}'])

    report = summarise(route.version, run_rows(context(model), route.version, rows))

    assert (report["accuracy"], report["errors"], report["schema_valid"]) == (0.5, 1, 0.5)


def test_the_ladder_climbs_every_rung_and_keeps_what_helps(route: Route, context: Any) -> None:
    devs, tests = labelled_rows(route, "dev"), labelled_rows(route, "test")

    rungs = {rung["name"]: rung for rung in climb(context(Reader()), route, devs, tests)}

    names = [
        "zero-shot",
        "role and rules",
        "few-shot",
        "nearest examples",
        "reasoning first",
        "schema",
    ]

    assert list(rungs) == [*names, "5 votes on box"]
    assert rungs["zero-shot"]["accuracy"] == 0.5
    assert rungs["role and rules"]["accuracy"] == 1.0
    assert rungs["few-shot"]["tokens"]["few_shot"] > 0
    report = {"route": "boxes", "model": "m", "rows": 6, "rungs": list(rungs.values())}
    assert table(report).count("\n| ") == 8
    assert len(ET.fromstring(chart(report)).findall(".//{*}rect")) == 8


def test_a_free_text_route_cannot_be_climbed(context: Any) -> None:
    rewrite = read_route(builtin_routes_folder() / "rewrite")

    with pytest.raises(RouteError, match="give it an `output` schema"):
        list(climb(context(Reader()), rewrite, [], []))


def test_ablation_shows_the_rule_that_matters(route: Route, context: Any) -> None:
    report = ablate(context(Reader()), route, labelled_rows(route, "dev"))

    assert report["accuracy"] == 1.0
    assert [one["rule"] for one in report["rules"]] == ["Apples go left.", "Pears go right."]
    assert [one["loss"] for one in report["rules"]] == [0.5, 0.0]


class Forgetful(Reader):
    """Obeys the first rule until there is a second one."""

    def _answer(self, call: ModelCall) -> str:
        system, asked = call.messages[0]["content"], call.messages[-1]["content"]
        obeys = "Apples go left" in system and "Pears go right" not in system
        return json.dumps({"box": "left" if obeys and "apple" in asked else "right", "why": "so"})


def test_the_tower_shows_which_rule_later_ones_push_aside(route: Route, context: Any) -> None:
    rows = labelled_rows(route, "dev") * 4
    steady = tower(context(Reader()), route, rows)
    falls = tower(context(Forgetful()), route, rows)

    assert [floor["accuracy"] for floor in steady["tower"]] == [0.5, 1.0, 1.0]
    assert [floor["accuracy"] for floor in falls["tower"]] == [0.5, 1.0, 0.5]
    assert [rule["lost"] for rule in steady["rules"]] == [False, False]
    assert [rule["lost"] for rule in falls["rules"]] == [True, False]
    report = {"route": "boxes", "model": "m", "rows": 24, **falls}
    assert as_text_of_tower(report).count("LOST") == 1


def test_an_extracted_text_must_be_equal_and_a_written_one_may_differ() -> None:
    output = {"properties": {"who": {"type": "string"}, "note": {"type": "string"}}}
    rows = [
        ExampleRow(
            text="ask Ana about it", answer={"who": "Ana", "note": "a question for somebody"}
        )
    ]

    rule = scoring_rule(output, rows)

    assert (rule.exact, rule.loose) == (("who",), ("note",))
    assert score(rule, {"who": "Ana", "note": "something else"}, rows[0].answer) == 1.0
    assert score(rule, {"who": "Ben", "note": "a question for somebody"}, rows[0].answer) == 0.0
    assert score(rule, None, rows[0].answer) == 0.0


def test_words_are_compared_without_case_and_marks() -> None:
    assert word_f1("The server is down.", "the server IS down") == 1.0
    assert word_f1("", "") == 1.0
    assert word_f1("something", "") == 0.0
    assert word_f1("a b", "b c") == pytest.approx(0.5)


def test_too_few_words_and_too_many_cost_the_same() -> None:
    assert word_f1("a", "a b c") == pytest.approx(0.5)
    assert word_f1("a b c", "a") == pytest.approx(0.5)
    assert word_f1("a a", "a") == pytest.approx(2 / 3)


@pytest.mark.parametrize(("copied", "exact"), [(7, ()), (8, ("who",)), (10, ("who",))])
def test_a_field_is_extracted_where_four_of_five_values_occur_in_their_messages(
    copied: int, exact: tuple[str, ...]
) -> None:
    rows = [
        ExampleRow(text=f"ask Ana{number}", answer={"who": f"Ana{number}"})
        for number in range(copied)
    ]
    rows += [ExampleRow(text="ask", answer={"who": f"Ben{n}"}) for n in range(10 - copied)]

    rule = scoring_rule({"properties": {"who": {"type": "string"}}}, rows)

    assert rule.exact == exact


def test_a_route_is_found_by_name_or_by_folder(route: Route) -> None:
    settings = Settings(_env_file=None)  # type: ignore[call-arg]  # pydantic-settings takes it

    assert find_route("triage", settings).name == "triage"
    assert find_route(str(route.folder), settings).name == "boxes"

    with pytest.raises(RouteError, match="known: actions, explain"):
        find_route("nothing", settings)


def test_rows_without_answers_cannot_measure(route: Route) -> None:
    with pytest.raises(RouteError, match="no 'dev' row with an answer"):
        labelled_rows(
            read_route(builtin_routes_folder() / "explain").model_copy(update={"rows": ()}), "dev"
        )


def test_every_route_that_ships_can_be_measured() -> None:
    for name, one in load_routes(builtin_routes_folder()).routes.items():
        assert len(labelled_rows(one, "test")) >= 10, name
        assert labelled_rows(one, "dev"), name


def test_the_route_in_the_guide_loads(tmp_path: Path) -> None:
    text = DOCS.read_text()
    place = tmp_path / "refund"
    place.mkdir()
    files = {"route.md": r"```markdown\n(.+?)\n```", "examples.jsonl": r"```json\n(.+?)\n```"}
    for name, block in files.items():
        (place / name).write_text(re.search(block, text, re.DOTALL)[1])  # type: ignore[index]

    catalog = load_routes(tmp_path)

    assert not catalog.problems
    assert catalog.routes["refund"].version.shots[0].answer == {
        "order": "7713",
        "reason": "broken",
    }


def test_the_guide_names_every_key() -> None:
    from router.catalog.route_file import FrontMatter

    text = DOCS.read_text()

    for key in [*FrontMatter.model_fields, *ExampleRow.model_fields]:
        assert f"| `{key}` |" in text, key


def test_a_list_in_the_models_own_words_counts_by_its_words() -> None:
    task = {"type": "object", "properties": {"task": {"type": "string"}}}
    output = {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": task},
            "boxes": {"type": "array", "items": {"enum": ["left", "right"]}},
        },
    }

    right = {"items": [{"task": "call the client"}], "boxes": ["left"]}

    rule = scoring_rule(output, [ExampleRow(text="x", answer=right, split="test")])

    assert (rule.exact, rule.loose) == (("boxes",), ("items",))
