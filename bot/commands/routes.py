"""`/beagle routes`: which routes there are, what answers them, and what is broken."""

from __future__ import annotations

from bot import rich_text
from bot.blocks import Shown, plain
from bot.commands import Asked

HELP = "the routes, their kind and live version"


def run(asked: Asked) -> Shown:
    """One line for each route with its live version; folders that could not be loaded with the reason."""
    items = []
    for name, route in sorted(asked.decider.catalog.routes.items()):
        live = asked.store.versions.live(name)
        state = f" ({live.kind}, version {live.id})" if live else " (no live version)"
        items.append([*rich_text.text(name, bold=True), *rich_text.text(state + ": " + route.description)])
    items += [rich_text.text(f"left out: {problem}") for problem in asked.decider.catalog.problems]
    body = [rich_text.bullets(items)] if items else [rich_text.section(rich_text.text("No routes."))]
    return Shown(plain(body), [rich_text.block(body)])
