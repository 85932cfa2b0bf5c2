"""Rows from records with the usual column names, as CSV and JSON files have them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from router.errors import InputError
from workers.mining.exports.times import date_order, parse_timestamp
from workers.mining.rows import Row

TEXT_COLUMNS = (
    "text", "message", "body", "content", "question", "query", "request", "subject", "description",
    "comment", "text of message", "message text",
)  # fmt: skip
USER_COLUMNS = (
    "user", "user id", "author", "author id", "from", "sender", "requester", "submitter",
    "reporter", "created by", "name", "username", "person",
)  # fmt: skip
TIME_COLUMNS = (
    "at", "ts", "timestamp", "time", "date", "datetime", "date time", "created", "created at",
    "created on", "sent", "sent at",
)  # fmt: skip
CHANNEL_COLUMNS = ("channel", "channel name", "channel id", "room")
TRUE_VALUES = ("1", "true", "yes")
NOT_WORDS = re.compile(r"[^a-z0-9]+")
MAX_SHOWN = 60
"""Characters of a value that is named in a message."""

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Records:
    """The rows, how many records could not be used, and why, in sentences."""

    rows: tuple[Row, ...]
    skipped: int
    notes: Sequence[str]


def rows_from_records(records: Iterable[Mapping[str, object]], source: str) -> Records:
    """Returns the rows of these records.

    Raises InputError if the first record has no text or no user, as without users nobody can tell
    whether many people asked, or if its text or user is an object.
    """
    all_fields = [_fields(record) for record in records]
    if all_fields:
        _check_columns(all_fields[0], source)

    order = date_order(_first(fields, TIME_COLUMNS)[1] for fields in all_fields)
    rows: list[Row] = []
    reasons: Counter[str] = Counter()

    for fields in all_fields:
        row, reason = _row(fields, order)
        if row is not None:
            rows.append(row)
        else:
            reasons[reason] += 1

    notes = [f"{count:,} × {reason}" for reason, count in sorted(reasons.items())]
    return Records(tuple(rows), sum(reasons.values()), notes)


def _fields(record: Mapping[str, object]) -> Fields:
    """Returns the record with names as `TEXT_COLUMNS` spells them: "Created-at" is "created at"."""
    return {
        NOT_WORDS.sub(" ", str(key).lower()).strip(): value
        for key, value in record.items()
        if key is not None
    }


def _row(fields: Fields, order: str) -> tuple[Row | None, str]:
    """Returns the row, or None and why the record is none."""
    text_name, text = _first(fields, TEXT_COLUMNS)
    user_name, user = _first(fields, USER_COLUMNS)
    time_name, time = _first(fields, TIME_COLUMNS)

    if not str(text or "").strip():
        return None, "a record without text"
    if not str(user or "").strip():
        return None, "a record without an author"
    if isinstance(text, dict | list) or isinstance(user, dict | list):
        name = text_name if isinstance(text, dict | list) else user_name
        return None, f"the field {name!r} holds an object and no text"

    at = parse_timestamp(time, order)
    if at is None:
        return None, (
            f"the column {time_name!r} holds {str(time)[:MAX_SHOWN]!r} or the like; expected "
            "unix seconds, an ISO date such as 2026-09-21T10:00, or dates of which one "
            "has a day over 12"
        )

    channel = str(_first(fields, CHANNEL_COLUMNS)[1] or "")
    # Not quotable is the safe reading, so that several spellings of "yes" are understood.
    is_private = str(fields.get("private", "")).lower() in TRUE_VALUES
    return Row(str(text), str(user), at, channel, quotable=not is_private), ""


def _check_columns(fields: Fields, source: str) -> None:
    if not set(TEXT_COLUMNS) & set(fields) or not set(USER_COLUMNS) & set(fields):
        raise InputError(
            f"reading {source}: found the columns {', '.join(sorted(fields)) or 'none'}; expected "
            f"one of {', '.join(TEXT_COLUMNS)} for what was said and one of "
            f"{', '.join(USER_COLUMNS)} for who said it; rename the columns (a made-up id for each "
            "person is enough)"
        )

    for name, value in (_first(fields, TEXT_COLUMNS), _first(fields, USER_COLUMNS)):
        if isinstance(value, dict):
            parts = ", ".join(map(str, value))
            raise InputError(
                f"reading {source}: the field {name!r} holds an object with {parts}; "
                f"expected text; put one of these beside it, as {name!r} itself"
            )


def _first(fields: Fields, names: Iterable[str]) -> tuple[str, object]:
    """Returns the first of these fields that is not empty, with its name."""
    for name in names:
        if fields.get(name) not in (None, ""):
            return name, fields[name]

    return "", None
