"""views.*: stacks of modals, and the App Home."""

from __future__ import annotations

from bot.sandbox import modals
from bot.sandbox.block_kit import check_view
from bot.sandbox.json_types import Json
from bot.sandbox.web_api import messages
from bot.sandbox.web_api.call import Call, Method, RefusalError

TRIGGER_ERRORS = {
    "unknown": "invalid_trigger_id",
    "expired": "expired_trigger_id",
    "used": "exchanged_trigger_id",
}


def open_view(call: Call) -> Json:
    """Opens a modal for the user whose interaction issued the trigger id."""
    user, view = _redeem_trigger(call)
    built = modals.build_view(call.context, view)
    # `views.open` replaces whatever is open.
    call.workspace.set_views(user, [built])

    return {"view": built}


def push_view(call: Call) -> Json:
    """Pushes a modal onto the user's stack, which holds at most three."""
    user, view = _redeem_trigger(call)
    stack = call.workspace.views.get(user, [])
    if not stack:
        raise RefusalError("not_found", "no modal is open to push onto")
    if len(stack) >= modals.STACK_LIMIT:
        raise RefusalError("push_limit_reached")

    built = modals.build_view(call.context, view, parent=stack[-1])
    call.workspace.set_views(user, [*stack, built])
    return {"view": built}


def update_view(call: Call) -> Json:
    """Updates an open modal or App Home. With a `hash`, refuses if the view has changed since."""
    view_id = call.text("view_id", "")
    external_id = call.text("external_id", "")
    if bool(view_id) == bool(external_id):
        raise RefusalError("invalid_arguments", "either view_id or external_id is required")

    if view_id:
        owner_and_view = call.workspace.view(view_id)
    else:
        owner_and_view = _find_by_external_id(call, external_id)

    if owner_and_view is None:
        raise RefusalError("not_found")

    user, old = owner_and_view
    _check_hash(call, old)

    view = _parse_view(call)
    if view["type"] != old["type"]:
        raise RefusalError("invalid_arguments", "the type of a view cannot change")

    built = modals.build_view(call.context, view, replaces=old)
    if old["type"] == "home":
        call.workspace.set_home(user, built)
    else:
        stack = call.workspace.views[user]
        updated = [built if other["id"] == old["id"] else other for other in stack]
        call.workspace.set_views(user, updated)

    return {"view": built}


def publish_view(call: Call) -> Json:
    """Publishes the user's App Home."""
    user = call.user("user_id")
    view = _parse_view(call, "home")

    old = call.workspace.homes.get(user["id"])
    if old is not None:
        _check_hash(call, old)

    built = modals.build_view(call.context, view, replaces=old)
    call.workspace.set_home(user["id"], built)
    return {"view": built}


def _redeem_trigger(call: Call) -> tuple[str, Json]:
    """Returns the user of the trigger id, and the view."""
    trigger_id = call.text("trigger_id")
    tokens = call.context.short_lived_tokens
    # The view is checked first: an invalid view does not use up the trigger id.
    try:
        view = _parse_view(call, "modal")
    except RefusalError:
        if call.context.refusals.spends_trigger:
            tokens.redeem("trigger", trigger_id)
        raise

    data = tokens.redeem("trigger", trigger_id)
    if isinstance(data, str):
        raise RefusalError(TRIGGER_ERRORS[data])

    return str(data["user"]), view


def _parse_view(call: Call, kind: str | None = None) -> Json:
    """Returns the call's view. Refuses an invalid one, or an external id that is in use."""
    view = call.json_argument("view")
    if not isinstance(view, dict):
        raise RefusalError("invalid_arguments", "missing required field: view")

    problems = check_view(view, kind)
    if problems:
        raise RefusalError("invalid_arguments", *problems)

    code = "invalid_arguments" if call.context.refusals.named else call.context.refusals.code
    messages.refuse(call, view["blocks"], view["type"], "/view/blocks", code)
    external_id = view.get("external_id")
    is_new = call.method in ("views.open", "views.push")
    if external_id and is_new and _find_by_external_id(call, external_id) is not None:
        raise RefusalError("duplicate_external_id")

    return view


def _find_by_external_id(call: Call, external_id: str) -> tuple[str, Json] | None:
    """Returns an open modal with the user it belongs to."""
    for user, stack in call.workspace.views.items():
        for view in stack:
            if view.get("external_id") == external_id:
                return user, view

    return None


def _check_hash(call: Call, old: Json) -> None:
    """Refuses an update that is based on an older version of the view."""
    expected = call.text("hash", "")
    if expected and expected != old["hash"]:
        raise RefusalError("hash_conflict")


METHODS = {
    "views.open": Method(open_view, tier=4),
    "views.push": Method(push_view, tier=4),
    "views.update": Method(update_view, tier=4),
    "views.publish": Method(publish_view, tier=4),
}
