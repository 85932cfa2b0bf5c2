"""`/beagle routes`: the routes, what answers them, and what is broken."""

from __future__ import annotations

from collections.abc import Collection

from bot.commands import CommandContext, text_reply
from bot.ui import rich_text
from bot.ui.blocks import Rendered
from bot.ui.outcome_text import plain_text
from bot.ui.rich_text import Element
from bot.ui.texts import commands as texts
from bot.ui.texts import common
from bot.weekly.drafts.dialogs import wish_dialog

HELP = "the routes, their kind and live version; `new`: have one drafted"
NEW = "new"


def run(context: CommandContext) -> Rendered | None:
    """Lists each route with its live version; admins see pending edits and broken folders, too.

    With `new` an admin gets a dialog in which a name, a task and two examples make a route.
    """
    if context.words[:1] == (NEW,):
        return _open_wish(context)

    return _list(context)


def _list(context: CommandContext) -> Rendered:
    catalog = context.routing.catalog_of(context.team)
    items: list[list[Element]] = []
    hidden: Collection[str] = ()

    if not context.is_admin:
        # A member does not learn of routes that are for others.
        hidden = context.routing.hidden_routes(context.person, context.channel)

    for name, route in sorted(catalog.routes.items()):
        if name in hidden:
            continue

        live = context.store.versions.live(context.team, name)
        text = texts.ROUTE_NOT_LIVE.format(description=route.description)
        if live is not None:
            text = texts.ROUTE_LIVE.format(
                kind=live.kind, version=live.id, description=route.description
            )

        item = [*rich_text.text(name, bold=True), *rich_text.text(text)]
        if context.is_admin and live is not None and live.id != route.version.id:
            waits = texts.ROUTE_WAITS.format(version=route.version.id)
            item += rich_text.text(waits, italic=True)

        items.append(item)

    if context.is_admin:
        for problem in catalog.problems:
            head = rich_text.text(texts.ROUTE_BROKEN, bold=True)
            items.append([*head, *rich_text.text(problem)])
    elif catalog.problems:
        items.append(rich_text.text(texts.ROUTES_BROKEN.format(count=len(catalog.problems))))

    body = rich_text.bullets(items)
    if not items:
        body = rich_text.section(rich_text.text(common.NO_ROUTES))

    return Rendered(plain_text([body]), [rich_text.block([body])])


def _open_wish(context: CommandContext) -> Rendered | None:
    if not context.is_admin:
        context.record("route_wish", "", applied=False)
        return text_reply(common.ADMINS_ONLY)

    context.open_dialog(wish_dialog())
    return None
