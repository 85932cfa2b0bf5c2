"""`beagle tail`: one request's life."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from bot.cli.terminal import Json, load_data_settings
from router.errors import InputError
from router.store import open_store
from router.store.requests.timeline import TimelineStep
from router.text.printable import print_line


def main(
    request: Annotated[str, typer.Argument(help="A request's id, as logs and doctor name it.")],
    as_json: Json = False,
) -> None:
    """Show what happened to one request and when, without what anybody wrote."""
    with closing(open_store(load_data_settings().store_url)) as store:
        steps = store.timelines.for_request(request)

    if not steps:
        raise InputError(
            f"showing request {request!r}: none of this id is stored; take it from the field "
            "`request` of the log, or from `beagle doctor`"
        )

    if as_json:
        print_line(json.dumps({"request": request, "steps": [asdict(step) for step in steps]}))
    else:
        print_line(as_text(steps))


def as_text(steps: Sequence[TimelineStep]) -> str:
    """Returns a line for each step: its time in UTC, seconds since the first, and its figures."""
    start = next((step.at for step in steps if step.at is not None), 0.0)
    lines = []
    for step in steps:
        facts = " ".join(
            f"{name}={value}" for name, value in step.facts.items() if value is not None
        )
        lines.append(f"{_time(step.at, start):32} {step.event:16} {facts}")

    return "\n".join(lines)


def _time(at: float | None, start: float) -> str:
    if at is None:
        return ""

    clock = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"{clock} +{at - start:.2f} s"
