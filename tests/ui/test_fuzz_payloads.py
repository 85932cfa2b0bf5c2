"""Any model output becomes a payload that Slack accepts, with text as its only model content."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from markdown_it import MarkdownIt

from bot.plainer.blocks import plainer_blocks
from bot.plainer.kinds import NEWER
from bot.replies.stream import escape_markdown
from bot.sandbox.block_kit import check_message
from bot.ui import blocks
from router.types import Decision, Outcome, Request, Score, Tokens
from tests.ui.test_rich_text import ATOMS, MADE_BY_US, kinds

numbers = pytest.mark.parametrize(
    "number", [5_000, pytest.param(100_000, marks=pytest.mark.nightly)]
)
LONG = (
    "word " * 3000,
    "|a|" * 900,
    "- x\n" * 1200,
    "> q\n\n" * 700,
    "```\n" + "code\n" * 2500,
    "𝕏" * 9000,
)
REQUEST = Request("r1", "T1", "C1", "U1", "1.0", "Ev1", "hello", 0.0)
DECISION = Decision("route", "triage", 0.9, 0.5, 0.9, (Score("triage", 0.9),), "v")
READER = MarkdownIt("gfm-like", {"linkify": False}).disable("linkify")
UPDATE_LIMIT = 4_000


def outputs(number: int, seed: int) -> Iterator[str]:
    """Hostile texts; one in two hundred is very long."""
    chance = random.Random(seed)
    for n in range(number):
        made = "".join(chance.choice(ATOMS) for _ in range(chance.randrange(1, 14)))
        yield made + chance.choice(LONG) if n % 200 == 0 else made


def foreign(shown: list[dict[str, Any]]) -> set[str]:
    """Kinds of elements that only our own code may make."""
    rich = [block for block in shown if block["type"] == "rich_text"]
    cells = [
        cell for block in shown if block["type"] == "table" for row in block["rows"] for cell in row
    ]
    made = {kind for block in rich for element in block["elements"] for kind in kinds(element)}

    # A cell of plain text cannot be anything but that; one of another kind would be.
    return (
        (made & MADE_BY_US)
        | {cell["type"] for cell in cells if set(cell) != {"type", "text"}}
        | ({cell["type"] for cell in cells} - {"raw_text"})
    )


@pytest.mark.fuzz
@numbers
def test_whatever_a_model_answers_is_a_payload_that_slack_takes(number):
    tables = 0
    for text in outputs(number, 23):
        outcome = Outcome(text, tokens=Tokens(output=3), model="m", route="triage", kind="prompt")
        shown = blocks.answer(REQUEST, DECISION, outcome, ())
        assert len(shown.text) <= UPDATE_LIMIT
        tables += any(block["type"] == "table" for block in shown.blocks)

        for refused in ((), NEWER, {"rich_text", *NEWER}):
            form = plainer_blocks(shown.blocks, refused, "message")
            assert check_message(form).details == [], text[:200]
            assert not foreign(form), text[:200]

    assert tables > number / 100


@pytest.mark.fuzz
@numbers
def test_a_stream_shows_only_text_wherever_it_is_cut(number):
    chance = random.Random(29)
    for text in outputs(number, 31):
        cut = chance.randrange(len(text) + 1)
        sent = escape_markdown(text[:cut]) + escape_markdown(text[cut:])
        said = [token for token in READER.parse("x" + sent + "x") if token.type == "inline"]
        made = {child.type for token in said for child in token.children or ()}
        assert made <= {"text", "text_special", "softbreak", "hardbreak"}, text[:200]
        assert "<" not in sent.replace("&lt;", "")
