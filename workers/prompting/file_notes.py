"""What people and the model are told of files that were not read, or not read to their end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from router.config import Settings
from router.text.printable import printable
from workers import texts
from workers.ports import FileNote

MAX_NAME = 60
"""Characters of a file's name that anybody is shown."""
MAX_NAMES = 5
_MARKUP = re.compile(r"[*_~`<>\[\]()|\\\"“”]")


def shown_name(name: str) -> str:
    """Returns a file's name as text without markup, escapes or line ends: anybody may choose it."""
    plain = " ".join(_MARKUP.sub(" ", printable(name)).split())
    return plain if len(plain) <= MAX_NAME else plain[: MAX_NAME - 1] + "…"


def notes_line(notes: Sequence[FileNote], settings: Settings) -> str:
    """Returns one line for people about files that were not read, or only in part."""
    limits = {
        "count": settings.files_per_request,
        "megabytes": f"{settings.file_megabytes:g}",
    }
    sentences = []
    for reason, names in _by_reason(notes).items():
        sentences.append(texts.FILE_NOTES[reason].format(names=_list(names), **limits))

    return " ".join(sentences)


def note_for_model(notes: Iterable[FileNote]) -> str:
    """Returns what a model is told of files that it is not given, so that it invents no content."""
    names = [shown_name(note.name) for note in notes if note.reason != "cut"]
    if not names:
        return ""

    return texts.FILES_UNSEEN.format(names=_list(names))


def _by_reason(notes: Iterable[FileNote]) -> Mapping[str, list[str]]:
    names: dict[str, list[str]] = {}
    for note in notes:
        names.setdefault(note.reason, []).append(shown_name(note.name) or texts.FILE_UNNAMED)

    return names


def _list(names: Sequence[str]) -> str:
    quoted = [f"“{name}”" for name in names[:MAX_NAMES]]
    if len(names) > MAX_NAMES:
        quoted.append(texts.FILES_MORE.format(count=len(names) - MAX_NAMES))

    return ", ".join(quoted)
