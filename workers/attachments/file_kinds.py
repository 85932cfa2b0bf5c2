"""Tells pictures and texts apart from other files, by their bytes: a name proves nothing."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal

from router.text.storable import storable

FileKind = Literal["picture", "text", "other"]

PICTURE_TYPES = frozenset({"image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp"})
"""What vision models of every vendor take."""
PICTURE_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
TEXT_TYPES = frozenset(
    {
        "application/json",
        "application/javascript",
        "application/sql",
        "application/toml",
        "application/x-ndjson",
        "application/x-sh",
        "application/x-yaml",
        "application/xml",
        "application/yaml",
        "image/svg+xml",
    }
)
_TEXT_SUFFIXES = """
bash bat c cc cfg conf cpp cs css csv diff env go graphql h hpp htm html ics ini ipynb java jl js
json jsonl jsx kt log lua m make md markdown ndjson patch php pl properties proto ps1 py r rb rs rst
scala sh sql svg swift tex text toml ts tsv tsx txt vb vue xml yaml yml zsh
"""
TEXT_SUFFIXES = frozenset(_TEXT_SUFFIXES.split())
MAX_CONTROL_SHARE = 0.01
"""A text has next to no control characters; what has more is something else under its name."""
WHITE_SPACE = "\t\n\r\f\v"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def file_kind(name: str, media_type: str) -> FileKind:
    """Returns what a file claims to be, by the type that Slack names or else by its suffix."""
    kind = media_type.partition(";")[0].strip().lower()
    if kind in PICTURE_TYPES:
        return "picture"

    suffix = PurePosixPath(name.lower()).suffix.removeprefix(".")
    # Slack and browsers take "ts" for a video and know few other source files.
    if suffix in TEXT_SUFFIXES or kind.startswith("text/") or kind in TEXT_TYPES:
        return "text"

    return "other"


def picture_type(data: bytes) -> str | None:
    """Returns the media type that a picture's first bytes tell; None when it is no such picture."""
    for start, media_type in PICTURE_STARTS:
        if data.startswith(start):
            return media_type

    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"

    return None


def decode_text(data: bytes) -> str | None:
    """Returns the words of a text file; None for bytes that are no text."""
    try:
        text = data.decode("utf-16" if data.startswith(UTF_16_MARKS) else "utf-8-sig")
    except UnicodeDecodeError:
        # What editors on Windows wrote before they knew UTF-8. Every byte means something in it.
        text = data.decode("cp1252", "replace")

    controls = sum(letter < " " and letter not in WHITE_SPACE for letter in text)
    if "\x00" in text or controls > MAX_CONTROL_SHARE * len(text):
        return None

    return storable(text).replace("\r\n", "\n")
