"""Router quality, on labelled data that you bring or on your own routes."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.terminal import Json
from evals.routing.router_data import (
    CachedEncoder,
    Row,
    Trial,
    draw_trial,
    hide_siblings,
    labels_of_domain,
    read_rows,
    without_names,
)
from evals.routing.router_options import DEFAULT_CACHE, EncoderCache, EncoderName
from evals.routing.router_peer import peer_answers
from evals.routing.router_plot import draw_plot
from evals.routing.router_scores import RouterAnswers, by_route, confusions, mean_figures, scores
from evals.routing.router_speed import measure_speed
from router.decide import Router
from router.encoder.factory import open_encoder
from router.errors import InputError
from router.log import set_up_logs
from router.text.normalise import normalise
from router.text.printable import print_line
from router.types import NO_ROUTE, Example


@dataclass(frozen=True, slots=True)
class TrialOptions:
    """How a trial is drawn; `shots` is None for all examples of each route."""

    shots: int | None
    domain_labels: frozenset[str] | None
    use_oos: bool
    near: bool
    names: bool

    def draw(self, rows: Sequence[Row], seed: int, encoder: CachedEncoder) -> Trial:
        """Returns the trial of that seed."""
        trial = draw_trial(rows, self.shots, seed, self.domain_labels, self.use_oos)
        if self.near:
            trial = hide_siblings(trial, seed, encoder)

        return trial if self.names else without_names(trial)


def main(
    data: Annotated[
        Path | None, typer.Option(help="CSV: split,text,label; without it, your own routes.")
    ] = None,
    shots: Annotated[str, typer.Option(help="Examples of each route: a number, or full.")] = "full",
    seeds: Annotated[int, typer.Option(min=1, help="Draws to average over.")] = 3,
    false_reject: Annotated[
        float, typer.Option(min=0.001, max=0.5, help="Share of fitting messages to lose.")
    ] = 0.05,
    domain: Annotated[
        str | None, typer.Option(help="Only this domain's routes; all else is out of scope.")
    ] = None,
    domains: Annotated[
        Path | None, typer.Option(help="JSON: labels by domain. Default: DATA_domains.json.")
    ] = None,
    near: Annotated[
        bool,
        typer.Option(
            "--near", help="Hide the nearest sibling of routes: the hardest out-of-scope."
        ),
    ] = False,
    use_oos: Annotated[
        bool, typer.Option("--use-oos", help="Learn from the `oos` rows of train and valid.")
    ] = False,
    names: Annotated[
        bool, typer.Option(help="Read the labels as names, as the product does.")
    ] = True,
    encoder: EncoderName = "fast",
    peer: Annotated[
        str | None, typer.Option(help="semantic-router, if installed, on the same vectors.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Write reliability, coverage and ROC as an SVG.")
    ] = None,
    cache: EncoderCache = DEFAULT_CACHE,
    as_json: Json = False,
) -> None:
    """Measure accuracy, calibration, out-of-scope detection, speed and memory of the router."""
    set_up_logs("auto", "error")
    if data is None:
        from evals.routing.router_own import measure_own_routes

        result = measure_own_routes(encoder, cache, false_reject)
        print_line(json.dumps(result.as_dict()) if as_json else result.as_text())

        return

    _check_shots(shots, names=names)
    rows = read_rows(data)
    options = TrialOptions(
        shots=None if shots == "full" else int(shots),
        domain_labels=labels_of_domain(data, domain, domains) if domain else None,
        use_oos=use_oos,
        near=near,
        names=names,
    )
    opened_encoder = open_encoder(encoder, cache)
    cached_encoder = CachedEncoder(opened_encoder)
    results, others, answers, router = [], [], None, None

    for seed in range(seeds):
        trial = options.draw(rows, seed, cached_encoder)
        router, answers, cpu_seconds = train_and_answer(trial, cached_encoder, seed, false_reject)
        results.append(scores(answers) | {"train_cpu_seconds": cpu_seconds})
        if peer is not None:
            others.append(scores(peer_answers(peer, trial, cached_encoder, seed, false_reject)))

    assert router is not None
    assert answers is not None
    total = mean_figures(results) | measure_speed(
        router, [row.text for row in trial.test], encoder, cache
    )
    total |= {
        "encoder": opened_encoder.model_id,
        "shots": shots,
        "seeds": seeds,
        "routes": len(trial.routes),
    }

    if others:
        total["peer"] = mean_figures(others) | {"name": peer}
    if plot is not None:
        plot.write_text(draw_plot(answers), "utf-8")

    if as_json:
        print_line(
            json.dumps(total | {"confusions": confusions(answers), "by_route": by_route(answers)})
        )
    else:
        print_line(as_text(total, answers))


def _check_shots(shots: str, *, names: bool) -> None:
    """Raises InputError where there would be nothing to learn from, or `shots` is no number."""
    if shots != "full" and not shots.isdigit():
        raise InputError(f"reading --shots: {shots!r}; allowed: full, or a number from 0")
    if shots == "0" and not names:
        raise InputError("reading --shots 0 with --no-names: nothing is left to learn from")


def train_and_answer(
    trial: Trial, encoder: CachedEncoder, seed: int, false_reject: float
) -> tuple[Router, RouterAnswers, float]:
    """Trains a router and answers every test row.

    Returns the router, its answers, and the CPU seconds of training without encoding.
    """
    examples = [*trial.train, *(Example(text, NO_ROUTE) for text in trial.oos_texts)]
    encoder.views([normalise(example.text) for example in examples])
    start = time.process_time()
    router = Router.train(examples, encoder, trial.routes, seed=seed, false_reject=false_reject)
    cpu_seconds = time.process_time() - start
    assert router.model is not None
    texts = tuple(row.text for row in trial.test)
    prediction = router.predict(texts)
    labels = tuple(row.label for row in trial.test)

    return (
        router,
        RouterAnswers(
            router.classes,
            labels,
            texts,
            prediction.probabilities,
            prediction.in_scope,
            router.model.threshold,
        ),
        cpu_seconds,
    )


def as_text(total: dict[str, Any], answers: RouterAnswers) -> str:
    """Returns the figures as text, then the weakest routes and the worst confusions."""
    lines = [
        f"{name:20} {_format_value(value)}"
        for name, value in total.items()
        if not isinstance(value, dict)
    ]
    lines.append(
        "accuracy of the surest " + ", ".join(f"{k}: {v:.3f}" for k, v in total["coverage"].items())
    )

    if "peer" in total:
        lines += [
            f"peer {name:15} {_format_value(value)}"
            for name, value in total["peer"].items()
            if not isinstance(value, dict)
        ]

    lines.append("weakest routes (last seed)")
    lines += [
        f"  {entry['route']:32} recall {entry['recall']:.2f} precision {entry['precision']:.2f}"
        for entry in by_route(answers)[:8]
    ]
    lines.append("worst confusions (last seed)")

    for entry in confusions(answers):
        lines.append(f"  {entry['wanted']} taken for {entry['got']}: {entry['count']}")
        lines += [f"      {text[:110]}" for text in entry["texts"]]

    return "\n".join(lines)


def _format_value(value: object) -> str:
    return "-" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)
