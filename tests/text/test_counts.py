"""Counts on the terminal agree with their nouns: "1 row", "2 rows"."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from router.text.printable import counted

ROOT = Path(__file__).parents[2]
PRINTING = (
    *("bot/cli", "evals/routes", "router/catalog", "workers/datasets", "workers/mining/exports"),
)
NOUNS = (
    "rows|rules|requests|calls|messages|texts|hours|lines|files|replies|people|documents|passages|"
    "words|versions|utterances|days|errors|examples|channels|answers|test rows|training rows"
)
BARE = re.compile(rf"\{{(?:len\([^{{}}]*\)|[a-z_.]+)(?::,)?\}} (?:{NOUNS})\b")
LIMITS = {
    "router/catalog/lint.py: {words} words": "a text of more words than a thousand",
    "router/catalog/lint.py: {len(rules)} rules": "a prompt of more rules than twenty",
}
"""Counts that are never one."""


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1200, "1,200 rows")]
)
def test_a_count_agrees_with_its_noun(count, text):
    assert counted(count, "row") == text


def test_a_verb_goes_with_its_noun():
    assert counted(1, "row waits", "rows wait") == "1 row waits"
    assert counted(3, "row waits", "rows wait") == "3 rows wait"


def test_no_line_of_the_terminal_has_a_bare_count():
    found = {}
    for folder in PRINTING:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            for bare in BARE.findall(path.read_text("utf-8")):
                found[f"{name}: {bare}"] = folder

    assert sorted(set(found) - set(LIMITS)) == []
