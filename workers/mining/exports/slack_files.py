"""The files of a Slack export, zipped or unpacked, wherever in it the export begins."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from router.errors import InputError

MAX_FILE_BYTES = 256 * 2**20
LISTS = ("users.json", "channels.json", "groups.json", "mpims.json", "dms.json", "org_users.json")
"""Files that stand where an export begins."""
DAY = re.compile(r"(?:\A|/)[^/]+/\d{4}-\d{2}-\d{2}\.json\Z")
EXPECTED = "the zip that Slack's export gives, with channels.json and a folder for each channel"


class Files(Protocol):
    """The files of an export, by their path inside it."""

    def names(self) -> list[str]:
        """Returns every path, with forward slashes."""
        ...

    def load(self, name: str) -> Any:
        """Returns that file's JSON, None if there is no such file."""
        ...


def is_export(path: Path) -> bool:
    """Returns whether it is a zip, or a folder that looks like an unpacked export."""
    if path.is_dir():
        return any((path / name).is_file() for name in LISTS) or any(path.glob("*/????-??-??.json"))

    return path.is_file() and zipfile.is_zipfile(path) and path.suffix.lower() != ".xlsx"


@contextmanager
def open_files(path: Path) -> Iterator[Files]:
    """Opens the export. Raises InputError for a damaged zip, or one that is no Slack export."""
    if path.is_dir():
        yield _Folder(path)
        return

    try:
        with zipfile.ZipFile(path) as archive:
            yield _Zip(archive)
    except zipfile.BadZipFile as error:
        raise InputError(
            f"reading {str(path)!r}: {error}; the zip is damaged, export it again"
        ) from error


def _is_left_by_a_system(name: str) -> bool:
    """Returns whether macOS put it beside the files: `__MACOSX/…`, `._users.json`."""
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or any(part.startswith("._") for part in parts)


class _Folder:
    """An unpacked export."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        found = (file.relative_to(self._path).as_posix() for file in self._path.rglob("*.json"))
        return [name for name in found if not _is_left_by_a_system(name)]

    def load(self, name: str) -> Any:
        file = self._path / name
        return _parse(name, file.read_bytes()) if file.is_file() else None


class _Zip:
    """A zipped export, read in place. Everything may lie in one outer folder."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        sizes = {
            info.filename: info.file_size
            for info in archive.infolist()
            if not info.is_dir() and not _is_left_by_a_system(info.filename)
        }
        self._root = _root(list(sizes), str(archive.filename))
        self._sizes = {
            name.removeprefix(self._root): size
            for name, size in sizes.items()
            if name.startswith(self._root)
        }

    def names(self) -> list[str]:
        return list(self._sizes)

    def load(self, name: str) -> Any:
        """Raises InputError for a file that would not fit into memory."""
        if name not in self._sizes:
            return None

        # The size is checked before anything is decompressed: a zip bomb is small.
        if self._sizes[name] > MAX_FILE_BYTES:
            raise InputError(
                f"reading {name!r} of the export: {self._sizes[name]} bytes; a day's file has at "
                f"most {MAX_FILE_BYTES}; remove it from the zip"
            )

        return _parse(name, self._archive.read(self._root + name))


def _root(names: list[str], archive: str) -> str:
    """Returns the folder in which the export begins; empty for the top."""
    lists = [name for name in names if PurePosixPath(name).name in LISTS]
    if lists:
        shortest = min(lists, key=len)
        return shortest.removesuffix(PurePosixPath(shortest).name)

    days = [name for name in names if DAY.search(name)]
    if days:
        parent = PurePosixPath(min(days, key=len)).parent.parent.as_posix()
        return "" if parent == "." else f"{parent}/"

    inner = [name for name in names if name.lower().endswith(".zip")]
    if inner:
        raise InputError(
            f"reading {archive!r}: it holds another zip, {inner[0]!r}; unpack it and give that file"
        )

    found = ", ".join(sorted(names)[:3]) or "nothing"
    raise InputError(
        f"reading {archive!r}: no users.json and no channels.json in it, but {found}; "
        f"expected {EXPECTED}"
    )


def _parse(name: str, raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8-sig", "replace"))
    except ValueError as error:
        raise InputError(
            f"reading {name!r} of the export: {error}; expected JSON as Slack exports it"
        ) from error
