"""Reads exports of messages: a Slack export (zip or folder), a CSV, or JSON lines.

Nothing is unpacked to disk, and nothing is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from router.errors import InputError
from router.text.printable import counted
from workers.mining.exports.times import parse_timestamp
from workers.mining.rows import Row

__all__ = ["Answer", "BotRequest", "Export", "parse_timestamp", "read_export"]

FORMATS = "a Slack export (zip or folder), a .csv or a .jsonl file"


@dataclass(frozen=True, slots=True)
class Answer:
    """The first message that somebody else wrote in the thread of a message.

    Attributes:
        seconds: How long after the message it came.
        user: Who wrote it.
    """

    seconds: float
    user: str


@dataclass(frozen=True, slots=True)
class BotRequest:
    """A message by which a person asked another assistant, named `bot`."""

    bot: str
    row: Row


@dataclass(frozen=True, slots=True)
class Export:
    """The messages of an export, and what became of everything else in it.

    Attributes:
        names: People's names, as the export lists them.
        skipped: How many lines could not be used.
        form: What kind of export it was, for people.
        bots: How many messages each bot posted, by its name.
        events: Joins, leaves, deletions and other notices of Slack.
        without_text: Files and messages without a word.
        outsiders: Messages by people of other companies.
        forms: How many of the rows are submissions of a workflow form, by its name.
        notes: What else was left out or read in a special way, in sentences.
        answers: By channel and time of a message, its first answer in the thread.
        bot_requests: The messages by which people asked other assistants; they are rows as well.
    """

    rows: tuple[Row, ...]
    names: frozenset[str]
    skipped: int
    form: str
    bots: Mapping[str, int] = field(default_factory=dict)
    events: int = 0
    without_text: int = 0
    outsiders: int = 0
    forms: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()
    answers: Mapping[tuple[str, float], Answer] = field(default_factory=dict)
    bot_requests: Sequence[BotRequest] = ()

    @property
    def channels(self) -> int:
        """The number of channels with messages."""
        return len({row.channel for row in self.rows})


def read_export(path: Path) -> Export:
    """Reads the messages of people in that file or folder.

    Raises InputError if it has none of the known formats, or no message.
    """
    from workers.mining.exports import csv_file, jsonl, slack

    if not path.exists():
        raise InputError(
            f"reading the export {str(path)!r}: there is no such file or folder; expected {FORMATS}"
        )

    if path.is_file() and not path.stat().st_size:
        raise InputError(f"reading the export {str(path)!r}: the file is empty; export it again")

    reader = next((module for module in (csv_file, jsonl, slack) if module.knows(path)), None)
    if reader is None:
        raise InputError(
            f"reading the export {str(path)!r}: it is {_describe(path)}; expected {FORMATS}"
        )

    export: Export = reader.read(path)
    if not export.rows:
        unusable = f"{counted(export.skipped, 'line')} could not be used"
        why = "; ".join([unusable, *export.notes])
        raise InputError(
            f"reading the export {str(path)!r}: no message of a person in it; {why}; "
            f"expected {FORMATS} with text, user and time"
        )

    return export


def _describe(path: Path) -> str:
    if path.is_dir():
        return "a folder without channels.json or users.json, so no unpacked Slack export"

    return f"a {path.suffix} file" if path.suffix else "a file without an ending"
