"""`beagle models`: every model that may be asked, with its price and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from bot.app import catalog, now, random_share
from bot.cli.models.endings import Ending, endings
from bot.cli.terminal import Json, load_data_settings
from router.secret_values import hide_secrets
from router.text.printable import print_line
from workers.llm.litellm_client import LiteLLMClient, open_model
from workers.llm.model_check import ModelCheck, check_model
from workers.llm.model_end import LASTING_DAYS
from workers.llm.model_prices import LOCAL, model_names, named_models


def main(
    call: Annotated[
        bool, typer.Option("--call", help="Ask each for one token, which may cost a little.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check names, keys and prices of all models, and list those that end and what replaces them.

    With --call each is asked for one token.
    """
    settings = load_data_settings()
    client = LiteLLMClient(settings.connect_timeout_seconds)
    model = open_model(settings, None, now, random_share) if call else None

    checks = []
    for name in model_names(settings, catalog(settings)):
        # The small model answers once a worker has started it.
        asked = None if name == LOCAL and not settings.model_url else model
        checks.append(check_model(name, settings, client, asked))

    report = ModelsReport(checks, endings(named_models(settings, catalog(settings)), client, now()))
    print_line(json.dumps(report.as_dict()) if as_json else report.as_text())
    raise typer.Exit(0 if report.ok else 1)


@dataclass(frozen=True, slots=True)
class ModelsReport:
    """The checks of the models that are asked, and every named model that ends within a year."""

    checks: Sequence[ModelCheck]
    endings: Sequence[Ending]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; a model that ends later is only listed."""
        ended = any(ending.has_ended for ending in self.endings)
        return all(check.ok for check in self.checks) and not ended

    def as_dict(self) -> dict[str, object]:
        """Returns the report for scripts."""
        models = []
        for check in self.checks:
            models.append(
                {
                    "name": check.name,
                    "ok": check.ok,
                    "called": check.called,
                    "sees": check.sees,
                    "price": check.price,
                    "problems": [hide_secrets(problem) for problem in check.problems],
                }
            )

        ending = [asdict(ending) for ending in self.endings]
        return {"ok": self.ok, "models": models, "to_replace": ending}

    def as_text(self) -> str:
        """Returns a line for each model, then what has to be replaced."""
        lines = []
        for check in self.checks:
            mark = "ok   " if check.ok else "WRONG"
            answered = ", answered" if check.called else ""
            sees = ", takes pictures" if check.sees else ""
            lines.append(f"{mark} {check.price}{sees}{answered}")
            lines += [f"      {problem}" for problem in check.problems]

        lines += [ending.description for ending in self.endings]
        if not self.endings:
            lines.append(f"none of them ends within {LASTING_DAYS} days, as far as is announced")

        return "\n".join(lines)
