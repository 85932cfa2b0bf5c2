"""`beagle routes lint`: what is wrong with the prompts, before anybody notices."""

from __future__ import annotations

import importlib
import json
from typing import Annotated

import typer

from bot.app import catalog
from bot.cli.terminal import Json, load_settings
from router.catalog.lint import lint_routes
from router.config import Settings
from router.errors import InputError, RouteError
from router.text.printable import counted, print_line
from workers.tools import tool_names


def main(
    name: Annotated[str, typer.Argument(help="One route only.")] = "",
    ablate: Annotated[
        bool, typer.Option("--ablate", help="Drop the route's rules one by one and measure.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check the prompts of the routes: their length, their rules, and what is missing."""
    if ablate:
        if not name:
            raise InputError("measuring rules: found no route; name it: routes lint NAME --ablate")

        # The measurement belongs to evals/, which this package does not import.
        importlib.import_module("evals.routes.ablate").main(name, as_json=as_json)
        return

    ok, text = lint_report(load_settings(), name, as_json=as_json)
    print_line(text)
    raise typer.Exit(0 if ok else 1)


def lint_report(settings: Settings, name: str = "", *, as_json: bool) -> tuple[bool, str]:
    """Returns whether no route has a warning, and each one's size, rules and warnings.

    With a `name` only that route's. Raises RouteError when there is no such route.
    """
    findings = lint_routes(catalog(settings), tool_names())
    if name:
        findings = [finding for finding in findings if finding.route == name]
        if not findings:
            raise RouteError(
                f"checking route {name!r}: there is none; `beagle routes list` shows them"
            )

    ok = not any(finding.warnings for finding in findings)
    if as_json:
        return ok, json.dumps({"ok": ok, "routes": [finding.as_dict() for finding in findings]})

    lines = []
    for finding in findings:
        size = f"{counted(finding.words, 'word')}, {counted(len(finding.rules), 'rule')}"
        lines.append(f"{finding.route or 'routes'}: {size}")
        lines += [f"  {warning}" for warning in finding.warnings]

    return ok, "\n".join(lines)
