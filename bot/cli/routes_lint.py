"""`beagle routes lint`: what is wrong with a prompt before anybody notices."""

from __future__ import annotations

import json

from bot.app import catalog
from router.catalog.lint import lint
from router.config import Settings
from router.errors import RouteError
from workers.tools import tool_names


def report(settings: Settings, name: str = "", *, as_json: bool) -> tuple[bool, str]:
    """Whether nothing is wrong, and every route's words, rules and warnings; with a `name` that route's only.

    Raises RouteError when there is no such route.
    """
    found = lint(catalog(settings), tool_names())
    if name:
        found = [finding for finding in found if finding.route == name]
        if not found:
            raise RouteError(
                f"looking at route {name!r}: there is none; see `beagle routes lint` for those there are"
            )

    fine = not any(finding.warnings for finding in found)
    if as_json:
        return fine, json.dumps({"ok": fine, "routes": [finding.as_dict() for finding in found]})

    lines = []
    for finding in found:
        lines.append(
            f"{finding.route or 'routes'}: {finding.words} words, {len(finding.rules)} rules"
        )
        lines += [f"  {warning}" for warning in finding.warnings]

    return fine, "\n".join(lines)
