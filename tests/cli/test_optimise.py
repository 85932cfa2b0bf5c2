"""`beagle optimise`: attempts, costs and result, as text and as JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bot.cli.optimise import as_text, optimise_route
from router.catalog.catalog import read_route
from router.config import Settings
from router.errors import RouteError
from router.store import open_store
from router.store.weekly.datasets import Report
from tests.fixtures.rule_model import BOXES, USD, RuleModel, write_route
from workers.llm.metered import CallBudget
from workers.optimise.search import OptimisationResult

PLENTY = CallBudget(10_000, 100.0)
KEYS = {"route", "live", "version", "best", "tried", "said", "measured", "spent", "report"}


class Colours:
    """An encoder without a model: one direction for each colour of the clerk's boxes."""

    model_id = "colours-1"

    def encode(self, texts):
        rows = [[0.1 + text.count(colour) for colour in BOXES] for text in texts]
        vectors = np.array(rows, dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(autouse=True)
def _light_encoder(monkeypatch):
    monkeypatch.setattr("bot.cli.job_context.encoder", lambda _: Colours())


@pytest.fixture
def settings(tmp_path):
    """An installation with one route of its own, whose first prompt is right for a third."""
    write_route(tmp_path)
    return Settings(
        _env_file=None,
        data=tmp_path / "data",
        routes=tmp_path / "routes",
        model="openai/some-model",
        model_key="none",
    )


@pytest.fixture
def route(settings):
    return read_route(settings.routes / "boxes")


@pytest.fixture
def rule_model(monkeypatch):
    """The model of the terminal's context: one that learns from the examples in its prompt."""
    model = RuleModel()
    monkeypatch.setattr("bot.cli.job_context.gateway", lambda *_: model)
    return model


def report(version, live, *, passed=True, gain=0.4):
    body = {"passed": passed, "differences": {"live": {"gain": gain, "ci95": [0.1, 0.6]}}}
    return Report("T1", "rep1", "boxes", version, live, body, 5.0)


def test_a_better_version_is_printed_with_its_proof_and_is_in_shadow(settings, route, rule_model):
    text = optimise_route(settings, "boxes", PLENTY, "", as_json=False)

    store = open_store(settings.store_url)
    (stored,) = [one for one in store.versions.for_route("T1", "boxes") if one.state == "shadow"]
    store.close()
    assert text.startswith(f"boxes {route.version.id}\n")
    assert f"version {stored.id}: passed, +" in text
    assert "measured on 36 test rows that chose nothing" in text
    assert f"beagle routes export boxes --version {stored.id}" in text


def test_as_json_it_has_the_keys_of_the_release(settings, route, rule_model):
    found = json.loads(optimise_route(settings, "boxes", PLENTY, "", as_json=True))

    assert set(found) == KEYS
    assert (found["route"], found["live"]) == ("boxes", route.version.id)
    assert found["version"] != route.version.id
    assert found["best"] == 1.0
    assert found["tried"]["live"] == pytest.approx(1 / 3)
    assert found["spent"]["calls"] == len(rule_model.calls)
    assert found["report"]["body"]["passed"] is True


def test_a_second_run_pays_for_nothing_again(settings, rule_model):
    first = json.loads(optimise_route(settings, "boxes", PLENTY, "", as_json=True))
    calls = len(rule_model.calls)

    second = json.loads(optimise_route(settings, "boxes", PLENTY, "", as_json=True))

    assert len(rule_model.calls) == calls
    assert second["spent"]["resumed"] == first["spent"]["calls"] == calls
    assert second["version"] == first["version"]


def test_a_budget_that_ends_first_is_said_and_the_live_version_stays(settings, rule_model):
    text = optimise_route(settings, "boxes", CallBudget(15, 1.0), "", as_json=False)

    assert 0 < len(rule_model.calls) <= 15
    assert "stopped early" in text
    assert text.endswith("nothing beat the live version")


def test_an_unknown_route_is_refused_with_the_known_ones(settings):
    with pytest.raises(RouteError, match=r"'crates': there is none; known: .*\bboxes\b"):
        optimise_route(settings, "crates", PLENTY, "", as_json=False)


def test_the_text_lists_the_best_first_then_notes_and_costs(route):
    result = OptimisationResult(
        route.version,
        {"live": 0.25, "three examples": 0.75, "a tighter shape": 0.5},
        ("12 rows to learn from",),
        0.25,
        "the dev rows",
        spend={"calls": 30, "usd": 30 * USD, "resumed": 4},
    )

    assert as_text(route, route.version, result).splitlines() == [
        f"boxes {route.version.id}",
        "   75.0%  three examples",
        "   50.0%  a tighter shape",
        "   25.0%  live",
        "  12 rows to learn from",
        "  30 calls, $0.0300; 4 replies were paid for by an earlier run",
        "  nothing beat the live version",
    ]


@pytest.mark.parametrize(("passed", "verdict"), [(True, "passed"), (False, "not passed")])
def test_the_text_says_whether_the_proof_was_passed(route, passed, verdict):
    better = route.version.with_changes(prompt="Say which box, with care.")
    result = OptimisationResult(
        better,
        {"live": 0.5},
        measured_on="36 test rows",
        report=report(better.id, route.version.id, passed=passed),
    )

    lines = as_text(route, route.version, result).splitlines()

    assert lines[-2] == (
        f"  version {better.id}: {verdict}, +40.0 points (+10.0 to +60.0) against the live one; "
        "measured on 36 test rows"
    )
    assert lines[-1].startswith("  it is in shadow; ")
