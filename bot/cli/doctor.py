"""`beagle doctor`: check every part of the installation and say what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated

import typer
from slack_sdk.errors import SlackApiError
from sqlalchemy.exc import SQLAlchemyError

from bot.app import catalog, now, open_backend, random_share
from bot.cli.terminal import Json, load_settings
from bot.transport.clients import UNREACHABLE, web_client
from bot.transport.round_trip import make_round_trip, open_client
from bot.transport.scopes import BOT_SCOPES
from bot.transport.workspaces import open_workspaces
from router.config import Settings
from router.errors import BeagleError, RouteError, SettingsError
from router.private_files import EVERYBODY, wide_files
from router.secret_values import hide_secrets
from router.store import open_store
from router.store.requests.requests import DeadLetter
from router.text.printable import print_line
from workers.drift.model_sunset import sunsets_within
from workers.llm.model_end import LASTING_DAYS
from workers.llm.model_prices import model_names, model_price, named_models
from workers.runtime.data_folder import open_data_folder


def main(
    as_json: Json = False,
    round_trip: Annotated[
        bool,
        typer.Option(
            "--round-trip", help="Post, edit, stream and delete a message to the first admin."
        ),
    ] = False,
) -> None:
    """Check settings, Slack, queue, store, routes and model, and list requests given up."""
    diagnosis = run_checks(load_settings(), round_trip=round_trip)
    print_line(json.dumps(diagnosis.as_dict()) if as_json else diagnosis.as_text())
    raise typer.Exit(0 if diagnosis.ok else 1)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One part of the installation and whether it works; `text` says how, or what to do."""

    part: str
    ok: bool
    text: str


@dataclass(slots=True)
class Diagnosis:
    """The results of all checks, and the requests that were given up."""

    checks: list[CheckResult] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether Beagle can run. Requests given up are listed but do not count."""
        return all(check.ok for check in self.checks)

    def as_text(self) -> str:
        """Returns a line for each part, then the requests given up."""
        lines = []
        for check in self.checks:
            mark = "ok   " if check.ok else "WRONG"
            lines.append(f"{mark} {check.part}: {check.text}")

        letters = self.dead_letters
        if letters:
            lines.append(
                f"{len(letters)} requests were given up; "
                "`beagle replay ID` or `beagle replay all` tries again:"
            )

        for letter in letters:
            day = datetime.fromtimestamp(letter.at, UTC).strftime("%Y-%m-%d %H:%M")
            lines.append(
                f"  {letter.id}  {day}  {letter.channel}  tries {letter.tries}  "
                f"{hide_secrets(letter.error)}"
            )

        return "\n".join(lines)

    def as_dict(self) -> dict[str, object]:
        """Returns the same for scripts; the keys are those of release 0.1."""
        parts = {check.part: {"ok": check.ok, "said": check.text} for check in self.checks}
        dead = []
        for letter in self.dead_letters:
            dead.append(
                {
                    "id": letter.id,
                    "channel": letter.channel,
                    "tries": letter.tries,
                    "error": hide_secrets(letter.error),
                    "at": letter.at,
                }
            )

        return {"ok": self.ok, "parts": parts, "dead": dead}


def run_checks(settings: Settings, *, round_trip: bool = False) -> Diagnosis:
    """Checks every part. A part that fails is a result, never an exception.

    With `round_trip` the first admin gets a direct message, which is deleted again.
    """
    checks: list[tuple[str, Callable[[Settings], str]]] = [
        ("bot token", _check_bot_token),
        ("receiving", _check_receiving),
        ("admins", _check_admins),
        ("data folder", _check_data_folder),
        ("store", _check_store),
        ("queue", _check_queue),
        ("routes", _check_routes),
        ("model", _check_model),
        ("prices", _check_prices),
        ("models that end", _check_ends),
    ]
    if round_trip:
        checks.append(("round trip", _check_round_trip))

    diagnosis = Diagnosis()
    for part, check in checks:
        diagnosis.checks.append(_run_check(part, check, settings))

    store_works = next(check.ok for check in diagnosis.checks if check.part == "store")
    if store_works:
        store = open_store(settings.store_url, migrates=False)
        diagnosis.dead_letters = store.requests.dead_letters()
        store.close()

    return diagnosis


def _run_check(part: str, check: Callable[[Settings], str], settings: Settings) -> CheckResult:
    """Runs one check; whatever it says, and however it is printed, holds no secret."""
    result = _checked(part, check, settings)
    return replace(result, text=hide_secrets(result.text))


def _checked(part: str, check: Callable[[Settings], str], settings: Settings) -> CheckResult:
    try:
        return CheckResult(part, True, check(settings))
    except BeagleError as error:
        return CheckResult(part, False, str(error))
    except SlackApiError as error:
        reason = error.response.get("error")
        text = f"Slack answered {reason!r}; copy the token again from the app's page"
        return CheckResult(part, False, text)
    except UNREACHABLE as error:
        text = f"Slack was not reached at {settings.slack_api_url} ({type(error).__name__})"
        return CheckResult(part, False, text)
    except (SQLAlchemyError, OSError) as error:
        kind = type(error).__name__
        text = f"{kind}: check that the data folder or database can be written"
        return CheckResult(part, False, text)


def _check_bot_token(settings: Settings) -> str:
    token = settings.slack_bot_token.get_secret_value()
    if settings.slack_client_id:
        return _describe_installations(settings)

    if not token:
        raise SettingsError(
            "SLACK_BOT_TOKEN is not set; it starts with 'xoxb-' and is shown under "
            "OAuth & Permissions"
        )

    answer = web_client(token, settings.slack_api_url).auth_test()
    header = str(answer.headers.get("x-oauth-scopes", ""))
    granted = {scope.strip() for scope in header.split(",") if scope.strip()}
    missing = sorted(set(BOT_SCOPES) - granted) if granted else []
    if missing:
        raise SettingsError(
            f"the token lacks the scopes {', '.join(missing)}; "
            "add them to the app and install it again"
        )

    return f"signed in as {answer['user']} in {answer['team']}"


def _describe_installations(settings: Settings) -> str:
    """Returns how many workspaces have a token, who may install, and which keys are in use."""
    store = open_store(settings.store_url, migrates=False)
    try:
        installations = open_workspaces(settings, store, None, now).installations
        teams = store.installations.teams()
        old_seals = installations.count_old_seals() if installations is not None else 0
    finally:
        store.close()

    text = f"each workspace installs Beagle at /slack/install; {len(teams)} have a token"
    if not settings.allowed_teams:
        text += "; any workspace may install (BEAGLE_ALLOWED_TEAMS is empty)"
    if old_seals:
        text += f"; {old_seals} are still encrypted with an older BEAGLE_TOKEN_KEY"

    return text


def _check_receiving(settings: Settings) -> str:
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


def _check_admins(settings: Settings) -> str:
    if settings.slack_client_id:
        return "; ".join(["whoever installed Beagle in a workspace", *settings.admins])

    if not settings.admins:
        return "nobody: BEAGLE_ADMINS is empty, so nobody may approve"

    return ", ".join(settings.admins)


def _check_data_folder(settings: Settings) -> str:
    open_data_folder(settings.data)
    wide = wide_files(settings.data)
    open_to_all = [path for path in wide if path.lstat().st_mode & EVERYBODY]
    if open_to_all:
        raise SettingsError(
            f"{len(open_to_all)} files or folders in {settings.data} can be used by every user of "
            f"this machine, first {str(open_to_all[0])!r}; they hold people's messages: let the "
            "user who runs Beagle own them, or run `chmod -R o-rwx` as their owner"
        )

    if wide:
        # A volume with a group of its own, as Kubernetes makes them.
        return f"{settings.data}, also open to its group"

    return f"{settings.data}, for this user only"


def _check_store(settings: Settings) -> str:
    store = open_store(settings.store_url, migrates=False)
    try:
        count, oldest_seconds = store.requests.open_count(now())
    finally:
        store.close()

    age = f", the oldest for {oldest_seconds:.0f} s" if count else ""
    return f"answers; {count} requests open{age}"


def _check_queue(settings: Settings) -> str:
    backend = open_backend(settings, migrates=False)
    try:
        depths = backend.queue.depth().items()
    finally:
        backend.close()

    where = "embedded" if backend.broker is not None else "REDIS_URL"
    waiting = ", ".join(f"{queue} {count}" for queue, count in depths)
    return f"answers ({where}); waiting: {waiting}"


def _check_routes(settings: Settings) -> str:
    found = catalog(settings)
    if found.problems:
        raise RouteError("; ".join(found.problems))

    return ", ".join(sorted(found.routes))


def _check_model(settings: Settings) -> str:
    if settings.model == "local" and not settings.model_url:
        from workers.llm.weights import find_weights

        return f"local demo model, weights {find_weights(settings.data).name}"

    from workers.llm.litellm_client import LiteLLMClient, open_model
    from workers.llm.model_check import check_model

    client = LiteLLMClient(settings.connect_timeout_seconds)
    model = open_model(settings, None, now, random_share)
    check = check_model(settings.model, settings, client, model)
    if not check.ok:
        raise SettingsError("; ".join(check.problems))

    return f"{settings.model} answered one token"


def _check_round_trip(settings: Settings) -> str:
    """Says what this workspace's Slack can do, and what is used instead of the rest."""
    token = settings.slack_bot_token.get_secret_value()
    if not token:
        raise SettingsError("a round trip needs SLACK_BOT_TOKEN, the token of one workspace")
    if not settings.admins:
        raise SettingsError("a round trip needs an admin in BEAGLE_ADMINS, who gets the message")

    user = settings.admins[0].rpartition(":")[2]
    trip = make_round_trip(open_client(token, settings.slack_api_url), user)

    lines = [f"posted, edited and deleted a message to {user}"]
    if trip.no_stream:
        lines.append(f"no streaming ({trip.no_stream}), so answers are edited as they grow")
    else:
        lines.append("answers can be streamed")
    if trip.refused_blocks:
        kinds = ", ".join(trip.refused_blocks)
        lines.append(f"no {kinds} here, so plainer blocks are sent instead")

    return "; ".join(lines)


def _check_prices(settings: Settings) -> str:
    """Says what each model is counted at; a model that would be refused is wrong."""
    from workers.llm.litellm_client import LiteLLMClient

    listed = LiteLLMClient(settings.connect_timeout_seconds).price
    names = model_names(settings, catalog(settings))
    return "; ".join(model_price(name, settings, listed).description for name in names)


def _check_ends(settings: Settings) -> str:
    """Says which models end within a year; one that has ended is wrong."""
    from workers.llm.litellm_client import LiteLLMClient

    client = LiteLLMClient(settings.connect_timeout_seconds)
    places = named_models(settings, catalog(settings))
    ending = sunsets_within(places, client.sunset_date, now(), LASTING_DAYS)
    lines = []
    for one in ending:
        lines.append(f"{one.model} on {one.date}, named by {', '.join(places[one.model])}")

    if not lines:
        return f"none within {LASTING_DAYS} days, as far as is announced"

    text = f"{'; '.join(lines)}; `beagle models` proposes others"
    if any(one.days < 1 for one in ending):
        raise SettingsError(f"switched off by their providers: {text}")

    return text
