"""`beagle route`: messages decided in the terminal, with the reasons and the time it took."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bot.app import catalog, encoder, learner
from bot.routing.explain import explain
from router.catalog.catalog import Catalog
from router.config import Settings
from router.decide import Router, Signals
from router.errors import SettingsError
from router.store import open_store
from router.store.requests.labels import Labels
from router.types import Decision

COLUMNS = ("text", "verb", "route", "confidence", "runner_up", "in_scope", "milliseconds")


def decide_once(settings: Settings, text: str, *, as_json: bool) -> str:
    """What the installation's router, corrections included, makes of `text`, in words or as one JSON object."""
    decision, _ = installed(settings)[0].decide(text, Signals())
    return json.dumps(asdict(decision)) if as_json else "\n".join(explain(decision))


def decide_file(settings: Settings, file: Path, *, as_json: bool) -> str:
    """The same for each row of a CSV file with a column `text`: a CSV table, or one JSON object with `rows`.

    Where the file has a column `label` too, `accuracy` is the share of rows whose likeliest route
    it names. Raises SettingsError when the file cannot be read.
    """
    texts, labels = _read(file)
    router = installed(settings)[0]
    made = [router.decide(text, Signals())[0] for text in texts]
    rows = [_row(text, decision) for text, decision in zip(texts, made, strict=True)]

    if as_json:
        return json.dumps(
            {"rows": rows} | ({"accuracy": _accuracy(made, labels)} if labels else {})
        )

    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)

    if labels is not None:
        print(f"accuracy {_accuracy(made, labels):.1%} of {len(labels)} rows", file=sys.stderr)

    return table.getvalue().rstrip("\n")


def installed(settings: Settings) -> tuple[Router, Catalog]:
    """The installation's router as its bot has it, and the routes that it chooses from."""
    routes = catalog(settings)
    store = open_store(settings.store_url)

    try:
        labels = [label.example for label in Labels(store.engine).all()]
    finally:
        store.close()

    about = {name: route.description for name, route in routes.routes.items()}
    return learner(settings, encoder(settings)).teach(
        routes.examples(), about, labels
    ).router, routes


def _read(file: Path) -> tuple[list[str], list[str] | None]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as opened:
            rows = list(csv.DictReader(opened))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(
            f"reading {str(file)!r}: {error}; expected a CSV file in UTF-8"
        ) from error

    if not rows or "text" not in rows[0]:
        found = ", ".join(rows[0]) if rows else "no rows"
        raise SettingsError(
            f"reading {str(file)!r}: found {found}; the first line must name a column `text`"
        )

    labels = [row["label"] or "" for row in rows] if "label" in rows[0] else None
    return [row["text"] or "" for row in rows], labels


def _row(text: str, made: Decision) -> dict[str, object]:
    second = made.scores[1].route if len(made.scores) > 1 else ""
    numbers = (round(made.in_scope, 4), round(made.seconds * 1000, 2))
    row = (text, made.verb, made.route or "", round(made.confidence, 4), second, *numbers)

    return dict(zip(COLUMNS, row, strict=True))


def _accuracy(made: Sequence[Decision], labels: Sequence[str]) -> float:
    likeliest = [decision.scores[0].route if decision.scores else "" for decision in made]
    return sum(one == label for one, label in zip(likeliest, labels, strict=True)) / len(labels)
