"""Recordings of paid calls are read back as they were written, those of the last release too."""

from __future__ import annotations

import json
from pathlib import Path

from router.types import Tokens
from workers.llm.call_recording import append_failure, append_reply, read_recording
from workers.ports import ModelReply

REPLY = ModelReply(
    text="yes",
    model="m",
    tokens=Tokens(query=3, output=1),
    usd=0.5,
    seconds=1.0,
    finish_reason="length",
    reported_model="m-2026",
    system_fingerprint="fp",
)


def test_what_is_recorded_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "work" / "calls.jsonl"

    append_reply(file, "first", REPLY)
    append_failure(file, "second")

    assert list(read_recording(file)) == [("first", REPLY), ("second", None)]


def test_a_recording_has_the_keys_of_the_last_release(tmp_path: Path) -> None:
    file = tmp_path / "calls.jsonl"

    append_reply(file, "first", REPLY)

    stored = json.loads(file.read_text("utf-8"))
    assert (stored["stop"], stored["reported"], stored["system"]) == ("length", "m-2026", "fp")
    assert not stored.keys() & {"finish_reason", "reported_model", "system_fingerprint"}
