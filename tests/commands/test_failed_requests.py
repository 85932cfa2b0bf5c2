"""`/beagle stats failed` names what failed, and shows only words that an admin may read."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from bot import commands
from bot.ui.texts import common
from bot.ui.texts import stats as texts
from router.config import Settings
from router.types import Feedback, Outcome
from tests.fixtures.command_context import make_command


@pytest.fixture
def typed(store, clock):
    rights = SimpleNamespace(
        readable=lambda _, channels: frozenset(channels),
        public_channels=lambda _, channels: frozenset(channels) - {"CSECRET"},
    )

    def run(text="failed", admins="UADA"):
        settings = Settings(_env_file=None, admins=admins)
        context = make_command(
            store, settings, clock, words=(text,), routing=SimpleNamespace(rights=rights)
        )
        return commands.answer("stats", context)

    return run


@pytest.fixture
def fail(store, clock, make_request, make_decision):
    def ask(text, error="model", **over):
        request = make_request(text, **over)
        store.requests.insert(request, clock())
        store.decisions.insert_first(request.id, make_decision(), clock())
        outcome = Outcome("", error=error, route="triage", kind="prompt")
        store.decisions.insert_outcome(request.id, 0, outcome, clock())
        return request

    return ask


def test_only_admins_see_what_failed(typed, fail):
    fail("the printer jams")
    assert typed(admins="").text == common.ADMINS_ONLY


def test_what_failed_is_listed_with_its_route_and_reason(typed, fail):
    fail("the printer jams")
    fail("this one was answered", error="")

    shown = str(typed().blocks)
    assert "triage: The model did not answer" in shown
    assert "printer" in shown
    assert "was answered" not in shown


@pytest.mark.parametrize(
    "over",
    [
        {"channel": "CSECRET"},
        {"channel_kind": "private"},
        {"channel_kind": "dm"},
        {"user": "UOUT"},
        {"user_team": "T2"},
        {"author": "UOUT"},
    ],
    ids=str,
)
def test_words_that_are_not_the_admins_to_read_stay_unsaid(typed, fail, store, over):
    store.opt_outs.add("T1", "UOUT", 1.0)
    fail("the printer jams", **over)

    shown = str(typed().blocks)
    assert texts.FAILED_PRIVATE in shown
    assert "printer" not in shown


def test_nothing_that_failed_is_said_too(typed):
    assert typed().text == texts.FAILED_NONE


def test_reasons_for_bad_answers_are_counted(store, fail, clock):
    request = fail("the printer jams", error="")
    for user in ("U1", "U2"):
        store.feedback.record(Feedback(request.id, user, "reason", "facts", clock(), ""))

    assert store.stats.bad_answers("T1", 0.0) == {"facts": 2}
    assert store.stats.bad_answers("T2", 0.0) == {}
