"""Decodes the bytes of a page as browsers do: WHATWG labels, and a detector without a label."""

from __future__ import annotations

import codecs
import re

import chardet
import webencodings

from workers.knowledge.formats import SourceError

PRESCAN_BYTES = 4096
"""Browsers look for the declaration in the first 1,024 bytes; some pages have it later."""
DETECTOR_BYTES = 200_000
"""Letters are counted in so much of a text; more tells nothing new and costs time."""
MAX_REPLACED_SHARE = 0.02
"""Of the letters that are not ASCII so many may be broken, else the encoding is the wrong one."""
MAX_REPLACED_OF_ALL = 0.001
"""Of all letters: one damaged byte in a page of English is shown as such, as browsers do."""
CHARSET = re.compile(
    rb"<meta[^<>]{0,300}?charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w:.-]{2,40})", re.IGNORECASE
)
XML_ENCODING = re.compile(rb"\A\s{0,99}<\?xml[^>]{0,99}?encoding=[\"']([\w:.-]{2,40})")
REFUSED = frozenset({"replacement", "x-user-defined"})
"""What browsers refuse to decode, and what stands for bytes rather than letters."""
UTF16 = frozenset({"utf-16le", "utf-16be"})
STATEFUL = frozenset({"iso-2022-jp"})
"""Written in ASCII bytes, so that a text in it looks like UTF-8."""


def decode_html(data: bytes, name: str, charset: str = "") -> str:
    """Returns a page as text; `charset` is the label in the HTTP header, which counts first.

    Raises SourceError when its letters are in no encoding.
    """
    match = XML_ENCODING.search(data[:PRESCAN_BYTES]) or CHARSET.search(data[:PRESCAN_BYTES])
    declared = match[1].decode("ascii", "replace") if match is not None else ""
    return _decode(data, name, [charset, declared])


def decode(data: bytes, name: str, charset: str = "") -> str:
    """Returns plain text; as `decode_html`, without declarations in the text itself."""
    return _decode(data, name, [charset])


def _decode(data: bytes, name: str, labels: list[str]) -> str:
    text = _by_byte_order_mark(data)
    if text is None:
        text = _by_label(data, labels)
    if text is None:
        text = _detected(data, name)

    # Binary data may be valid in some encoding by chance, but text has no zero characters.
    if "\x00" in text[:8192]:
        raise SourceError(
            f"reading {name!r}: it holds zero bytes, so it is no text; give it its right suffix"
        )

    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _by_byte_order_mark(data: bytes) -> str | None:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if data.startswith(codecs.BOM_UTF8):
        return data.decode("utf-8-sig", "replace")

    return None


def _by_label(data: bytes, labels: list[str]) -> str | None:
    """Returns the text in UTF-8, or in the first encoding named that fits; None if none does."""
    encodings = []
    for label in labels:
        encoding = webencodings.lookup(label) if label else None
        if encoding is not None and encoding.name not in REFUSED:
            encodings.append(encoding)

    if any(encoding.name in STATEFUL for encoding in encodings) and b"\x1b" in data:
        return data.decode("iso-2022-jp", "replace")

    # Valid UTF-8 with other letters than ASCII is UTF-8: a wrong label is commoner than that by
    # chance.
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass

    for encoding in encodings:
        # A page whose label could be read as ASCII is not in UTF-16, whatever it says.
        if encoding.name not in UTF16:
            text = str(encoding.codec_info.decode(data, "replace")[0])
            if not _is_broken(text):
                return text

    return None


def _detected(data: bytes, name: str) -> str:
    label = str(chardet.detect(data[:DETECTOR_BYTES])["encoding"] or "")
    # Python knows more encodings than browsers do, of old systems that wrote no web pages.
    encoding = webencodings.lookup(label)
    codec = encoding.codec_info.name if encoding is not None else label

    try:
        text = data.decode(codec, "replace") if codec else "\ufffd"
    except LookupError:
        text = "\ufffd"

    if _is_broken(text):
        # A text in UTF-8 with a damaged byte or two.
        text = data.decode("utf-8", "replace")

    if _is_broken(text):
        raise SourceError(
            f"reading {name!r}: its letters are in no encoding it names and in none that can be "
            "told from them; save it as UTF-8"
        )

    return text


def _is_broken(text: str) -> bool:
    letters = sum(character > "\x7f" for character in text)
    allowed = max(MAX_REPLACED_SHARE * letters, MAX_REPLACED_OF_ALL * len(text))
    return text.count("\ufffd") > allowed
