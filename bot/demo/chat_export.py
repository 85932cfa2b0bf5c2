"""A made-up export of chat, for who wants to see what mining finds before they have one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bot.demo.chat_data import chat_messages
from router.errors import InputError
from router.private_files import write_private
from router.text.csv_table import csv_table

HEAD = ("at", "channel", "user", "text")
CHANNEL = "general"
PEOPLE = tuple(f"person-{number}" for number in range(1, 13))


def write_sample(file: Path, now: float) -> None:
    """Writes a fortnight of chat before `now` in which people ask each other for meeting rooms.

    Raises InputError where the file exists: it may be somebody's own export.
    """
    if file.exists():
        raise InputError(
            f"making a sample export: {str(file)!r} is there already; name a new file, or leave "
            "out --sample to read this one"
        )

    rows = []
    for message in chat_messages("", CHANNEL, PEOPLE, now):
        # As in a CSV of one's own: questions, without what was answered in their threads.
        if not message.thread_ts:
            at = datetime.fromtimestamp(message.at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
            rows.append((at, CHANNEL, message.user, message.text))

    file.parent.mkdir(parents=True, exist_ok=True)
    write_private(file, csv_table(HEAD, rows, line_end="\n"))
