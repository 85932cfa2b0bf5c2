"""`/beagle routes`: which routes there are, what answers them, and what is broken."""

from __future__ import annotations

from bot.commands import Asked
from bot.ui import rich_text
from bot.ui.blocks import Shown, plain

WAITS = " The file says version {version}, which is in shadow: it answers once its test rows show that it is no worse."
HELP = "the routes, their kind and live version"


def run(asked: Asked) -> Shown:
    """One line for each route with its live version; admins see which edits wait and which folders are broken."""
    items = []

    catalog = asked.decider.catalog
    for name, route in sorted(catalog.routes.items()):
        live = asked.store.versions.live(name)
        state = f" ({live.kind}, version {live.id})" if live else " (no live version)"
        items.append(
            [*rich_text.text(name, bold=True), *rich_text.text(state + ": " + route.description)]
        )

        if asked.admin and live and live.id != route.version.id:
            items[-1] += rich_text.text(WAITS.format(version=route.version.id), italic=True)

    if asked.admin:
        items += [
            [*rich_text.text("broken: ", bold=True), *rich_text.text(said)]
            for said in catalog.problems
        ]
    elif catalog.problems:
        items.append(
            rich_text.text(
                f"{len(catalog.problems)} route folders are broken; admins see here why."
            )
        )

    body = (
        [rich_text.bullets(items)] if items else [rich_text.section(rich_text.text("No routes."))]
    )
    return Shown(plain(body), [rich_text.block(body)])
