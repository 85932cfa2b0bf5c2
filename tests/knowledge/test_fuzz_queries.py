"""Fuzzed questions break no search and find nothing that may not be read."""

from __future__ import annotations

import random
import sys

import pytest

from router.types import Viewer

ALPHABETS = (
    range(0x20, 0x7F),
    range(sys.maxunicode + 1),
    range(0x300),
    range(0x4E00, 0x9FFF),
    range(0xD7F0, 0xE010),
    range(0xE0000, 0xE0200),
    range(0x1F300, 0x1FAFF),
    [ord(char) for char in "\"'*():^-+{}[]~\\/,.;%_ \0\n NEAR AND OR NOT"],
)


def question(rng: random.Random) -> str:
    alphabet = rng.choice(ALPHABETS)
    return "".join(chr(rng.choice(alphabet)) for _ in range(rng.randrange(60)))


def ask_all(index, page, count: int, seed: int) -> None:
    index.upsert(
        page("The tide turns at noon.\n\nNothing AND all NEAR it OR not."),
        page("Hidden.", key="h", acl="C9"),
    )
    viewer = Viewer("T1", "U1", frozenset({"public"}))
    rng = random.Random(seed)

    for _ in range(count):
        assert all(hit.document != "h" for hit in index.search(question(rng), None, viewer))


def test_two_thousand_strange_questions_break_nothing(index, page):
    ask_all(index, page, 2_000, 1)


@pytest.mark.nightly
def test_fifty_thousand_strange_questions_break_nothing(index, page):
    ask_all(index, page, 50_000, 2)
