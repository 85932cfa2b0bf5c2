"""`beagle routes import-dspy`: a compiled DSPy program's prompt and examples as a route."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.terminal import load_data_settings
from router.catalog.catalog import Route
from router.catalog.export import write_route
from router.catalog.installed import installed_routes
from router.catalog.version import Version
from router.config import Settings
from router.errors import InputError, RouteError
from router.text.printable import print_line
from workers.optimise.dspy_program import (
    DspyDemo,
    choose_predictor,
    demos_of,
    prompt_of,
    read_program,
)

MAX_SHOTS = 50


@dataclasses.dataclass(frozen=True, slots=True)
class DspyImport:
    """What to import into which route: one predictor, and the field that holds the message."""

    file: Path
    route: str
    predictor: str = ""
    message: str = ""


def main(
    file: Annotated[Path, typer.Argument(help="The JSON that the program's save() wrote.")],
    route: Annotated[str, typer.Option(help="The route that gets prompt and examples.")],
    predictor: Annotated[
        str, typer.Option(help="Which predictor, where the program has several.")
    ] = "",
    message: Annotated[
        str, typer.Option(help="The field that holds the message; the first if left out.")
    ] = "",
    to: Annotated[Path, typer.Option(help="The folder to write into.")] = Path("imported"),
) -> None:
    """Write a route with the instructions and demonstrations of a compiled DSPy program.

    DSPy is not needed. The route's rows that measure stay, so that `beagle eval route` compares.
    """
    wanted = DspyImport(file, route, predictor, message)
    print_line(import_program(load_data_settings(), wanted, to))


def import_program(settings: Settings, wanted: DspyImport, folder: Path) -> str:
    """Writes the route and says where. Raises InputError or RouteError for what cannot be taken."""
    # A predictor takes the place of a prompt, which may be that of a tier for larger models.
    routes = installed_routes(settings, all_tiers=True).routes
    if wanted.route not in routes:
        raise RouteError(
            f"importing into route {wanted.route!r}: there is none; known: "
            f"{', '.join(sorted(routes))}; write a route.md with name, description and utterances"
        )

    route = routes[wanted.route]
    chosen = choose_predictor(read_program(wanted.file), wanted.predictor)
    demos = demos_of(chosen, wanted.message, route.version.output)
    version = _version(route, prompt_of(chosen), demos)
    path = write_route(version, route, folder)
    return (
        f"wrote predictor {chosen.name!r} with {len(version.shots)} of {len(demos)} demonstrations "
        f"as version {version.id} of {route.name!r} to {path}"
    )


def _version(route: Route, prompt: str, demos: list[DspyDemo]) -> Version:
    """Returns the route's version with another prompt and, where there are any, other examples."""
    measured = {row.text.casefold() for row in route.rows if row.split != "train"}
    shots = []
    for demo in demos[:MAX_SHOTS]:
        # An example that measures the route must not be shown to the model.
        if demo.text.casefold() not in measured:
            shots.append({"text": demo.text, "answer": demo.answer, "reasoning": demo.reasoning})

    if not route.version.traits.is_plain_prompt:
        raise InputError(
            f"importing into route {route.name!r}: it is of kind {route.version.kind!r}; a DSPy "
            "predictor is one question to a model, so choose a route of kind 'prompt'"
        )

    thinks = bool(shots) and all(shot["reasoning"] for shot in shots)
    reasoning = "none"
    if thinks:
        # Inside the schema where there is one, else in a call of its own.
        reasoning = "call" if route.version.output is None else "field"

    step = {"do": "prompt", "shots": len(shots), "reasoning": reasoning}
    return route.version.with_changes(
        prompt=prompt, role="", shots=shots, steps=[step], adapter=None
    )
