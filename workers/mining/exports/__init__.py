"""Reads exports of messages: a Slack export (zip or folder), a CSV, or JSON lines.

Nothing is unpacked to disk, and nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from router.errors import InputError
from workers.mining.rows import Row

TEXT_COLUMNS = ("text", "message", "body", "content", "question", "query", "request")
USER_COLUMNS = ("user", "user_id", "author", "from", "sender", "name", "username", "person")
TIME_COLUMNS = ("at", "ts", "timestamp", "time", "date", "datetime", "created_at", "sent_at")
CHANNEL_COLUMNS = ("channel", "channel_name", "channel_id", "room")
FORMATS = "a Slack export (zip or folder), a .csv or a .jsonl file"
TRUE_VALUES = ("1", "true", "yes")
MILLISECONDS_FROM = 1e11
"""Larger numbers are milliseconds: as seconds they would lie after the year 5000."""


@dataclass(frozen=True, slots=True)
class Export:
    """The messages of an export.

    Attributes:
        names: People's names, as the export lists them.
        skipped: How many lines could not be used.
        form: What kind of export it was, for people.
        ignored: What nobody said to anybody: bots, joins and leaves, files without a word.
    """

    rows: tuple[Row, ...]
    names: frozenset[str]
    skipped: int
    form: str
    ignored: int = 0

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

    reader = next((module for module in (slack, csv_file, jsonl) if module.knows(path)), None)
    if reader is None:
        raise InputError(
            f"reading the export {str(path)!r}: unknown form {_describe(path)!r}; "
            f"expected {FORMATS}"
        )

    export: Export = reader.read(path)
    if not export.rows:
        raise InputError(
            f"reading the export {str(path)!r}: no message of a person in it, {export.skipped} "
            f"lines could not be used; expected {FORMATS} with text, user and time"
        )

    return export


def _describe(path: Path) -> str:
    if path.is_dir():
        return "a folder without users.json"

    return path.suffix or "a file without an ending"


def rows_from_records(
    records: Iterable[Mapping[str, object]], source: str
) -> tuple[list[Row], int]:
    """Returns the rows of records with the usual column names, and how many could not be used.

    Raises InputError if the first record has no text or no user: without users nobody can tell
    whether many people asked.
    """
    rows: list[Row] = []
    skipped = 0

    for number, record in enumerate(records):
        fields = {
            str(key).strip().lower(): value for key, value in record.items() if key is not None
        }
        if number == 0:
            _check_columns(fields, source)

        text = str(_first(fields, TEXT_COLUMNS) or "")
        user = str(_first(fields, USER_COLUMNS) or "")
        at = parse_timestamp(_first(fields, TIME_COLUMNS))
        if not text.strip() or not user.strip() or at is None:
            skipped += 1
            continue

        channel = str(_first(fields, CHANNEL_COLUMNS) or "")
        # Not quotable is the safe reading, so that several spellings of "yes" are understood.
        is_private = str(fields.get("private", "")).lower() in TRUE_VALUES
        rows.append(Row(text, user, at, channel, quotable=not is_private))

    return rows, skipped


def _check_columns(fields: Mapping[str, object], source: str) -> None:
    if set(TEXT_COLUMNS) & set(fields) and set(USER_COLUMNS) & set(fields):
        return

    raise InputError(
        f"reading {source}: found {sorted(fields)!r}; expected one of {TEXT_COLUMNS!r} for what "
        f"was said and one of {USER_COLUMNS!r} for who said it; rename the columns (a made-up id "
        "for each person is enough)"
    )


def parse_timestamp(value: object) -> float | None:
    """Returns unix seconds of a number (seconds or milliseconds) or an ISO date.

    An empty value is 0; None if the value is neither.
    """
    if value is None or value == "":
        return 0.0

    try:
        seconds = float(str(value))
    except ValueError:
        return _parse_iso_date(str(value))

    if seconds > MILLISECONDS_FROM:
        return seconds / 1000

    return seconds if seconds >= 0 else None


def _parse_iso_date(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        return None

    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)

    return moment.timestamp()


def _first(fields: Mapping[str, object], names: Iterable[str]) -> object:
    """Returns the first of these fields that is not empty."""
    for name in names:
        if fields.get(name) not in (None, ""):
            return fields[name]

    return None
