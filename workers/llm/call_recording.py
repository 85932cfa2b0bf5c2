"""Recordings of paid model calls, one JSON line each, so that no call is paid for twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from router.types import Tokens
from router.workspace_folders import workspace_folder
from workers.ports import ModelCall, ModelReply

FOLDER = "optimise"
"""In the data folder; it may be deleted at any time, and then the calls are paid again."""
FILE = "calls.jsonl"
RECORDING_SECONDS = 7 * 86_400.0
"""How long after its last line a recording is kept for a run that continues it."""

STORED_NAMES = {
    "finish_reason": "stop",
    "reported_model": "reported",
    "system_fingerprint": "system",
}
"""Field of `ModelReply` -> its key in the file, where the two differ."""


def recording_path(data: Path, work: str, team: str, *names: str) -> Path:
    """Returns the file for one piece of a workspace's work; equal names, equal file."""
    digest = hashlib.sha256(json.dumps([work, team, *names]).encode()).hexdigest()[:16]
    return workspace_folder(data / FOLDER, team) / digest / FILE


def delete_old_recordings(data: Path, before: float = float("inf")) -> int:
    """Deletes recordings without a new line since `before` (unix seconds); returns how many."""
    old = [file for file in (data / FOLDER).rglob(FILE) if file.stat().st_mtime < before]
    for file in old:
        file.unlink(missing_ok=True)

    return len(old)


def call_digest(call: ModelCall) -> str:
    """Returns a digest of what decides the answer: not of who pays or of any limit."""
    # The order is part of the digest: changed, no earlier recording is found any more.
    question = [
        [dict(message) for message in call.messages],
        list(call.models),
        call.schema,
        call.adapter,
        call.output_tokens,
        call.temperature,
        call.seed,
    ]
    # Added later, so a call without pictures has the digest that it always had.
    if call.pictures:
        question.append(call.picture_hashes)

    return hashlib.sha256(json.dumps(question, sort_keys=True, default=dict).encode()).hexdigest()


def append_reply(file: Path, digest: str, reply: ModelReply) -> None:
    """Records the reply to the call with this digest."""
    line: dict[str, Any] = {"key": digest}
    for name, value in asdict(reply).items():
        line[STORED_NAMES.get(name, name)] = value

    _append(file, line)


def append_failure(file: Path, digest: str) -> None:
    """Records that the call with this digest failed."""
    _append(file, {"key": digest, "failed": True})


def read_recording(file: Path) -> Iterator[tuple[str, ModelReply | None]]:
    """Yields each recorded digest with its reply, None for a failure.

    A last line that a killed process left unfinished is removed from the file.
    """
    if not file.exists():
        return

    text = file.read_text("utf-8", errors="replace")
    if text and not text.endswith("\n"):
        # Otherwise the next line would be appended to half of this one.
        text = text[: text.rfind("\n") + 1]
        file.write_text(text, "utf-8")

    for line in text.splitlines():
        entry = json.loads(line)
        digest = entry.pop("key")
        yield digest, None if "failed" in entry else _reply_of(entry)


def _reply_of(entry: dict[str, Any]) -> ModelReply:
    for name, stored in STORED_NAMES.items():
        if stored in entry:
            entry[name] = entry.pop(stored)

    entry["tokens"] = Tokens(**entry["tokens"])
    return ModelReply(**entry)


def _append(file: Path, line: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(line, ensure_ascii=False) + "\n")
