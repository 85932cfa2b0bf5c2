"""Reads documents that were damaged at random, and counts what they did to the ingest."""

from __future__ import annotations

import io
import random
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from evals.figures import print_figures
from router.log import set_up_logs
from workers.knowledge.formats import SourceError, suffixes
from workers.knowledge.ingest import MAX_FILE_BYTES, DocumentOrigin, parse_document
from workers.knowledge.parser_process import ParserProcess

HANG_SECONDS = 10.0
"""Of computing: a busy machine makes a document take longer without being its fault."""
MAX_MEMORY_KB = 512 * 1024
ORIGIN = DocumentOrigin("T-eval", "damaged")
SWOLLEN_BYTES = (10_000, 300_000, 4 * 2**20)
NESTING = 20_000
Damage = Callable[[str, bytes, random.Random], bytes]
"""Returns a damaged copy of a document, given its name and bytes."""


def main(
    folder: Annotated[Path, typer.Argument(help="A folder with real documents to damage.")],
    files: Annotated[int, typer.Option(min=1, help="How many damaged documents are read.")] = 1000,
    seed: Annotated[int, typer.Option(help="Draws the damage.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Read damaged documents: bits flipped, cut, nested and swollen."""
    set_up_logs("auto", "error")
    figures = measure(real_files(folder), files, seed)
    print_figures(figures, as_json=as_json)

    bad = ("crashes", "hangs", "over_512_mb")
    raise typer.Exit(1 if any(figures[name] for name in bad) else 0)


def real_files(folder: Path) -> list[tuple[str, bytes]]:
    """Returns name and bytes of the documents below a folder, by name."""
    result = []
    for file in sorted(folder.rglob("*")):
        if file.suffix.casefold() in suffixes() and file.is_file():
            result.append((file.name, file.read_bytes()))

    if not result:
        raise typer.BadParameter(f"{folder} holds no document in a format that is read")

    return result


def measure(
    originals: Sequence[tuple[str, bytes]],
    count: int,
    seed: int,
    swollen_bytes: Sequence[int] = SWOLLEN_BYTES,
) -> dict[str, object]:
    """Returns how many of the damaged documents were read or refused, and the worst figures.

    `crashes` counts what reached the ingest other than as a refusal. Seconds are processor time of
    the parsing process, memory is its peak; `over_512_mb` counts the documents that took it to a
    new peak above that. Swollen documents grow by one of `swollen_bytes`.
    """
    outcomes: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    slowest = 0.0
    memory = 0
    started = time.perf_counter()

    with ParserProcess() as parser:
        for name, data in damaged_files(originals, count, seed, swollen_bytes):
            before = parser.usage()
            try:
                parse_document(parser, data, name, ORIGIN, 0.0)
                outcomes["read"] += 1
            except SourceError as error:
                outcomes["refused"] += 1
                reasons[_kind(str(error))] += 1
            except Exception as error:  # noqa: BLE001  # what it counts
                outcomes["crashes"] += 1
                reasons[type(error).__name__] += 1

            used = parser.usage()
            seconds = used.cpu_seconds - before.cpu_seconds
            slowest = max(slowest, seconds)
            memory = max(memory, used.peak_kb)
            outcomes["hangs"] += seconds > HANG_SECONDS
            outcomes["over_512_mb"] += used.peak_kb > max(MAX_MEMORY_KB, before.peak_kb)

    figures: dict[str, object] = {"files": count, "seed": seed}
    for key in ("read", "refused", "crashes", "hangs", "over_512_mb"):
        figures[key] = outcomes[key]

    figures["slowest_cpu_seconds"] = round(slowest, 2)
    figures["peak_memory_mb"] = round(memory / 1024, 1)
    figures["seconds"] = round(time.perf_counter() - started, 1)
    return figures | {"reasons": dict(reasons.most_common(8))}


def damaged_files(
    originals: Sequence[tuple[str, bytes]],
    count: int,
    seed: int,
    swollen_bytes: Sequence[int] = SWOLLEN_BYTES,
) -> Iterator[tuple[str, bytes]]:
    """Yields damaged copies of the originals, each with the original's name."""
    chance = random.Random(seed)  # noqa: S311  # draws test inputs
    swollen = partial(_swollen, swollen_bytes)
    inner = partial(_inner, (_flipped, _cut, swollen))
    kinds: tuple[Damage, ...] = (_flipped, _cut, _nested, swollen, inner)
    for number in range(count):
        name, data = originals[chance.randrange(len(originals))]
        yield name, kinds[number % len(kinds)](name, data, chance)[:MAX_FILE_BYTES]


def _flipped(_name: str, data: bytes, chance: random.Random) -> bytes:
    result = bytearray(data)
    for _ in range(chance.choice((1, 4, 32, 256))):
        if result:
            result[chance.randrange(len(result))] ^= 1 << chance.randrange(8)

    return bytes(result)


def _cut(_name: str, data: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    # Cut off at the end, or with a hole in it.
    return data[:end] if chance.random() < 0.5 else data[:start] + data[end:]


def _nested(_name: str, data: bytes, chance: random.Random) -> bytes:
    if data[:2] == b"PK":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("word/document.xml", data)
            archive.writestr("inner.zip", data)

        return out.getvalue()

    opening = chance.choice((b"<div>", b"<table><tr><td>", b"[", b"(", b"> ", b"<<", b"**", b"- "))
    place = chance.randrange(len(data) + 1)
    return data[:place] + opening * NESTING + data[place:]


def _swollen(sizes: Sequence[int], _name: str, data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    piece = data[start : start + chance.choice((1, 16, 512))] or b" "
    size = chance.choice(sizes)
    return data[:start] + piece * (size // len(piece)) + data[start:]


def _inner(kinds: Sequence[Damage], name: str, data: bytes, chance: random.Random) -> bytes:
    """Damages a part inside an archive, so that the archive itself is whole."""
    if data[:2] != b"PK":
        return _flipped(name, _cut(name, data, chance), chance)

    out = io.BytesIO()
    with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.namelist()
        chosen = chance.choice(parts)
        damage = chance.choice(kinds)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as result:
            for part in parts:
                content = archive.read(part)
                result.writestr(part, damage(name, content, chance) if part == chosen else content)

    return out.getvalue()


def _kind(reason: str) -> str:
    """Returns a reason without the file's name and other details."""
    return reason.split(": ", 1)[-1][:40]
