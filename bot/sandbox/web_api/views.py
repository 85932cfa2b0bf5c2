"""views.*: modals in stacks, and the App Home."""

from __future__ import annotations

from typing import Any

from bot.sandbox import modals
from bot.sandbox.block_kit import check_view
from bot.sandbox.web_api.call import Call, Method, RefusalError

Json = dict[str, Any]


def open_view(call: Call) -> Json:
    """A new modal is open for the person whose click gave the trigger."""
    user, view = _triggered(call)
    made = modals.made(call.platform, view)
    call.workspace.set_views(user, [made])

    return {"view": made}


def push_view(call: Call) -> Json:
    """A modal lies on top of the person's others; three is Slack's limit."""
    user, view = _triggered(call)
    stack = call.workspace.views.get(user, [])
    if not stack:
        raise RefusalError("not_found", "no modal is open to push onto")
    if len(stack) >= modals.STACK_LIMIT:
        raise RefusalError("push_limit_reached")

    made = modals.made(call.platform, view, below=stack[-1])
    call.workspace.set_views(user, [*stack, made])
    return {"view": made}


def update_view(call: Call) -> Json:
    """An open modal, or a home, shows other content. With a `hash`, only if nobody changed it since."""
    view_id, external_id = call.text("view_id", ""), call.text("external_id", "")
    if bool(view_id) == bool(external_id):
        raise RefusalError("invalid_arguments", "either view_id or external_id is required")

    found = call.workspace.view(view_id) if view_id else _external(call, external_id)
    if found is None:
        raise RefusalError("not_found")

    user, old = found
    _check_hash(call, old)

    view = _view(call)
    if view["type"] != old["type"]:
        raise RefusalError("invalid_arguments", "the type of a view cannot change")

    made = modals.made(call.platform, view, instead_of=old)
    if old["type"] == "home":
        call.workspace.set_home(user, made)
    else:
        stack = [made if one["id"] == old["id"] else one for one in call.workspace.views[user]]
        call.workspace.set_views(user, stack)

    return {"view": made}


def publish_view(call: Call) -> Json:
    """The person's App Home shows the view."""
    user = call.user("user_id")
    view = _view(call, "home")

    old = call.workspace.homes.get(user["id"])
    if old is not None:
        _check_hash(call, old)

    made = modals.made(call.platform, view, instead_of=old)
    call.workspace.set_home(user["id"], made)
    return {"view": made}


def _triggered(call: Call) -> tuple[str, Json]:
    """The person and the checked view of a call with a trigger id. A view that is refused spends no trigger."""
    key = call.text("trigger_id")
    view = _view(call, "modal")

    about = call.platform.tickets.use("trigger", key)
    if isinstance(about, str):
        codes = {
            "unknown": "invalid_trigger_id",
            "expired": "expired_trigger_id",
            "used": "exchanged_trigger_id",
        }

        raise RefusalError(codes[about])

    return str(about["user"]), view


def _view(call: Call, kind: str | None = None) -> Json:
    view = call.structure("view")
    if not isinstance(view, dict):
        raise RefusalError("invalid_arguments", "missing required field: view")

    problems = check_view(view, kind)
    if problems:
        raise RefusalError("invalid_arguments", *problems)

    external_id = view.get("external_id")
    if (
        external_id
        and call.method in ("views.open", "views.push")
        and _external(call, external_id) is not None
    ):
        raise RefusalError("duplicate_external_id")

    return view


def _external(call: Call, external_id: str) -> tuple[str, Json] | None:
    for user, stack in call.workspace.views.items():
        for view in stack:
            if view.get("external_id") == external_id:
                return user, view

    return None


def _check_hash(call: Call, old: Json) -> None:
    given = call.text("hash", "")
    if given and given != old["hash"]:
        raise RefusalError("hash_conflict")


METHODS = {
    "views.open": Method(open_view, tier=4),
    "views.push": Method(push_view, tier=4),
    "views.update": Method(update_view, tier=4),
    "views.publish": Method(publish_view, tier=4),
}
