"""Which tests `make test` leaves to `make check` because they take long, and how that is found.

`tests/slow_tests.txt` names a file or a test function on each line. To write it again:

    make check ARGS=--junitxml=report.xml
    .venv/bin/python -m tests.slow_tests report.xml
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

LIST = Path(__file__).with_name("slow_tests.txt")
MEAN_SECONDS = 0.2
"""A function whose tests take as long on average is slow, also by what they share."""
TOTAL_SECONDS = 3.0
"""A function whose tests take as long together is slow, however many there are."""
FILE_SHARE = 0.6
"""The share of a file's tests above which the file is named instead of its functions."""
FILE_SECONDS = 1.0
"""What a file takes at least to be named as a whole."""

Seconds = Mapping[str, float]
"""How long each test took, with what it set up, by its node id."""


def listed() -> frozenset[str]:
    """Returns the node ids of `tests/slow_tests.txt`: of files and of functions."""
    return frozenset(LIST.read_text("utf-8").split())


def is_slow(node: str, slow: frozenset[str]) -> bool:
    """Returns whether a test's file, or its function, is among the `slow` ones."""
    return node.partition("::")[0] in slow or _function(node) in slow


def find_slow(seconds: Seconds) -> list[str]:
    """Returns the files and functions that take long, sorted."""
    files: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for node, taken in seconds.items():
        files[node.partition("::")[0]][_function(node)].append(taken)

    found: list[str] = []
    for file, functions in files.items():
        slow = [name for name, taken in functions.items() if _takes_long(taken)]
        count = sum(len(taken) for taken in functions.values())
        slow_count = sum(len(functions[name]) for name in slow)
        total = sum(sum(taken) for taken in functions.values())

        # One test of a file pays for what all share: without it the next one would.
        is_whole = slow_count >= FILE_SHARE * count or total / count >= MEAN_SECONDS
        found += [file] if is_whole and total >= FILE_SECONDS else slow

    return sorted(found)


def read_report(path: Path) -> Seconds:
    """Returns what a JUnit report of pytest says about each test."""
    seconds: dict[str, float] = defaultdict(float)
    # Written by our own test run.
    for case in ET.parse(path).iter("testcase"):
        module, name = case.get("classname", ""), case.get("name", "")
        if module:
            seconds[f"{module.replace('.', '/')}.py::{name}"] += float(case.get("time", 0.0))

    return seconds


def _function(node: str) -> str:
    return node.partition("[")[0]


def _takes_long(taken: Iterable[float]) -> bool:
    values = list(taken)
    return sum(values) >= TOTAL_SECONDS or sum(values) / len(values) >= MEAN_SECONDS


def write_list(nodes: Iterable[str]) -> None:
    """Replaces `tests/slow_tests.txt`."""
    LIST.write_text("".join(f"{node}\n" for node in nodes), "utf-8")


if __name__ == "__main__":
    write_list(find_slow(read_report(Path(sys.argv[1]))))
