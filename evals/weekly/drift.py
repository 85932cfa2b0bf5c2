"""False-alarm rate and detection delay of the drift watch on simulated weeks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from evals.routing.router_data import OOS, CachedEncoder, Row, read_rows
from router.config import Settings
from router.encoder.factory import open_encoder
from router.errors import InputError
from router.log import set_up_logs
from router.statistics import share_interval
from router.text.normalise import normalise
from router.text.printable import print_line
from workers.drift.alarms import AlarmKind, DriftMeasurement, triggered_alarms
from workers.drift.correction_rate import CorrectionRate
from workers.drift.input_shift import InputShift, nearest_distances
from workers.drift.psi import bin_counts, critical_psi, psi, quantile_edges
from workers.evaluation.paired import PairedAccuracy, compare_scores
from workers.mining.trend import WEEKS

MAX_WEEKS = 8
"""A shift that is not detected within this many weeks counts as missed."""
TRAIN_SHARE = 0.7
PROMOTION_ANSWERS, USUAL_CORRECTION_RATE = 150, 0.04
"""Answers during the rollout, and the share of them that was corrected."""
USERS = 20
GOLDEN_ROWS, BASE_ACCURACY = 100, 0.95
Rng = np.random.Generator
NO_CHANGE = DriftMeasurement(
    PairedAccuracy(0),
    PairedAccuracy(0),
    InputShift(0, None, None, ()),
    CorrectionRate(0, 0, 0.0, 0.0, 1.0),
    (),
)


@dataclass(frozen=True, slots=True)
class Simulation:
    """The size of a simulation: requests a week, quiet weeks for each draw, and draws."""

    requests: int
    weeks: int
    seeds: int


def main(
    data: Annotated[Path, typer.Option(help="CSV: split,text,label.")],
    labels: Annotated[
        int, typer.Option(min=1, help="Labels whose messages make up what a route is asked.")
    ] = 8,
    requests: Annotated[
        str, typer.Option(help="Requests a week, several by commas.")
    ] = "50,100,200",
    weeks: Annotated[int, typer.Option(min=1, help="Quiet weeks for each draw.")] = 52,
    seeds: Annotated[int, typer.Option(min=1, help="Draws of the route's labels.")] = 20,
    cache: Annotated[Path, typer.Option(help="Folder of the fast encoder.")] = Path(
        ".beagle/encoder"
    ),
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Simulate quiet and shifting weeks and count each rule's alarms with default settings."""
    set_up_logs("auto", "error")
    rows = [row for row in read_rows(data) if row.label != OOS]
    remembering, settings = CachedEncoder(open_encoder("fast", cache)), Settings(_env_file=None)
    figures: dict[str, Any] = {}

    for count in map(int, requests.split(",")):
        simulation = Simulation(count, weeks, seeds)
        figures[f"inputs, {count} a week"] = simulate_input_shift(
            rows, labels, simulation, remembering, settings
        )
        figures[f"corrected, {count} a week"] = simulate_corrections(simulation, settings)

    figures[f"accuracy, {GOLDEN_ROWS} rows"] = simulate_accuracy(
        Simulation(GOLDEN_ROWS, weeks, seeds), settings
    )
    print_line(json.dumps(figures) if as_json else as_text(figures))


def simulate_input_shift(
    rows: Sequence[Row],
    labels: int,
    simulation: Simulation,
    encoder: CachedEncoder,
    settings: Settings,
) -> dict[str, Any]:
    """Simulates input shift: a share of the requests has a label that is new to the route."""

    def draw(seed: int) -> Callable[[Rng, float], DriftMeasurement]:
        rng = np.random.default_rng(seed)
        names = rng.permutation(sorted({row.label for row in rows}))[: labels + 1]
        known = set(names[:labels])
        own = _vectors(encoder, [row.text for row in rows if row.label in known], rng)
        unseen = _vectors(encoder, [row.text for row in rows if row.label == names[labels]], rng)

        # Later weeks are drawn from messages that the baseline does not hold.
        baseline = own[: WEEKS * simulation.requests]
        later = own[WEEKS * simulation.requests :]
        if len(later) < simulation.requests:
            raise InputError(
                f"simulating {simulation.requests} requests a week: {len(own)} messages of "
                f"{labels} labels are too few "
                f"for {WEEKS + 1} weeks of different ones; take more --labels or fewer --requests"
            )

        trained = baseline[: int(TRAIN_SHARE * len(baseline))]
        authors = [f"U{number % USERS}" for number in range(len(baseline))]
        owners = authors[: len(trained)]
        away = list(nearest_distances(trained, owners, baseline, authors))
        edges = quantile_edges(away)
        before = bin_counts(edges, away)

        def week(rng: Rng, share: float) -> DriftMeasurement:
            moved = int(rng.binomial(simulation.requests, share))
            usual = _sample(later, simulation.requests - moved, rng)
            shifted = _sample(unseen, moved, rng)
            users = [f"U{number}" for number in rng.integers(0, USERS, simulation.requests)]
            vectors = np.concatenate([usual, shifted])
            counts = bin_counts(edges, list(nearest_distances(trained, owners, vectors, users)))
            shift = InputShift(
                simulation.requests, psi(before, counts), critical_psi(before, counts), counts
            )

            return replace(NO_CHANGE, shift=shift)

        return week

    return _count_alarms(draw, "inputs", 0.0, (0.1, 0.25, 0.5), simulation, settings)


def simulate_corrections(simulation: Simulation, settings: Settings) -> dict[str, Any]:
    """Simulates corrections whose share rises from USUAL_CORRECTION_RATE.

    The share during the rollout is drawn as well.
    """

    def draw(seed: int) -> Callable[[Rng, float], DriftMeasurement]:
        promoted = _share(
            int(np.random.default_rng(seed).binomial(PROMOTION_ANSWERS, USUAL_CORRECTION_RATE)),
            PROMOTION_ANSWERS,
        )

        def week(rng: Rng, share: float) -> DriftMeasurement:
            hits = int(rng.binomial(simulation.requests, share))
            return replace(NO_CHANGE, promoted=promoted, weeks=[_share(hits, simulation.requests)])

        return week

    return _count_alarms(
        draw, "corrected", USUAL_CORRECTION_RATE, (0.1, 0.15, 0.25), simulation, settings
    )


def simulate_accuracy(simulation: Simulation, settings: Settings) -> dict[str, Any]:
    """Simulates repeated test runs in which a fixed share of the right rows turns wrong."""

    def draw(seed: int) -> Callable[[Rng, float], DriftMeasurement]:
        first = np.random.default_rng(seed)
        baseline = {str(row): float(first.random() < BASE_ACCURACY) for row in range(GOLDEN_ROWS)}
        # A row with a low number turns wrong first, so the same rows are wrong in every week.
        order = first.random(GOLDEN_ROWS)

        def week(_: Rng, share: float) -> DriftMeasurement:
            now = {row: right * float(order[int(row)] >= share) for row, right in baseline.items()}
            return replace(NO_CHANGE, own=compare_scores(baseline, now))

        return week

    return _count_alarms(draw, "accuracy", 0.0, (0.02, 0.05, 0.1), simulation, settings)


def _count_alarms(
    draw: Callable[[int], Callable[[Rng, float], DriftMeasurement]],
    kind: AlarmKind,
    usual: float,
    shifts: Sequence[float],
    simulation: Simulation,
    settings: Settings,
) -> dict[str, Any]:
    """Returns the share of quiet weeks with an alarm, and the detection of each shift.

    `noticed` is the share of draws detected in time, `median_weeks` the median delay.
    """
    draws = [draw(seed) for seed in range(simulation.seeds)]
    quiet: list[bool] = []
    for seed, week in enumerate(draws):
        rng = np.random.default_rng([seed, 1])
        for _ in range(simulation.weeks):
            quiet.append(_has_alarm(week(rng, usual), kind, settings))

    noticed: dict[str, float] = {}
    first_week: dict[str, float] = {}
    median_weeks: dict[str, float] = {}

    for share in shifts:
        delays = np.array(list(_delays(draws, kind, share, settings)))
        noticed[str(share)] = float((delays <= MAX_WEEKS).mean())
        first_week[str(share)] = float((delays == 1).mean())
        median_weeks[str(share)] = float(np.median(delays))

    low, high = share_interval(sum(quiet) / len(quiet), len(quiet))
    return {
        "quiet_weeks": len(quiet),
        "false_alarms": sum(quiet) / len(quiet),
        "ci95": [low, high],
        "noticed": noticed,
        "first_week": first_week,
        "median_weeks": median_weeks,
    }


def _delays(
    draws: Sequence[Callable[[Rng, float], DriftMeasurement]],
    kind: AlarmKind,
    share: float,
    settings: Settings,
) -> Iterator[int]:
    """Yields for each draw the first week with an alarm, MAX_WEEKS + 1 where there is none."""
    for seed, week in enumerate(draws):
        rng = np.random.default_rng([seed, 2])
        delay = MAX_WEEKS + 1

        for number in range(1, MAX_WEEKS + 1):
            if _has_alarm(week(rng, share), kind, settings):
                delay = number
                break

        yield delay


def _has_alarm(measurement: DriftMeasurement, kind: AlarmKind, settings: Settings) -> bool:
    return any(alarm.kind == kind for alarm in triggered_alarms(measurement, settings))


def _share(hits: int, answers: int) -> CorrectionRate:
    low, high = share_interval(hits / answers, answers)
    return CorrectionRate(answers, hits, hits / answers, low, high)


def _vectors(encoder: CachedEncoder, texts: Sequence[str], rng: Rng) -> NDArray[np.float32]:
    vectors = encoder.encode([normalise(text) for text in texts])
    return vectors[rng.permutation(len(vectors))]


def _sample(rows: NDArray[np.float32], count: int, rng: Rng) -> NDArray[np.float32]:
    return rows[rng.integers(0, len(rows), count)]


def as_text(figures: Mapping[str, Any]) -> str:
    """Returns a line for each rule: false alarms, then detection of each shift."""
    lines = []
    for name, rule in figures.items():
        low, high = rule["ci95"]
        alarms = (
            f"{rule['false_alarms']:.2%} of {rule['quiet_weeks']} quiet weeks "
            f"({low:.2%} to {high:.2%})"
        )
        shifts = "; ".join(
            f"{float(share):.0%}: noticed {rule['noticed'][share]:.0%}, "
            f"in the first week {rule['first_week'][share]:.0%}, "
            f"median week {rule['median_weeks'][share]:g}"
            for share in rule["noticed"]
        )

        lines.append(f"{name:24} false alarms {alarms}; {shifts}")

    return "\n".join(lines)
