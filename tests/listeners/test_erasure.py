"""A member erases their own data and gets an exact account of it."""

from __future__ import annotations

import json

import pytest

from bot.listeners.erasure import (
    ErasureActions,
    ErasureReports,
    erasure_summary,
    text_locations,
)
from bot.ui.texts import common as texts
from bot.ui.texts import erasure as in_words
from router.config import Settings
from router.store.privacy.erasures import Erasure, FolderState
from router.store.privacy.sentences import Sentences
from router.types import Outcome
from router.workspace_folders import workspace_folder
from workers.fakes import MemoryQueue
from workers.privacy import erasure as privacy
from workers.privacy.erasure import ErasureResult, erase_person
from workers.privacy.folder_erasure import FolderErasures

WORDS = "the walrus at gate seventeen wants an umbrella"


class Client:
    """A workspace's client that keeps what it is told to post."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, str]] = []

    def chat_postMessage(self, channel: str, text: str) -> None:  # noqa: N802  # Slack's name
        self.posted.append((channel, text))


@pytest.fixture
def settings(tmp_path, store):
    return Settings(_env_file=None, data=tmp_path, database_url=str(store.engine.url))


@pytest.fixture
def press(settings, store, clock):
    told, learned = [], []
    folders = FolderErasures(store, settings.data, "bot", clock)
    forgetting = ErasureActions(settings, store, MemoryQueue({}), learned.append, folders)

    def click(user, made_for):
        body = {"team": {"id": "T1"}, "user": {"id": user}}
        action = {"value": json.dumps({"user": made_for})}
        forgetting.erase(lambda: None, body, action, lambda text, **_: told.append(text))

        return told[-1], bool(learned)

    return click


@pytest.fixture
def worker(tmp_path_factory, store, clock):
    """A worker in a container, which has a data folder of its own."""
    process = FolderErasures(store, tmp_path_factory.mktemp("worker"), "worker-2", clock)
    process.run_once()
    return process


@pytest.fixture
def client():
    return Client()


@pytest.fixture
def reports(store, client, clock):
    return ErasureReports(store, lambda _: client, clock)


@pytest.fixture
def add_request(store, make_request, clock):
    request = make_request(WORDS)
    store.requests.insert(request, clock())
    return request


def test_who_presses_is_gone_with_the_proof_and_the_router_learns_again(
    press, add_request, store, settings
):
    answer, learned = press("U1", "U1")
    assert "1 message to me" in answer
    assert in_words.FORGOTTEN_PROOF in answer
    assert learned
    assert store.requests.get(add_request.id) is None
    store.close()
    files = [file for file in text_locations(settings, "T1") if file.is_file()]
    assert files
    assert not any(WORDS.encode() in file.read_bytes() for file in files)


def test_a_button_made_for_somebody_else_does_nothing(press, add_request, store):
    answer, learned = press("U2", "U1")
    assert (answer, learned) == (texts.ALREADY, False)
    assert store.requests.get(add_request.id) == add_request


def test_what_is_left_is_not_kept_quiet(press, add_request, tmp_path):
    (tmp_path / "unknown.bin").write_bytes(b"... " + WORDS.encode())

    answer, _ = press("U1", "U1")

    assert "words of yours: 1" in answer
    assert in_words.FORGOTTEN_PROOF not in answer


def test_bytes_that_could_not_be_overwritten_are_not_said_to_be_gone(
    press, add_request, monkeypatch
):
    monkeypatch.setattr(privacy, "_try_to_overwrite", lambda _: False)

    answer, _ = press("U1", "U1")

    assert in_words.FORGOTTEN_SOON in answer
    assert in_words.FORGOTTEN_PROOF not in answer


def test_a_folder_of_another_process_is_waited_for_and_told_of_later(
    press, add_request, worker, reports, client, clock, store
):
    recording = workspace_folder(worker.data / "optimise", "T1") / "a1" / "calls.jsonl"
    recording.parent.mkdir(parents=True)
    recording.write_text(json.dumps({"key": "k", "text": f"So {WORDS}."}), "utf-8")

    answer, _ = press("U1", "U1")
    assert "worker-2" in answer

    clock.forward(300.0)
    reports.tick()
    assert client.posted == []

    assert worker.run_once() == 1
    assert not recording.exists()
    reports.tick()
    assert client.posted == [("U1", in_words.FORGOTTEN_EVERYWHERE)]
    assert store.erasures.all() == []


def test_a_copy_that_was_being_written_meanwhile_goes_at_the_second_look(
    press, add_request, reports, client, clock, store, make_request, make_decision
):
    asked = make_request("what did she say", user="U2")
    store.requests.insert(asked, clock())
    store.decisions.insert_first(asked.id, make_decision(), clock(), None)
    press("U1", "U1")
    store.decisions.insert_outcome(asked.id, 0, Outcome(text=f"She said {WORDS}"), clock())

    clock.forward(300.0)
    reports.tick()

    assert store.decisions.outcome(asked.id, 0).text == ""
    assert client.posted == []
    assert store.erasures.all() == []


def test_a_server_s_files_are_not_said_to_have_been_searched():
    waiting = Erasure(
        "e", "T1", "U1", Sentences(b""), (), 0.0, False, (FolderState("w", False, 0),)
    )
    told = erasure_summary(
        ErasureResult({"request": 2}, retrain=("triage@v2",)), [], waiting, own=False
    )
    assert in_words.FORGOTTEN_PROOF not in told
    assert "triage@v2" in told


def test_every_sort_of_erased_row_has_a_name_for_people(store, clock):
    erased = erase_person(store, store.documents, "T1", "U1", clock())

    assert erased.rows.keys() <= in_words.FORGOTTEN_ROWS.keys()
