"""`beagle models`: every model that may be asked, with its price and what is wrong with it."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from bot.app import catalog, now, random_share
from bot.cli.terminal import Json, load_settings
from router.secret_values import hide_secrets
from router.text.printable import print_line
from workers.llm.litellm_client import LiteLLMClient, open_model
from workers.llm.model_check import ModelCheck, check_model
from workers.llm.model_prices import LOCAL, model_names


def main(
    call: Annotated[
        bool, typer.Option("--call", help="Ask each for one token, which may cost a little.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check names, keys and prices of all models, and with --call whether they answer."""
    settings = load_settings()
    client = LiteLLMClient(settings.connect_timeout_seconds)
    model = open_model(settings, None, now, random_share) if call else None

    checks = []
    for name in model_names(settings, catalog(settings)):
        # The small model answers once a worker has started it.
        asked = None if name == LOCAL and not settings.model_url else model
        checks.append(check_model(name, settings, client, asked))

    print_line(json.dumps(_as_dict(checks)) if as_json else _as_text(checks))
    raise typer.Exit(0 if all(check.ok for check in checks) else 1)


def _as_dict(checks: list[ModelCheck]) -> dict[str, object]:
    models = [
        {
            "name": check.name,
            "ok": check.ok,
            "called": check.called,
            "sees": check.sees,
            "price": check.price,
            "problems": [hide_secrets(problem) for problem in check.problems],
        }
        for check in checks
    ]
    return {"ok": all(check.ok for check in checks), "models": models}


def _as_text(checks: list[ModelCheck]) -> str:
    lines = []
    for check in checks:
        mark = "ok   " if check.ok else "WRONG"
        answered = ", answered" if check.called else ""
        sees = ", takes pictures" if check.sees else ""
        lines.append(f"{mark} {check.price}{sees}{answered}")
        lines += [f"      {problem}" for problem in check.problems]

    return "\n".join(lines)
