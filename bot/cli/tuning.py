"""The commands of a terminal that are about datasets and tuned versions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.setup import settings_now


def add(app: typer.Typer) -> None:
    """The commands below belong to `app`."""
    for command in (dataset, report):
        app.command()(command)


def dataset(
    action: Annotated[
        str,
        typer.Argument(help="export: reviewed rows. rows: all, to edit. review: read them back."),
    ],
    key: Annotated[
        str, typer.Argument(help="The dataset's id, as /beagle road shows it, or its candidate's.")
    ],
    place: Annotated[Path, typer.Argument(help="export: a folder. rows and review: a file.")],
    by: Annotated[
        str, typer.Option(help="review: the Slack user id of the admin who reviewed.")
    ] = "",
    rest: Annotated[
        bool,
        typer.Option(
            "--accept-rest", help="review: accept what waits, if the sample was good enough."
        ),
    ] = False,
) -> None:
    """Write a candidate's examples to files, or read the review of one back."""
    from bot.cli.dataset import run

    print(run(settings_now(), action, key, place, by, rest=rest))


def report(
    name: Annotated[str, typer.Argument(help="A route's name.")],
    version: Annotated[
        str, typer.Argument(help="A version's id; the newest that was proved if left out.")
    ] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Print the report of a tuned version as Markdown: accuracy, cost, forgetting, the bill, the verdict."""
    from bot.cli.report import told as proved

    print(proved(settings_now(), name, version, as_json=as_json))
