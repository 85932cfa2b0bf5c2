"""The token bill: what each part of every route's prompt weighs, and what caching changes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Annotated, Any

import typer

from evals.routes.route_runs import real_context
from evals.tuning.essay_page import write_section
from router.catalog.catalog import Route, builtin_routes_folder, load_routes
from router.catalog.version import PromptStep, Version
from router.config import Settings, read_settings
from router.errors import InputError
from router.log import set_up_logs
from router.text.printable import print_line
from router.types import Tokens
from workers.evaluation.run import run_rows
from workers.llm.fakes import ScriptedModel
from workers.llm.pricing import Price
from workers.readiness.prices import known_prices
from workers.training.tune import tuned_system_prompt

PARTS = ("system", "few_shot", "context", "query")
BAND = (2_500, 13_000)
"""Input tokens of the prompts that the essay speaks of, and of a pruned one after tuning."""
PRUNED = 260
BYTES_PER_TOKEN = 4
"""English text in today's tokenizers; an estimate, because each model has its own."""
ROWS = 10
MODEL = "gpt-5.6-luna"
SECTION = "token-bill"
COLOURS = {"system": "#2f6f4f", "few_shot": "#7fa88f", "context": "#c9a54a", "query": "#5b7fb3"}


def main(
    model: Annotated[str, typer.Option(help="The model whose listed price counts.")] = MODEL,
    rows: Annotated[int, typer.Option(help="Test rows of each route.")] = ROWS,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Weigh the parts of each built-in route's prompts, with and without prefix caching.

    No model is asked: the prompts are built as for people, and answers are the right ones.
    """
    settings = read_settings()
    set_up_logs(settings.log, "warning")
    report = measure(settings, model, rows)
    print_line(json.dumps(report) if as_json else table(report))


def measure(settings: Settings, model: str = MODEL, rows: int = ROWS) -> dict[str, Any]:
    """Returns the bill of each route that asks a model. Raises InputError without a price."""
    price = known_prices(settings).price_of(model)
    if price is None:
        raise InputError(
            f"weighing prompts: {model!r} has no listed price; name another with --model"
        )

    routes = []
    for name, route in sorted(load_routes(builtin_routes_folder()).routes.items()):
        bill = _bill(settings.model_copy(update={"model": model}), name, route, price, rows)
        if bill is not None:
            routes.append(bill)

    return {"model": model, "rows": rows, "band": list(BAND), "pruned": PRUNED, "routes": routes}


def _bill(
    settings: Settings, name: str, route: Route, price: Price, count: int
) -> dict[str, Any] | None:
    """Returns the mean tokens of a request by part; None where no row asks the model."""
    rows = [row for row in route.rows if row.split == "test"][:count]
    scripted = ScriptedModel()
    with real_context(settings, route, model=scripted) as context:
        run_rows(context, route.version, rows)

    if not scripted.calls or not rows:
        return None

    sizes = dict.fromkeys(PARTS, 0.0)
    for call in scripted.calls:
        for part in PARTS:
            sizes[part] += len(call.parts.get(part, "").encode()) / BYTES_PER_TOKEN / len(rows)

    output = sum(len(json.dumps(row.answer).encode()) for row in rows) / len(rows)
    output /= BYTES_PER_TOKEN
    cached = sizes["system"] + (0.0 if _shows_nearest(route.version) else sizes["few_shot"])
    tuned = len(tuned_system_prompt(name).encode()) / BYTES_PER_TOKEN + sizes["query"]
    return {
        "route": name,
        "kind": route.version.kind,
        "calls": len(scripted.calls) / len(rows),
        "tokens": {part: round(size, 1) for part, size in sizes.items()},
        "input": round(sum(sizes.values()), 1),
        "output": round(output, 1),
        "cacheable": round(cached, 1),
        "usd_per_1k": _usd(price, sum(sizes.values()), output, 0.0),
        "usd_per_1k_cached": _usd(price, sum(sizes.values()), output, cached),
        "usd_per_1k_tuned_prompt": _usd(price, tuned, output, 0.0),
    }


def _shows_nearest(version: Version) -> bool:
    """Returns whether examples depend on the message, so that no cache can keep them."""
    steps = [step for step in version.steps if isinstance(step, PromptStep)]
    return any(step.shots and step.pick == "nearest" for step in steps)


def _usd(price: Price, read: float, written: float, cached: float) -> float:
    """Returns USD for 1,000 requests."""
    tokens = Tokens(query=round(1000 * read), output=round(1000 * written))
    tokens = Tokens(query=tokens.query, output=tokens.output, cached=round(1000 * cached))
    return round(price.cost(tokens, 0.0), 4)


def table(report: Mapping[str, Any]) -> str:
    """Returns the bill as a Markdown table."""
    head = (
        "| route | system | few-shot | context | query | input | calls | cacheable | "
        "USD per 1,000 | cached | with a tuned prompt |"
    )
    lines = [head, "|" + "---|" * 11]
    for route in report["routes"]:
        tokens = " | ".join(f"{route['tokens'][part]:.0f}" for part in PARTS)
        share = route["cacheable"] / max(1.0, route["input"])
        lines.append(
            f"| `{route['route']}` | {tokens} | {route['input']:.0f} | {route['calls']:.1f} | "
            f"{share:.0%} | {route['usd_per_1k']:.3f} | {route['usd_per_1k_cached']:.3f} | "
            f"{route['usd_per_1k_tuned_prompt']:.3f} |"
        )

    return "\n".join(lines)


def section(report: Mapping[str, Any]) -> str:
    """Returns the part of the essay's page, without its chart's file."""
    low, high = report["band"]
    inputs = [route["input"] for route in report["routes"]]
    inside = sum(low <= size <= high for size in inputs)
    return f"""## The token bill

The four parts of each built-in route's prompts, built as for people from {report["rows"]} test rows
each (`beagle eval token_bill --json`). No model was asked: a stand-in gives the shortest answer
that is allowed, so a route with tools may take other steps with a real one. A token is
counted for every {BYTES_PER_TOKEN} bytes; USD are list prices of {report["model"]}.

![Input tokens of each route by part](images/{SECTION}.svg)

{table(report)}

The essay's prompts have {low:,} to {high:,} input tokens, and {report["pruned"]} once the behaviour
is in the weights. {inside} of {len(inputs)} built-in routes are in that band; the largest has
{max(inputs):,.0f}, so a tuned prompt saves less here than there.
*Cacheable* is the share that is the same in every request: the system prompt, and examples unless
they are the nearest ones. Most providers cache a prefix from 1,024 tokens on only; below that, the
column *cached* is out of reach, and it shows what a server of one's own would save."""


def chart(report: Mapping[str, Any]) -> str:
    """Returns an SVG of stacked bars, one for each route, with the start of the essay's band."""
    routes = report["routes"]
    scale = 460 / (1.1 * max(report["band"][0], *(route["input"] for route in routes)))
    height = 90 + 28 * len(routes)
    edge = 110 + scale * report["band"][0]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="640" height="{height}" '
        'font-family="sans-serif" font-size="13" role="img">',
        "<title>Input tokens of each route by part</title>",
        '<rect width="100%" height="100%" fill="white"/>',
        *_legend(),
        f'<line x1="{edge:.1f}" x2="{edge:.1f}" y1="40" y2="{height - 30}" stroke="#1d1c1d" '
        'stroke-dasharray="4 3"/>',
        f'<text x="{edge:.1f}" y="{height - 12}" text-anchor="middle" font-size="11">'
        f"{report['band'][0]:,}: the essay's prompts begin</text>",
        *_bars(routes, scale),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _legend() -> Iterator[str]:
    for number, (part, colour) in enumerate(COLOURS.items()):
        x = 110 + 110 * number
        yield f'<rect x="{x}" y="14" width="12" height="12" fill="{colour}"/>'
        yield f'<text x="{x + 18}" y="25">{part.replace("_", "-")}</text>'


def _bars(routes: Sequence[Mapping[str, Any]], scale: float) -> Iterator[str]:
    for number, route in enumerate(routes):
        y = 48 + 28 * number
        x = 110.0
        yield f'<text x="100" y="{y + 14}" text-anchor="end">{escape(route["route"])}</text>'
        for part, colour in COLOURS.items():
            width = scale * route["tokens"][part]
            yield f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="18" fill="{colour}"/>'
            x += width

        yield f'<text x="{x + 6:.1f}" y="{y + 14}">{route["input"]:,.0f}</text>'


def write_page(page: Any, report: Mapping[str, Any]) -> None:
    """Writes the section and its chart into the essay's page."""
    picture = page.parent / "images" / f"{SECTION}.svg"
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_text(chart(report), "utf-8")
    write_section(page, SECTION, section(report))
