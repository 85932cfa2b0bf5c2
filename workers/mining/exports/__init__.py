"""Reads what people have at hand: a Slack export (zip or folder), a CSV, or JSON lines. Nothing is unpacked or sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from router.errors import SettingsError
from workers.mining.rows import Row

TEXT = ("text", "message", "body", "content", "question", "query", "request")
USER = ("user", "user_id", "author", "from", "sender", "name", "username", "person")
AT = ("at", "ts", "timestamp", "time", "date", "datetime", "created_at", "sent_at")
CHANNEL = ("channel", "channel_name", "channel_id", "room")
FORMS = "a Slack export (zip or folder), a .csv or a .jsonl file"


@dataclass(frozen=True, slots=True)
class Export:
    """What was read: rows, the names of people that it lists, how many lines could not be used, and what it was.

    `ignored` counts what nobody said to anybody: bots, joins and leaves, files without a word.
    """

    rows: tuple[Row, ...]
    names: frozenset[str]
    skipped: int
    form: str
    ignored: int = 0

    @property
    def channels(self) -> int:
        """In how many channels people wrote."""
        return len({row.channel for row in self.rows})


def read_export(path: Path) -> Export:
    """The messages of people in that file or folder. Raises SettingsError when it has none of the known forms."""
    from workers.mining.exports import csv_file as table
    from workers.mining.exports import jsonl as lines
    from workers.mining.exports import slack

    if not path.exists():
        raise SettingsError(
            f"reading the export {str(path)!r}: there is no such file or folder; expected {FORMS}"
        )

    reader = next((each for each in (slack, table, lines) if each.knows(path)), None)
    if reader is None:
        raise SettingsError(
            f"reading the export {str(path)!r}: unknown form {_form(path)!r}; expected {FORMS}"
        )

    export: Export = reader.read(path)
    if not export.rows:
        raise SettingsError(
            f"reading the export {str(path)!r}: no message of a person in it, {export.skipped} lines could not be "
            f"used; expected {FORMS} with text, user and time"
        )

    return export


def _form(path: Path) -> str:
    return (
        "a folder without users.json"
        if path.is_dir()
        else path.suffix or "a file without an ending"
    )


def rows_of(records: Iterable[Mapping[str, object]], place: str) -> tuple[list[Row], int]:
    """Rows of records with the usual names of columns, and how many records could not be used.

    Raises SettingsError when the first record has no text or no user: without users nobody can tell
    whether many asked.
    """
    rows: list[Row] = []
    skipped = 0

    for number, record in enumerate(records):
        known = {
            str(key).strip().lower(): value for key, value in record.items() if key is not None
        }
        text, user = _first(known, TEXT), _first(known, USER)

        if number == 0 and (not set(TEXT) & set(known) or not set(USER) & set(known)):
            raise SettingsError(
                f"reading {place}: found {sorted(known)!r}; expected one of {TEXT!r} for what was said and one of "
                f"{USER!r} for who said it; rename the columns (a made-up id for each person is enough)"
            )

        at = moment(_first(known, AT))
        if not str(text or "").strip() or not str(user or "").strip() or at is None:
            skipped += 1
            continue

        shown = str(known.get("private", "")).lower() not in ("1", "true", "yes")
        rows.append(Row(str(text), str(user), at, str(_first(known, CHANNEL) or ""), shown))

    return rows, skipped


def moment(value: object) -> float | None:
    """Unix seconds of a number (seconds or milliseconds) or an ISO date; 0 for nothing, None when it is neither."""
    if value is None or value == "":
        return 0.0

    try:
        seconds = float(str(value))
    except ValueError:
        try:
            found = datetime.fromisoformat(str(value).strip().replace("Z", "+00:00"))
        except ValueError:
            return None

        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()

    return seconds / 1000 if seconds > 1e11 else seconds if seconds >= 0 else None


def _first(record: Mapping[str, object], names: Iterable[str]) -> object:
    return next((record[name] for name in names if record.get(name) not in (None, "")), None)
