"""The report of a tuned version against golden files. `GOLDEN_FILES=write` updates them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bot.plainer.blocks import plainer_blocks
from bot.plainer.kinds import NEWER
from bot.sandbox.block_kit import check_message
from bot.ui.blocks import Rendered
from bot.weekly import report_view
from router.store.weekly.datasets import Report
from workers.evaluation.report_markdown import report_markdown

GOLDEN = Path(__file__).parent / "golden"
TOKENS = {
    "system": 9.0,
    "few_shot": 0.0,
    "context": 0.0,
    "query": 14.5,
    "output": 21.0,
    "cached": 12.0,
}
FIGURES = {
    "rows": 60,
    "metric": "share of rows where type, from are all right",
    "accuracy": 0.95,
    "ci95": [0.883, 1.0],
    "fields": {"type": 0.98},
    "schema_valid": 1.0,
    "errors": 0,
    "tokens": TOKENS,
    "usd": 0.0,
    "p50_ms": 412.4,
    "p95_ms": 640.0,
    "usd_uncached": 0.0000021,
    "usd_cached": 0.0000012,
}
BODY = {
    "rows": 60,
    "kinds": {"new": "tuned", "live": "prompt", "prompted": "prompt"},
    "versions": {"new": "abc", "live": "def", "prompted": "123"},
    "figures": {
        "new": FIGURES,
        "live": FIGURES
        | {"accuracy": 0.45, "ci95": [0.317, 0.583], "tokens": TOKENS | {"few_shot": 310.0}},
        "prompted": FIGURES
        | {"accuracy": 0.5, "ci95": [0.367, 0.633], "tokens": TOKENS | {"few_shot": 620.0}},
    },
    "differences": {
        "live": {"gain": 0.5, "ci95": [0.37, 0.62]},
        "prompted": {"gain": 0.45, "ci95": [0.3, 0.58]},
    },
    "against": "prompted",
    "forgetting": {
        "changed": 0.0,
        "probes": {"asked": 16, "changed_off": 0, "changed_on": 14, "right_off": 9, "right_on": 4},
        "routes": {"triage": {"rows": 2, "changed": 0}, "rewrite": {"rows": 2, "changed": 0}},
    },
    "bill": {
        "steps": 90,
        "cpu_seconds": 140.2,
        "seconds": 101.0,
        "device": "cpu",
        "general_loss": [0.61, 1.32],
    },
    "passed": True,
    "reasons": [
        "Passed: accuracy +45.0 points against the best prompted version (at least -1 required)"
    ],
}
TUNED = Report("T1", "r1", "leave", "abc", "def", BODY, 1.0)
HEAD = Report(
    "T1",
    "r2",
    "triage <!channel>",
    "456",
    "def",
    BODY
    | {
        "forgetting": None,
        "passed": False,
        "kinds": BODY["kinds"] | {"new": "head"},
        "bill": {"head_cpu_seconds": 2},
    },
    1.0,
)


def plainer(shown, *refused):
    return Rendered(shown.text, plainer_blocks(shown.blocks, refused, "message"))


CASES = {
    "report_tuned": report_view.render_report(TUNED),
    "report_tuned_plainer": plainer(report_view.render_report(TUNED), "data_table"),
    "report_tuned_plainest": plainer(report_view.render_report(TUNED), *NEWER),
    "report_head": report_view.render_report(HEAD),
}


def compare(path: Path, text: str) -> None:
    if os.environ.get("GOLDEN_FILES") == "write":  # noqa: TID251  # for who reviews them
        path.write_text(text, "utf-8")

    assert path.read_text("utf-8") == text


@pytest.mark.parametrize("name", CASES)
def test_the_report_looks_as_it_was_reviewed(name):
    shown = CASES[name]
    assert not check_message(shown.blocks).details
    compare(
        GOLDEN / f"{name}.json",
        json.dumps({"text": shown.text, "blocks": shown.blocks}, indent=2) + "\n",
    )


@pytest.mark.parametrize("report", [TUNED, HEAD], ids=["tuned", "head"])
def test_the_markdown_says_the_same(report):
    compare(
        GOLDEN / f"report_{report.id}.md",
        report_markdown(report.route, report.version, report.body),
    )


def test_the_plainest_report_has_every_figure_in_words():
    text = json.dumps(CASES["report_tuned_plainest"].blocks)
    for said in (
        "95.0%",
        "45.0%",
        "0 of 16 general answers",
        "0.61 without it, 1.32 with it",
    ):
        assert said in text
