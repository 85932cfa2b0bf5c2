"""`beagle decide`: decide messages in the terminal and say why."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.terminal import Json, load_data_settings
from bot.offline import installed_router
from bot.routing.explain import explain
from bot.routing.route_access import route_signals
from router.classifier.training_data import installation_texts
from router.config import Settings
from router.errors import InputError
from router.text.csv_table import csv_table
from router.text.printable import counted, print_line
from router.types import Decision

COLUMNS = ("text", "verb", "route", "confidence", "runner_up", "in_scope", "milliseconds")


def main(
    text: Annotated[str, typer.Argument(help="A message.")] = "",
    file: Annotated[
        Path | None, typer.Option(help="A CSV file with a column text, and label if you know it.")
    ] = None,
    team: Annotated[
        str, typer.Option(help="A workspace: decides with what its people have taught, too.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Decide a message, or every row of a file, without Slack, and say why."""
    if bool(text.strip()) == (file is not None):
        found = "both a message and a file" if file is not None else "neither"
        raise InputError(
            f"deciding: found {found}; give either a message with words or --file FILE.csv"
        )

    settings = load_data_settings()
    if file is None:
        print_line(decide_text(settings, text, team, as_json=as_json))
    else:
        print_line(decide_file(settings, file, team, as_json=as_json))


def decide_text(settings: Settings, text: str, team: str = "", *, as_json: bool) -> str:
    """Returns the decision of the workspace's router, in sentences or as JSON.

    Without a workspace it is the installation's router.
    """
    router, routes = installed_router(settings, team)
    decision, _ = router.decide(text, route_signals(routes.routes))
    if as_json:
        return json.dumps(asdict(decision))

    texts = installation_texts(routes.training_examples(), router.config.routes)
    # Words of people stay out of a terminal: only the texts of route files are quoted.
    explanation = explain(
        decision, quote=lambda example: texts.get(str(example.get("example")), "")
    )
    return "\n".join(explanation.lines)


def decide_file(settings: Settings, file: Path, team: str = "", *, as_json: bool) -> str:
    """Returns the decision for each `text` of a CSV file, as CSV or one JSON object.

    Where the file has a column `label` too, `accuracy` is the share of rows whose most probable
    route is the label. Raises InputError when the file cannot be read.
    """
    texts, labels = _read_rows(file)
    router, routes = installed_router(settings, team)
    decisions = [router.decide(text, route_signals(routes.routes))[0] for text in texts]
    rows = [_row(text, decision) for text, decision in zip(texts, decisions, strict=True)]

    if as_json:
        result: dict[str, object] = {"rows": rows}
        if labels:
            result["accuracy"] = _accuracy(decisions, labels)
        return json.dumps(result)

    cells = [[row[column] for column in COLUMNS] for row in rows]
    table = csv_table(COLUMNS, cells, line_end="\n")

    if labels is not None:
        accuracy = _accuracy(decisions, labels)
        print_line(f"accuracy {accuracy:.1%} of {counted(len(labels), 'row')}", file=sys.stderr)

    return table.rstrip("\n")


def _read_rows(file: Path) -> tuple[list[str], list[str] | None]:
    """Returns the texts and, where the file has them, the labels."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as opened:
            rows = list(csv.DictReader(opened))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"reading {str(file)!r}: {error}; expected a CSV file in UTF-8") from error

    if not rows or "text" not in rows[0]:
        columns = ", ".join(rows[0]) if rows else "no rows"
        raise InputError(
            f"reading {str(file)!r}: found {columns}; the first line must name a column `text`"
        )

    labels = [row["label"] or "" for row in rows] if "label" in rows[0] else None
    return [row["text"] or "" for row in rows], labels


def _row(text: str, decision: Decision) -> dict[str, object]:
    runner_up = decision.scores[1].route if len(decision.scores) > 1 else ""
    return {
        "text": text,
        "verb": decision.verb,
        "route": decision.route or "",
        "confidence": round(decision.confidence, 4),
        "runner_up": runner_up,
        "in_scope": round(decision.in_scope, 4),
        "milliseconds": round(decision.seconds * 1000, 2),
    }


def _accuracy(decisions: Sequence[Decision], labels: Sequence[str]) -> float:
    right = 0
    for decision, label in zip(decisions, labels, strict=True):
        best = decision.scores[0].route if decision.scores else ""
        right += best == label

    return right / len(labels)
