"""Prompt optimisation: schema, examples and instructions, within a budget, resumable."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from router.errors import ModelError
from tests.fixtures.rule_model import USD, RuleModel, make_context, make_route
from workers.datasets.labelled import labelled_rows
from workers.llm.call_recording import FOLDER, delete_old_recordings, recording_path
from workers.llm.fake_server import fake_model_server
from workers.llm.fakes import ScriptedModel
from workers.llm.litellm_client import open_model
from workers.llm.metered import (
    BudgetExhaustedError,
    CallBudget,
    MeteredModel,
    ModelUnavailableError,
)
from workers.optimise.search import optimise_prompt
from workers.ports import ModelCall


@pytest.fixture
def prepared(tmp_path):
    """A context and its live route, for a model and settings."""
    opened = []

    def make(model, /, **settings):
        context = make_context(tmp_path, model, **settings)
        opened.append(context.store)
        return context, make_route(context, tmp_path)

    yield make
    for store in opened:
        store.close()


def run(prepared, model, limits=None, **settings):
    context, route = prepared(model, **settings)
    return context, route, optimise_prompt(context, route, route.version, "T1", limits)


def test_a_model_that_writes_better_instructions_makes_more_answers_right(prepared):
    model = RuleModel(copies=False)
    context, route, found = run(prepared, model, reflection_model="reflector")

    assert found.tried["live"] == pytest.approx(1 / 3)
    assert found.tried["rewritten instructions"] == 1.0
    assert found.best_accuracy == 1.0
    assert found.measured_on == "36 test rows that chose nothing"
    assert "red goes to right" in found.version.prompt
    assert found.report.body["passed"]
    assert found.report.body["figures"]["live"]["accuracy"] == pytest.approx(1 / 3)
    stored = context.store.versions.get("T1", "boxes", found.version.id)
    assert (stored.state, stored.shadowing) == ("shadow", False)
    assert (
        context.store.datasets.newest_report("T1", "boxes", found.version.id).id == found.report.id
    )
    assert context.store.versions.live("T1", "boxes").id == route.version.id


def test_what_is_tried_is_what_is_served_and_test_rows_choose_nothing(prepared):
    model = RuleModel(copies=False)
    _, route, _ = run(prepared, model, reflection_model="reflector")

    test = {row.text for row in route.rows if row.split == "test"}
    asked = [call for call in model.calls if call.models[0] != "reflector"]
    first_proof = next(n for n, call in enumerate(asked) if call.messages[-1]["content"] in test)
    assert {call.messages[-1]["content"] for call in asked[first_proof:]} == test
    reflected = "".join(
        call.messages[-1]["content"] for call in model.calls if call.models[0] == "reflector"
    )
    assert not [text for text in test if text in reflected]
    assert all(call.schema is not None and call.payer.team == "T1" for call in asked)


def test_a_junk_reflector_changes_nothing(prepared):
    context, route, found = run(prepared, RuleModel(copies=False), reflection_model="junk")

    assert found.version.id == route.version.id
    assert "rewritten instructions" not in found.tried
    assert found.report is None
    assert [version.id for version in context.store.versions.for_route("T1", "boxes")] == [
        route.version.id
    ]
    assert "junk wrote 12 instructions" in found.notes


@pytest.mark.parametrize("model", ["", "local"])
def test_without_a_capable_reflection_model_it_says_so_and_tries_examples(prepared, model):
    _, _, found = run(prepared, RuleModel(), reflection_model=model)

    assert any("instructions were not rewritten" in line for line in found.notes)
    assert found.best_accuracy > found.tried["live"]
    assert "examples" not in found.version.prompt
    assert found.version.shots


def test_examples_that_show_more_win_over_the_first_ones(prepared):
    _, route, found = run(prepared, RuleModel())

    tried = {name: share for name, share in found.tried.items() if name != "live"}
    assert max(tried.values()) == 1.0
    train = {row.text for row in route.rows if row.split == "train"}
    assert {shot.text for shot in found.version.shots} <= train


@pytest.mark.parametrize(("calls", "usd"), [(200, 10.0), (10_000, 0.2)])
def test_it_stops_at_the_budget_that_ends_first_and_keeps_the_best(prepared, calls, usd):
    model = RuleModel(copies=False)
    _, _, found = run(prepared, model, CallBudget(calls, usd), reflection_model="reflector")

    assert len(model.calls) <= min(calls, round(usd / USD))
    assert found.spend["calls"] == len(model.calls)
    assert found.spend["usd"] == pytest.approx(len(model.calls) * USD)
    assert found.best_accuracy > found.tried["live"]
    assert found.report.body["passed"]


def test_a_budget_too_small_for_the_live_version_changes_nothing(prepared):
    _, route, found = run(prepared, RuleModel(), CallBudget(5, 1.0))

    assert found.version.id == route.version.id
    assert found.best_accuracy is None
    assert any("stopped early" in line for line in found.notes)


def test_killed_in_the_middle_it_goes_on_from_what_was_paid_for(tmp_path):
    whole, halved = tmp_path / "whole", tmp_path / "halved"
    for place in (whole, halved):
        place.mkdir()

    uninterrupted = RuleModel(copies=False)
    context = make_context(whole, uninterrupted, reflection_model="reflector")
    route = make_route(context, whole)
    wanted = optimise_prompt(context, route, route.version, "T1")
    context.store.close()

    root = Path(__file__).parents[2]
    path = os.environ["PATH"]  # noqa: TID251
    environment = {"PYTHONPATH": str(root), "PATH": path, "OMP_NUM_THREADS": "1"}
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.fixtures.rule_model", str(halved)], env=environment, cwd=root
    )
    file = recording_path(halved / "data", "optimise", "T1", "boxes", route.version.id)

    for _ in range(1200):
        if file.exists() and file.read_text("utf-8").count("\n") >= 60:
            break

        assert child.poll() is None, "it ended before it could be killed"
        threading.Event().wait(0.05)

    child.send_signal(signal.SIGKILL)
    child.wait()
    paid = file.read_text("utf-8").count("\n")

    second = RuleModel(copies=False)
    context = make_context(halved, second, reflection_model="reflector")
    route = make_route(context, halved)
    found = optimise_prompt(context, route, route.version, "T1")
    context.store.close()
    assert paid >= 60
    assert len(second.calls) == len(uninterrupted.calls) - paid
    assert found.spend["calls"] == wanted.spend["calls"]
    assert found.spend["resumed"] == paid
    assert (found.version.id, found.tried, found.best_accuracy) == (
        wanted.version.id,
        wanted.tried,
        wanted.best_accuracy,
    )


def test_a_model_that_is_away_is_no_bad_prompt_and_what_was_paid_for_stays(prepared):
    class Away(RuleModel):
        here = False

        def complete(self, call, on_text=None):
            if len(self.calls) >= 20 and not self.here:
                raise ModelError("asking 'm': it is away", retry=True)
            return super().complete(call, on_text)

    model = Away()
    context, route = prepared(model)

    with pytest.raises(ModelUnavailableError, match="it is away"):
        optimise_prompt(context, route, route.version, "T1")

    model.here = True
    found = optimise_prompt(context, route, route.version, "T1")
    assert found.spend["resumed"] == 20
    assert found.best_accuracy == 1.0


def test_what_fails_again_and_again_counts_as_a_bad_answer(tmp_path):
    call = ModelCall([{"role": "user", "content": "one"}], models=("m",))
    raised = []

    for _ in range(3):
        model = MeteredModel(
            ScriptedModel([ModelError("silent", retry=True)]),
            tmp_path / "calls.jsonl",
            CallBudget(9, 1.0),
            "T1",
        )
        with pytest.raises(Exception, match="silent") as failure:
            model.complete(call)

        raised.append(failure.type)

    assert raised == [ModelUnavailableError, ModelUnavailableError, ModelError]


def test_the_memory_outlives_a_torn_line_and_failed_calls_are_not_kept(tmp_path):
    file, call = (
        tmp_path / "calls.jsonl",
        ModelCall([{"role": "user", "content": "one"}], models=("m",)),
    )
    one = MeteredModel(
        ScriptedModel([ModelError("no", retry=True), "yes"]), file, CallBudget(9, 1.0), "T1"
    )

    with pytest.raises(ModelUnavailableError):
        one.complete(call)

    assert one.complete(call).text == "yes"
    with file.open("a") as lines:
        lines.write('{"key": "abc", "te')

    again = MeteredModel(ScriptedModel(["another"]), file, CallBudget(1, 1.0), "T1")
    assert (again.complete(call).text, again.calls, again.resumed) == ("yes", 1, 1)

    with pytest.raises(BudgetExhaustedError, match="budget of 1 calls"):
        again.complete(ModelCall([{"role": "user", "content": "two"}], models=("m",)))


def test_what_models_said_is_not_kept_for_long(prepared):
    context, _, _ = run(prepared, RuleModel())

    folder = context.settings.data / FOLDER
    assert list(folder.glob("T1/*/calls.jsonl"))
    assert delete_old_recordings(context.settings.data, before=0.0) == 0
    assert delete_old_recordings(context.settings.data) == 1
    assert not list(folder.glob("T1/*/calls.jsonl"))


def test_rows_that_measure_are_never_shown(prepared):
    context, route = prepared(RuleModel())

    rows = labelled_rows(context, route, "T1")

    assert (len(rows.train), len(rows.dev), len(rows.test), rows.from_log) == (12, 12, 36, 0)
    assert not {row.text for row in rows.train} & {row.text for row in (*rows.dev, *rows.test)}


@pytest.mark.parametrize("killed_after", [0.1, 0.5, 0.8, 0.95])
def test_near_the_end_of_its_budget_too_a_second_run_takes_the_same_way(tmp_path, killed_after):
    class Mortal(RuleModel):
        until = 10**6

        def complete(self, call, on_text=None):
            if len(self.calls) == self.until:
                raise KeyboardInterrupt
            return super().complete(call, on_text)

    def run_in(place, model):
        place.mkdir(exist_ok=True)
        context = make_context(place, model)
        route = make_route(context, place)

        with contextlib.suppress(KeyboardInterrupt), contextlib.closing(context.store):
            return optimise_prompt(context, route, route.version, "T1", CallBudget(90, 1.0))

    one, mortal, two = RuleModel(), Mortal(), RuleModel()
    whole = run_in(tmp_path / "whole", one)
    mortal.until = int(killed_after * len(one.calls))
    assert run_in(tmp_path / "halved", mortal) is None
    again = run_in(tmp_path / "halved", two)
    assert len(two.calls) == len(one.calls) - mortal.until
    assert (again.version.id, again.tried, again.best_accuracy) == (
        whole.version.id,
        whole.tried,
        whole.best_accuracy,
    )

    assert again.spend["calls"] == whole.spend["calls"] <= 90


def test_the_budget_holds_through_the_real_gateway_and_its_prices(prepared):
    with fake_model_server(text="ok") as server:
        prices = {"usd_per_million_input": 100.0, "usd_per_million_output": 100.0}
        context, route = prepared(
            None, model="openai/m", model_url=server.url, model_key="none", **prices
        )
        context = dataclasses.replace(
            context, model=open_model(context.settings, None, context.now, context.random)
        )
        found = optimise_prompt(context, route, route.version, "T1", CallBudget(400, 0.1))

        assert found.spend["calls"] == len(server.requests)
        assert 0.01 < found.spend["usd"] <= 0.1
        assert any("stopped early" in line for line in found.notes)
