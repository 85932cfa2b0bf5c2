"""`beagle doctor`: check every part of the installation and say what is wrong."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Annotated

import typer
from slack_sdk.errors import SlackApiError
from sqlalchemy.exc import SQLAlchemyError

from bot.cli.doctor.answer_checks import (
    check_encoder,
    check_model,
    check_model_ends,
    check_prices,
    check_quote_scorer,
    check_routes,
)
from bot.cli.doctor.diagnosis import CheckResult, Diagnosis, WarningText
from bot.cli.doctor.machine_checks import check_clock, check_data_folder, check_disk
from bot.cli.doctor.service_checks import (
    check_bot,
    check_queue,
    check_store,
    check_workers,
    database_file,
)
from bot.cli.doctor.slack_checks import (
    check_admin_channel,
    check_admins,
    check_bot_token,
    check_receiving,
    check_round_trip,
    check_who_may_install,
)
from bot.cli.terminal import Json, load_settings
from bot.transport.clients import UNREACHABLE
from router.config import Settings
from router.errors import BeagleError
from router.secret_values import hide_secrets
from router.store import open_store
from router.text.printable import print_line

GONE_TOKENS = frozenset({"token_revoked", "token_expired", "account_inactive"})
"""Slack's errors of a token that was right once."""
CHECKS: Mapping[str, Callable[[Settings], str]] = {
    "bot token": check_bot_token,
    "receiving": check_receiving,
    "admins": check_admins,
    "admin channel": check_admin_channel,
    "data folder": check_data_folder,
    "disk": check_disk,
    "clock": check_clock,
    "store": check_store,
    "queue": check_queue,
    "workers": check_workers,
    "bot": check_bot,
    "routes": check_routes,
    "encoder": check_encoder,
    "quote scorer": check_quote_scorer,
    "model": check_model,
    "prices": check_prices,
    "models that end": check_model_ends,
}
"""The parts in the order in which they are shown. A check returns how the part is, or raises."""


def main(
    as_json: Json = False,
    round_trip: Annotated[
        bool,
        typer.Option(
            "--round-trip", help="Post, edit, stream and delete a message to the first admin."
        ),
    ] = False,
) -> None:
    """Check every part, from Slack's tokens to the workers, and list requests given up.

    It creates no database and migrates none.
    """
    settings = load_settings()
    # The line of each part says it in words.
    logging.getLogger("slack_sdk").setLevel(logging.CRITICAL)
    diagnosis = run_checks(settings, round_trip=round_trip)
    print_line(json.dumps(diagnosis.as_dict()) if as_json else diagnosis.as_text())
    raise typer.Exit(0 if diagnosis.ok else 1)


def run_checks(settings: Settings, *, round_trip: bool = False) -> Diagnosis:
    """Checks every part. A part that fails is a result, never an exception.

    With `round_trip` the first admin gets a direct message, which is deleted again.
    """
    checks = dict(CHECKS)
    if settings.slack_client_id:
        checks["who may install"] = check_who_may_install
    if round_trip:
        checks["round trip"] = check_round_trip

    diagnosis = Diagnosis()
    for part, check in checks.items():
        diagnosis.checks.append(_run_check(part, check, settings))

    store_works = next(check.ok for check in diagnosis.checks if check.part == "store")
    file = database_file(settings) if store_works else None
    if store_works and (file is None or file.exists()):
        with closing(open_store(settings.store_url, migrates=False)) as store:
            diagnosis.dead_letters = store.requests.dead_letters()

    return diagnosis


def _run_check(part: str, check: Callable[[Settings], str], settings: Settings) -> CheckResult:
    """Runs one check; whatever it says, and however it is printed, holds no secret."""
    result = _checked(part, check, settings)
    return replace(result, text=hide_secrets(result.text))


def _refusal(error: SlackApiError) -> str:
    """Returns what Slack answered and what to do about it."""
    reason = str(error.response.get("error"))
    if reason in GONE_TOKENS:
        remedy = "install the app again in the workspace, and copy its new token"
    elif reason == "missing_scope":
        needed = error.response.get("needed")
        remedy = f"add the scope {needed} to the app, and install it again"
    else:
        remedy = "copy the token again from the app's page"

    return f"Slack answered {reason!r}; {remedy}"


def _checked(part: str, check: Callable[[Settings], str], settings: Settings) -> CheckResult:
    try:
        text = check(settings)
        return CheckResult(part, True, text, warns=isinstance(text, WarningText))
    except BeagleError as error:
        return CheckResult(part, False, str(error))
    except SlackApiError as error:
        return CheckResult(part, False, _refusal(error))
    except UNREACHABLE as error:
        text = f"Slack was not reached at {settings.slack_api_url} ({type(error).__name__})"
        return CheckResult(part, False, text)
    except (SQLAlchemyError, OSError) as error:
        kind = type(error).__name__
        text = f"{kind}: check that the data folder or database can be written"
        return CheckResult(part, False, text)
