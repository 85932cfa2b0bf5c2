"""A member erases their own data and gets an exact account of it."""

from __future__ import annotations

import json

import pytest

from bot.listeners.erasure import ErasureActions, erasure_summary, text_locations
from bot.ui.texts import common as texts
from bot.ui.texts import erasure as in_words
from router.config import Settings
from workers.fakes import MemoryQueue
from workers.privacy.erasure import ErasureResult

WORDS = "the walrus at gate seventeen wants an umbrella"


@pytest.fixture
def settings(tmp_path, store):
    return Settings(_env_file=None, data=tmp_path, database_url=str(store.engine.url))


@pytest.fixture
def press(settings, store, clock):
    told, learned = [], []
    forgetting = ErasureActions(settings, store, MemoryQueue({}), clock, learned.append)

    def click(user, made_for):
        body = {"team": {"id": "T1"}, "user": {"id": user}}
        action = {"value": json.dumps({"user": made_for})}
        forgetting.erase(lambda: None, body, action, lambda text, **_: told.append(text))

        return told[-1], bool(learned)

    return click


@pytest.fixture
def add_request(store, make_request, clock):
    request = make_request(WORDS)
    store.requests.insert(request, clock())
    return request


def test_who_presses_is_gone_with_the_proof_and_the_router_learns_again(
    press, add_request, store, settings
):
    answer, learned = press("U1", "U1")
    assert "1 messages to me" in answer
    assert in_words.FORGOTTEN_PROOF in answer
    assert learned
    assert store.requests.get(add_request.id) is None
    store.close()
    assert not any(
        WORDS.encode() in one.read_bytes() for one in text_locations(settings) if one.is_file()
    )


def test_a_button_made_for_somebody_else_does_nothing(press, add_request, store):
    answer, learned = press("U2", "U1")
    assert (answer, learned) == (texts.ALREADY, False)
    assert store.requests.get(add_request.id) == add_request


def test_what_is_left_is_not_kept_quiet(press, add_request, tmp_path):
    (tmp_path / "router").mkdir()
    (tmp_path / "router" / "old.npz").write_bytes(b"..." + WORDS.encode())
    assert "1 places still contain words of yours" in press("U1", "U1")[0]


def test_a_server_s_files_are_not_said_to_have_been_searched():
    told = erasure_summary(ErasureResult({"request": 2}, retrain=("triage@v2",)), [], own=False)
    assert in_words.FORGOTTEN_PROOF not in told
    assert "triage@v2" in told
