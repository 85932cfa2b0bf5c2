"""What people do in the sandbox; each verb by its name, as the control API and `Actor` know it."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from bot.sandbox.actions import messages as talk
from bot.sandbox.actions import ui as press
from bot.sandbox.actions.person import Person
from bot.sandbox.context import Platform
from bot.sandbox.element_values import ActError

Json = dict[str, Any]

VERBS: dict[str, Callable[..., Awaitable[Json]]] = {
    verb.__name__: verb
    for verb in (
        talk.say, talk.dm, talk.edit, talk.delete, talk.react, talk.upload, talk.join, talk.leave,
        talk.invite_bot, talk.suggest,
        press.click, press.click_view, press.submit_view, press.close_view, press.slash, press.shortcut,
        press.open_home, press.stop,
    )
}  # fmt: skip


async def act(platform: Platform, name: str, verb: str, how: Json) -> Json:
    """The human called `name` did it. Raises ActError where that cannot be done, or was described wrongly."""
    user = platform.workspace.user(name)
    if user is None or user["is_bot"]:
        names = [human["name"] for human in platform.workspace.humans()]
        raise ActError(
            "user_not_found", f"acting as {name!r}: there is no such person; there are {names}"
        )

    run = VERBS.get(verb)
    if run is None:
        raise ActError(
            "unknown_verb", f"doing {verb!r}: unknown; known: {', '.join(sorted(VERBS))}"
        )

    given = {key: value for key, value in how.items() if value is not None}
    _check(verb, run, given)
    return await run(Person(platform, user), **given)


def _check(verb: str, run: Callable[..., Awaitable[Json]], given: Json) -> None:
    """The arguments are those of the verb, and what should be text is text."""
    known = {
        name: one
        for name, one in inspect.signature(run).parameters.items()
        if one.kind is one.KEYWORD_ONLY
    }

    missing = [
        name for name, one in known.items() if one.default is one.empty and name not in given
    ]
    wrong = [
        name
        for name, value in given.items()
        if name in known and not _fits(known[name].annotation, value)
    ]

    unknown = sorted(set(given) - set(known))
    if missing or wrong or unknown:
        raise ActError(
            "invalid_arguments",
            f"doing {verb!r}: missing {missing}, of the wrong type {wrong}, unknown {unknown}; it takes {list(known)}",
        )


def _fits(annotation: str, value: Any) -> bool:
    kinds = {"str": str, "bool": bool, "int": int, "Json": dict, "list[str]": list}
    wanted = [kinds[part.strip()] for part in annotation.split("|") if part.strip() in kinds]
    if isinstance(value, list):
        return not wanted or (list in wanted and all(isinstance(one, str) for one in value))
    if isinstance(value, bool):
        return not wanted or bool in wanted

    # Half of a surrogate pair is no text: it could not be sent to the bot.
    whole = not isinstance(value, str) or not any(
        "\ud800" <= letter <= "\udfff" for letter in value
    )
    return not wanted or (isinstance(value, tuple(wanted)) and whole)
