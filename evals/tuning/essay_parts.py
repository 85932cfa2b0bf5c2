"""The parts of the essay's page that are measured one by one and kept, so that a run resumes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.routes import token_bill
from evals.tuning import forgetting, knowledge, prompt_search, rft
from evals.tuning.essay_page import write_section
from router.catalog.catalog import builtin_routes_folder, read_route
from router.config import Settings
from router.text.printable import print_line

FOLDER = "essay"
"""In the data folder: the report of each part that is done."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the page: how it is measured, and how its report is written into the page."""

    measure: Callable[[Settings], Mapping[str, Any]]
    write: Callable[[Path, Mapping[str, Any]], None]


def _part(
    name: str,
    measure: Callable[[Settings], Mapping[str, Any]],
    section: Callable[[Mapping[str, Any]], str],
) -> Part:
    """Returns a part that is one section of the page."""
    return Part(measure, lambda page, report: write_section(page, name, section(report)))


def _measure_prompt_search(settings: Settings) -> dict[str, Any]:
    return prompt_search.measure(settings, rft.RftSizes())


def _measure_forgetting(settings: Settings) -> dict[str, Any]:
    task = read_route(builtin_routes_folder() / "leave")
    sizes = forgetting.ForgettingSizes(shares=(0.0, 0.1, 0.25))
    return forgetting.measure(settings, task, sizes)


def _measure_rft(settings: Settings) -> dict[str, Any]:
    return rft.measure(settings, rft.RftSizes())


PARTS: Mapping[str, Part] = {
    token_bill.SECTION: Part(token_bill.measure, token_bill.write_page),
    "prompt-search": _part("prompt-search", _measure_prompt_search, prompt_search.section),
    "knowledge": _part("knowledge", knowledge.measure, knowledge.section),
    "forgetting": _part("forgetting", _measure_forgetting, forgetting.section),
    "reinforcement": _part("reinforcement", _measure_rft, rft.section),
}
"""Each part by its name, the quickest first."""


def run_parts(
    settings: Settings, page: Path, *, again: bool = False, parts: Mapping[str, Part] = PARTS
) -> None:
    """Measures each part that has no report yet and writes all into the page.

    With `again` every part is measured anew. Killed, the next run goes on with the part that was
    under way.
    """
    folder = settings.data / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in parts.items():
        file = folder / f"{name}.json"
        if again or not file.is_file():
            print_line(f"measuring {name}", file=sys.stderr)
            partial = file.with_suffix(".partial")
            partial.write_text(json.dumps(part.measure(settings)), "utf-8")
            # A rename: a kill leaves the report whole or not at all.
            partial.replace(file)

        part.write(page, json.loads(file.read_text("utf-8")))
