"""`beagle routes list`: every route of the installation."""

from __future__ import annotations

import json

from bot.app import catalog
from bot.cli.terminal import Json, load_settings
from router.catalog.catalog import Catalog
from router.text.printable import print_line


def main(as_json: Json = False) -> None:
    """List the routes with their kind and description, and the folders that could not be read."""
    found = catalog(load_settings())
    print_line(json.dumps(as_dict(found)) if as_json else as_text(found))


def as_dict(found: Catalog) -> dict[str, object]:
    """Returns the routes and the problems for scripts."""
    routes = [
        {"name": name, "kind": route.version.kind, "description": route.description}
        for name, route in sorted(found.routes.items())
    ]
    return {"routes": routes, "problems": list(found.problems)}


def as_text(found: Catalog) -> str:
    """Returns one line for each route, then one for each folder that was left out."""
    lines = []
    for name, route in sorted(found.routes.items()):
        line = f"{name:12} {route.version.kind:7} {route.description}"
        if route.needs_larger_model:
            line += " (needs a larger model than the included one)"
        lines.append(line)

    lines += [f"left out: {problem}" for problem in found.problems]
    return "\n".join(lines)
