"""A workspace whose people ask for rooms in chat, and an admin who has a route drafted."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from evals.weekly.drafted.workspace import CHANNEL, TEAM, ChatMessage, ChatWorkspace
from router.candidate_evidence import CandidateEvidence
from router.types import Candidate
from tests.fixtures.help_desk import write_routes
from tests.fixtures.router import TrigramEncoder
from workers.mining.trend import WEEK

NOW = 1_800_000_000.0
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
ASKED = (
    "book a meeting room on {day} at {hour} please",
    "can I have a meeting room on {day} from {hour}",
    "is a meeting room free on {day} at {hour}",
    "please reserve the meeting room for {day} {hour}",
    "we need a meeting room on {day} at {hour}",
)
TALK = (
    "the meeting room was cold again",
    "somebody left a cup in the meeting room",
    "the coffee machine makes a noise",
    "lunch was great",
)


def room_requests(answer="day: {day}, time: {hour}", people=12, count=60):
    """Messages of people who ask for a room, each with an answer in its thread."""
    messages = []
    for number in range(count):
        values = {"day": DAYS[number % 5], "hour": f"{8 + number % 9}:00"}
        at = NOW - WEEK * 3 + number * 20_000.0
        text = ASKED[number // 5 % len(ASKED)].format(**values)
        messages.append(ChatMessage(text, f"U{number % people}", at, "room"))
        if answer:
            reply = answer.format(**values)
            messages.append(ChatMessage(reply, f"UOWNER{number % 6}", at + 60.0, None, at))

    for number, text in enumerate(itertools.islice(itertools.cycle(TALK), 40)):
        at = NOW - WEEK * 2 + number * 9_000.0
        messages.append(ChatMessage(text, f"U{number // 4 % people}", at))

    return messages


@pytest.fixture
def open_workspace(tmp_path, monkeypatch):
    """Opens a workspace with these messages, and few installed routes; it is closed at the end."""
    write_routes(tmp_path / "routes")
    own = "router.catalog.installed.builtin_routes_folder"
    monkeypatch.setattr(own, lambda: tmp_path / "routes")
    opened = []

    def make(messages, **options):
        workspace = ChatWorkspace(tmp_path, TrigramEncoder(), messages, NOW, **options)
        opened.append(workspace)
        return workspace

    yield make
    for workspace in opened:
        workspace.close()


@pytest.fixture
def add_candidate():
    """Stores the candidate that mining would find of the messages with a kind."""

    def add(workspace, messages, label="meeting room", **over) -> Candidate:
        asked = [one for one in messages if one.kind]
        encoder = TrigramEncoder()
        centroid = encoder.encode([one.text for one in asked]).mean(axis=0)
        centroid = np.asarray(centroid / np.linalg.norm(centroid), np.float32)
        evidence = CandidateEvidence(
            count=len(asked),
            people=12,
            messages=tuple(f"{CHANNEL} {one.at:.6f}" for one in asked),
            channel_messages=len(asked),
        )
        candidate = Candidate(
            id=f"{TEAM}:c1",
            team=TEAM,
            label=label,
            definition="People ask for a room.",
            state="digested",
            evidence=evidence,
            centroid=centroid.tobytes(),
            encoder=encoder.model_id,
            **over,
        )
        return workspace.store.candidates.upsert(candidate, NOW)

    return add
