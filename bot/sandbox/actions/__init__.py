"""Actions of the sandbox's users, by the names of the control API and `Actor`."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping

from bot.sandbox.actions import messages, rights, sharing, ui
from bot.sandbox.actions.person import Person
from bot.sandbox.context import SandboxContext
from bot.sandbox.element_values import ActionError
from bot.sandbox.json_types import Json

Action = Callable[..., Awaitable[Json]]

VERBS: dict[str, Action] = {
    verb.__name__: verb
    for verb in (
        messages.say,
        messages.dm,
        messages.edit,
        messages.delete,
        messages.react,
        messages.upload,
        messages.forward,
        messages.join,
        messages.leave,
        messages.invite_bot,
        messages.suggest,
        rights.convert,
        rights.set_guest,
        sharing.share_channel,
        sharing.unshare_channel,
        sharing.invite,
        sharing.open_group,
        ui.click,
        ui.click_view,
        ui.submit_view,
        ui.close_view,
        ui.slash,
        ui.shortcut,
        ui.open_home,
        ui.stop,
    )
}
ARGUMENT_TYPES: dict[str, type] = {
    "str": str,
    "bool": bool,
    "int": int,
    "Json": dict,
    "list[str]": list,
}
"""By annotation: the type of an argument that arrives as JSON."""


async def perform_action(context: SandboxContext, name: str, verb: str, arguments: Json) -> Json:
    """Performs an action as the user called `name`. Arguments that are None count as missing.

    Raises ActionError if the user cannot do that, or if the arguments do not fit the verb.
    """
    user = context.workspace.user(name)
    if user is None or user["is_bot"]:
        names = [human["name"] for human in context.workspace.humans()]
        raise ActionError(
            "user_not_found", f"acting as {name!r}: there is no such person; there are {names}"
        )

    action = VERBS.get(verb)
    if action is None:
        raise ActionError(
            "unknown_verb", f"doing {verb!r}: unknown; known: {', '.join(sorted(VERBS))}"
        )

    present = {key: value for key, value in arguments.items() if value is not None}
    _check_arguments(verb, action, present)
    return await action(Person(context, user), **present)


def _check_arguments(verb: str, action: Action, arguments: Mapping[str, object]) -> None:
    """Raises ActionError unless the arguments are those of the verb, with the right types.

    The signature is the specification: every keyword-only parameter is an argument.
    """
    parameters = {}
    for name, parameter in inspect.signature(action).parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY:
            parameters[name] = parameter

    missing = []
    wrong = []
    for name, parameter in parameters.items():
        if name in arguments:
            if not _has_type(parameter.annotation, arguments[name]):
                wrong.append(name)
        elif parameter.default is parameter.empty:
            missing.append(name)

    unknown = sorted(set(arguments) - set(parameters))
    if missing or wrong or unknown:
        raise ActionError(
            "invalid_arguments",
            f"doing {verb!r}: missing {missing}, of the wrong type {wrong}, unknown {unknown}; "
            f"it takes {list(parameters)}",
        )


def _has_type(annotation: str, value: object) -> bool:
    """Returns whether a value from JSON fits an annotation, which is a string here."""
    allowed = []
    for part in annotation.split("|"):
        if part.strip() in ARGUMENT_TYPES:
            allowed.append(ARGUMENT_TYPES[part.strip()])

    # An annotation without a known type, such as `Any`, accepts everything.
    if isinstance(value, list):
        return not allowed or (list in allowed and all(isinstance(item, str) for item in value))
    if isinstance(value, bool):
        # A bool is an int in Python, but not in JSON.
        return not allowed or bool in allowed

    # Half a surrogate pair can be written in JSON, but it cannot be sent to the bot as UTF-8.
    if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        return not allowed

    return not allowed or isinstance(value, tuple(allowed))
