"""How often the drift watch cries wolf, and how many weeks it takes to notice: simulated weeks of labelled messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from evals.router_data import OOS, Remembering, Row, read_rows
from router.config import Settings
from router.encoder.factory import open_encoder
from router.errors import SettingsError
from router.log import set_up_logs
from router.text.normalise import normalise
from workers.drift.alarms import Kind, Measured, alarms
from workers.drift.correction_rate import Share, wilson
from workers.drift.input_shift import Shift, distances
from workers.drift.psi import by_chance, counts_of, edges_of, psi
from workers.evaluation.paired import Paired, paired
from workers.mining.trend import WEEKS

LATEST = 8
"""Weeks after which a shift counts as not noticed."""
TAUGHT = 0.7
LET_IN, USUAL = 150, 0.04
"""Answers while a version was let in, and the share of them that was corrected."""
PEOPLE = 20
GOLDEN, RIGHT = 100, 0.95
Chance = np.random.Generator
NOTHING = Measured(Paired(0), Paired(0), Shift(0, None, None, ()), Share(0, 0, 0.0, 0.0, 1.0), ())


@dataclass(frozen=True, slots=True)
class Question:
    """What is simulated: requests a week, quiet weeks for each draw, draws."""

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
    cache: Annotated[Path, typer.Option(help="Where the fast encoder lies.")] = Path(
        ".beagle/encoder"
    ),
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Simulate quiet weeks and weeks that shift, and count the alarms of each rule under the default settings."""
    set_up_logs("auto", "error")
    rows = [row for row in read_rows(data) if row.label != OOS]
    remembering, settings = Remembering(open_encoder("fast", cache)), Settings(_env_file=None)
    found: dict[str, Any] = {}

    for count in map(int, requests.split(",")):
        question = Question(count, weeks, seeds)
        found[f"inputs, {count} a week"] = inputs(rows, labels, question, remembering, settings)
        found[f"corrected, {count} a week"] = corrected(question, settings)

    found[f"accuracy, {GOLDEN} rows"] = accuracy(Question(GOLDEN, weeks, seeds), settings)
    print(json.dumps(found) if as_json else as_text(found))


def inputs(
    rows: Sequence[Row], labels: int, question: Question, encoder: Remembering, settings: Settings
) -> dict[str, Any]:
    """Alarms of what is asked: a share of the requests comes to be of a label that the route had never seen."""

    def draw(seed: int) -> Callable[[Chance, float], Measured]:
        chance = np.random.default_rng(seed)
        names = chance.permutation(sorted({row.label for row in rows}))[: labels + 1]
        own = _vectors(
            encoder, [row.text for row in rows if row.label in set(names[:labels])], chance
        )
        strange = _vectors(
            encoder, [row.text for row in rows if row.label == names[labels]], chance
        )

        then, later = own[: WEEKS * question.requests], own[WEEKS * question.requests :]
        if len(later) < question.requests:
            raise SettingsError(
                f"simulating {question.requests} requests a week: {len(own)} messages of {labels} labels are too few "
                f"for {WEEKS + 1} weeks of different ones; take more --labels or fewer --requests"
            )

        taught = then[: int(TAUGHT * len(then))]
        people = [f"U{number % PEOPLE}" for number in range(len(then))]
        owners = people[: len(taught)]
        away = list(distances(taught, owners, then, people))
        edges = edges_of(away)
        before = counts_of(edges, away)

        def week(chance: Chance, share: float) -> Measured:
            moved = int(chance.binomial(question.requests, share))
            asked = [_some(later, question.requests - moved, chance), _some(strange, moved, chance)]
            users = [f"U{number}" for number in chance.integers(0, PEOPLE, question.requests)]
            counts = counts_of(edges, list(distances(taught, owners, np.concatenate(asked), users)))
            found = Shift(question.requests, psi(before, counts), by_chance(before, counts), counts)

            return replace(NOTHING, shift=found)

        return week

    return _count(draw, "inputs", 0.0, (0.1, 0.25, 0.5), question, settings)


def corrected(question: Question, settings: Settings) -> dict[str, Any]:
    """Alarms of corrections: their share rises from USUAL; what was corrected while it was let in is drawn too."""

    def draw(seed: int) -> Callable[[Chance, float], Measured]:
        promoted = _share(int(np.random.default_rng(seed).binomial(LET_IN, USUAL)), LET_IN)

        def week(chance: Chance, share: float) -> Measured:
            hits = int(chance.binomial(question.requests, share))
            return replace(NOTHING, promoted=promoted, weeks=[_share(hits, question.requests)])

        return week

    return _count(draw, "corrected", USUAL, (0.1, 0.15, 0.25), question, settings)


def accuracy(question: Question, settings: Settings) -> dict[str, Any]:
    """Alarms of the same rows asked again: a share of the right ones is wrong, and each week the same ones."""

    def draw(seed: int) -> Callable[[Chance, float], Measured]:
        first = np.random.default_rng(seed)
        then = {str(row): float(first.random() < RIGHT) for row in range(GOLDEN)}
        order = first.random(GOLDEN)

        def week(_: Chance, share: float) -> Measured:
            now = {row: right * float(order[int(row)] >= share) for row, right in then.items()}
            return replace(NOTHING, own=paired(then, now))

        return week

    return _count(draw, "accuracy", 0.0, (0.02, 0.05, 0.1), question, settings)


def _count(
    draw: Callable[[int], Callable[[Chance, float], Measured]],
    kind: Kind,
    usual: float,
    shifts: Sequence[float],
    question: Question,
    settings: Settings,
) -> dict[str, Any]:
    """The share of quiet weeks with an alarm, and for each shift the share noticed and the median weeks until then."""
    draws = [draw(seed) for seed in range(question.seeds)]
    quiet = [
        _rings(week(chance, usual), kind, settings)
        for seed, week in enumerate(draws)
        for chance in [np.random.default_rng([seed, 1])]
        for _ in range(question.weeks)
    ]

    low, high = wilson(sum(quiet), len(quiet))
    delays = {str(share): list(_delays(draws, kind, share, settings)) for share in shifts}
    return {
        "quiet_weeks": len(quiet),
        "false_alarms": sum(quiet) / len(quiet),
        "ci95": [low, high],
        "noticed": {
            share: float(np.mean([d <= LATEST for d in found])) for share, found in delays.items()
        },
        "first_week": {
            share: float(np.mean([d == 1 for d in found])) for share, found in delays.items()
        },
        "median_weeks": {share: float(np.median(found)) for share, found in delays.items()},
    }


def _delays(
    draws: Sequence[Callable[[Chance, float], Measured]],
    kind: Kind,
    share: float,
    settings: Settings,
) -> Iterator[int]:
    for seed, week in enumerate(draws):
        chance = np.random.default_rng([seed, 2])
        rings = (
            number for number in range(1, LATEST + 1) if _rings(week(chance, share), kind, settings)
        )
        yield next(rings, LATEST + 1)


def _rings(found: Measured, kind: Kind, settings: Settings) -> bool:
    return any(alarm.kind == kind for alarm in alarms(found, settings))


def _share(hits: int, answers: int) -> Share:
    low, high = wilson(hits, answers)
    return Share(answers, hits, hits / answers, low, high)


def _vectors(encoder: Remembering, texts: Sequence[str], chance: Chance) -> NDArray[np.float32]:
    made = encoder.encode([normalise(text) for text in texts])
    return made[chance.permutation(len(made))]


def _some(rows: NDArray[np.float32], count: int, chance: Chance) -> NDArray[np.float32]:
    return rows[chance.integers(0, len(rows), count)]


def as_text(found: Mapping[str, Any]) -> str:
    """A line for each rule: false alarms in quiet weeks, then what was noticed of each shift, and when."""
    lines = []
    for name, one in found.items():
        low, high = one["ci95"]
        said = f"{one['false_alarms']:.2%} of {one['quiet_weeks']} quiet weeks ({low:.2%} to {high:.2%})"
        shifts = "; ".join(
            f"{float(share):.0%}: noticed {one['noticed'][share]:.0%}, "
            f"in the first week {one['first_week'][share]:.0%}, median week {one['median_weeks'][share]:g}"
            for share in one["noticed"]
        )

        lines.append(f"{name:24} false alarms {said}; {shifts}")

    return "\n".join(lines)
