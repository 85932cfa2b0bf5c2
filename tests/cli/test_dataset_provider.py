"""`beagle dataset provider`: consent before anything leaves, one job, and the next version."""

from __future__ import annotations

import json

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from bot.cli import __main__ as command_line
from bot.cli.dataset.review import apply_review
from bot.cli.dataset.rows import write_rows
from router.catalog.version import Version
from router.errors import BudgetError, InputError
from tests.fixtures.fine_tuning_service import fine_tuning_service

PRICE = ("--model", "small", "--usd-per-million", "10")


@pytest.fixture
def world():
    with fine_tuning_service() as running:
        yield running


@pytest.fixture
def run(rollout, world, tmp_path, monkeypatch):
    """Runs the command on a reviewed dataset, at the loopback service."""
    rollout.run_until_waiting()
    settings = rollout.context.settings.model_copy(
        update={
            "admins": ("UADA",),
            "database_url": SecretStr(f"sqlite:///{tmp_path / 'beagle.db'}"),
        }
    )
    rows = tmp_path / "rows.jsonl"
    write_rows(settings, "T1:c1", rows)
    lines = [json.loads(line) | {"review": "accepted"} for line in rows.read_text().splitlines()]
    rows.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    apply_review(settings, "T1:c1", rows, "UADA")
    (tmp_path / "key").write_text("secret\n", "utf-8")
    monkeypatch.setattr("bot.cli.dataset.provider.load_data_settings", lambda: settings)
    monkeypatch.setattr("bot.cli.dataset.provider.POLL_SECONDS", 0.0)

    def invoke(*more):
        where = ("--url", world.url, "--key-file", str(tmp_path / "key"))
        arguments = ["dataset", "provider", "T1:c1", *PRICE, *where, *more]
        return CliRunner().invoke(command_line.app, arguments)

    return invoke


def test_without_consent_it_says_what_would_leave_and_what_it_costs(run, world):
    result = run()

    assert isinstance(result.exception, InputError)
    text = str(result.exception)
    assert "masked requests of route 'boxes'" in text
    assert "--consent-usd" in text
    assert world.queries == []


def test_consent_to_less_than_it_may_cost_is_none(run, world):
    assert isinstance(run("--consent-usd", "0.000001").exception, BudgetError)
    assert world.queries == []


def test_the_model_becomes_the_routes_next_version_once(run, world, rollout):
    world.fault = ("create", "lost")
    first = run("--consent-usd", "1", "--json")
    again = run("--consent-usd", "1", "--json")

    body = json.loads(first.stdout)
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert json.loads(again.stdout)["version"] == body["version"]
    assert len(world.jobs) == 1

    stored = rollout.store.versions.get("T1", "boxes", body["version"])
    version = Version.model_validate(dict(stored.body))
    assert stored.state == "shadow"
    assert version.models == ("openai/ft:small:ftjob-1",)
    assert version.prompt == "Route: boxes."


def test_test_rows_and_people_who_opted_out_are_not_sent(run, world, rollout):
    stored = rollout.store.datasets.newest_for_candidate("T1", "T1:c1")
    tests = {row["text"] for row in stored.rows if row["split"] == "test"}
    gone = next(row["user"] for row in stored.rows if row["split"] == "train")
    rollout.store.opt_outs.add("T1", gone, 1.0)
    run("--consent-usd", "1")

    sent = set()
    for content in world.contents.values():
        for line in content.decode().splitlines():
            sent.add(json.loads(line)["messages"][1]["content"])

    theirs = {row["text"] for row in stored.rows if row["user"] == gone}
    others = {row["text"] for row in stored.rows if row["user"] != gone}
    assert sent
    assert not sent & tests
    assert not sent & (theirs - others)


def test_a_job_can_be_cancelled(run, world):
    world.fault = ("poll", "401")
    assert run("--consent-usd", "1").exception is not None
    result = run("--consent-usd", "1", "--cancel")

    assert "cancelled" in result.stdout
    assert [job["status"] for job in world.jobs.values()] == ["cancelled"]
    assert world.files == {}


def test_a_key_file_that_is_not_there_is_named(run, tmp_path):
    (tmp_path / "key").unlink()

    assert "cannot be read" in str(run("--consent-usd", "1").exception)
