"""Says in words what is wrong, part by part, and puts back what was given up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from slack_sdk.errors import SlackApiError
from sqlalchemy.exc import SQLAlchemyError

from bot.app import catalog, now, open_delivery
from bot.replies.replies import UNREACHABLE, web_client
from bot.transport.scopes import BOT_SCOPES
from router.config import Settings
from router.errors import BeagleError, SettingsError
from router.store import Store, open_store
from router.store.requests.requests import Letter


@dataclass(slots=True)
class Finding:
    """One part: what was found, and whether it is well."""

    part: str
    ok: bool
    said: str


@dataclass(slots=True)
class Findings:
    """Everything the doctor looked at."""

    parts: list[Finding] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether Beagle can run. Given-up requests are reported but are no illness."""
        return all(part.ok for part in self.parts)

    def as_text(self) -> str:
        """A line for each part, then the dead letters."""
        lines = [
            f"{'ok   ' if part.ok else 'WRONG'} {part.part}: {part.said}" for part in self.parts
        ]
        if self.letters:
            lines.append(
                f"{len(self.letters)} given up; `beagle replay ID` or `beagle replay all` tries again:"
            )
            lines += [
                f"  {x.id}  {_day(x.at)}  {x.channel}  tries {x.tries}  {x.error}"
                for x in self.letters
            ]

        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """The same for machines."""
        parts = {part.part: {"ok": part.ok, "said": part.said} for part in self.parts}
        dead = [
            {"id": x.id, "channel": x.channel, "tries": x.tries, "error": x.error, "at": x.at}
            for x in self.letters
        ]

        return {"ok": self.ok, "parts": parts, "dead": dead}


def examine(settings: Settings) -> Findings:
    """What every part says of itself; never raises for a part that is ill."""
    found = Findings()
    for name, look in (
        ("bot token", _bot_token),
        ("receiving", _receiving),
        ("admins", _admins),
        ("queue", _queue),
        ("routes", _routes),
        ("model", _model),
    ):
        found.parts.append(_look(name, look, settings))

    store = _look("store", _store, settings)
    found.parts.insert(3, store)

    if store.ok:
        opened = open_store(settings.store_url)
        found.letters = opened.requests.dead()
        opened.close()

    return found


def put_back(settings: Settings, request: str) -> int:
    """How many given-up requests will be tried again. The reaper wakes them within seconds."""
    store: Store = open_store(settings.store_url)
    try:
        keys = (
            [letter.id for letter in store.requests.dead(10_000)] if request == "all" else [request]
        )
        return sum(store.requests.reopen(key, now()) for key in keys)
    finally:
        store.close()


def _look(name: str, look: Callable[[Settings], str], settings: Settings) -> Finding:
    try:
        return Finding(name, True, look(settings))
    except BeagleError as error:
        return Finding(name, False, str(error))
    except SlackApiError as error:
        return Finding(
            name,
            False,
            f"Slack said {error.response.get('error')!r}; copy the token again from the app's page",
        )
    except UNREACHABLE as error:
        return Finding(
            name,
            False,
            f"Slack was not reached at {settings.slack_api_url} ({type(error).__name__})",
        )
    except (SQLAlchemyError, OSError) as error:
        return Finding(
            name,
            False,
            f"{type(error).__name__}: check that the data folder or database can be written",
        )


def _bot_token(settings: Settings) -> str:
    token = settings.slack_bot_token.get_secret_value()
    if settings.slack_client_id:
        return "each workspace has its own: it installs Beagle at /slack/install"

    if not token:
        raise SettingsError(
            "SLACK_BOT_TOKEN is not set; it starts with 'xoxb-' and stands under OAuth & Permissions"
        )

    answer = web_client(token, settings.slack_api_url).auth_test()
    granted = {
        scope.strip()
        for scope in str(answer.headers.get("x-oauth-scopes", "")).split(",")
        if scope.strip()
    }

    missing = sorted(set(BOT_SCOPES) - granted) if granted else []
    if missing:
        raise SettingsError(
            f"the token lacks the scopes {', '.join(missing)}; add them to the app and install it again"
        )

    return f"signed in as {answer['user']} in {answer['team']}"


def _receiving(settings: Settings) -> str:
    if settings.slack_mode == "http":
        if not settings.slack_signing_secret.get_secret_value():
            raise SettingsError("BEAGLE_SLACK_MODE is 'http' but SLACK_SIGNING_SECRET is not set")
        return "signed HTTP at /slack/events"

    token = settings.slack_app_token.get_secret_value()
    if not token:
        raise SettingsError(
            "SLACK_APP_TOKEN is not set; Socket Mode needs one with the scope connections:write"
        )

    web_client(token, settings.slack_api_url).apps_connections_open(app_token=token)
    return "Socket Mode"


def _admins(settings: Settings) -> str:
    return (
        ", ".join(settings.admins)
        if settings.admins
        else "nobody: BEAGLE_ADMINS is empty, so nobody may approve"
    )


def _store(settings: Settings) -> str:
    store = open_store(settings.store_url)
    try:
        count, oldest = store.requests.waiting(now())
        return f"answers; {count} requests open" + (
            f", the oldest for {oldest:.0f} s" if count else ""
        )
    finally:
        store.close()


def _queue(settings: Settings) -> str:
    delivery = open_delivery(settings)
    try:
        where = "embedded" if delivery.broker is not None else "REDIS_URL"
        return f"answers ({where}); waiting: {', '.join(f'{name} {n}' for name, n in delivery.queue.depth().items())}"
    finally:
        delivery.close()


def _routes(settings: Settings) -> str:
    found = catalog(settings)
    if found.problems:
        raise SettingsError("; ".join(found.problems))
    return ", ".join(sorted(found.routes))


def _model(settings: Settings) -> str:
    if settings.model == "local" and not settings.model_url:
        from workers.llm.weights import find_weights

        return f"local demo model, weights {find_weights(settings.data).name}"

    return f"{settings.model} (not called now, a call costs money)"


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")
