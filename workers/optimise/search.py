"""Makes the most of the prompt first: a tighter shape, better examples, rewritten instructions, then the proof.

Each way builds on the best one before it and is judged on dev rows; the winner is measured on rows
that chose nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

from router.catalog.catalog import Route
from router.catalog.version import Version
from router.errors import ModelError
from router.store.versions.versions import Stored
from router.store.weekly.datasets import Report
from workers.context import Context
from workers.datasets.labelled import Labelled, labelled
from workers.evaluation.accuracy import accuracy
from workers.evaluation.compare import evaluate, name_of
from workers.knowledge.workspace_scope import as_everybody
from workers.llm.metered import Limits, Metered, SpentError, record
from workers.optimise.few_shot_selection import choose
from workers.optimise.rewrite import Rewritten, Task, rewrite, texts_of
from workers.optimise.schema_tightening import tighter
from workers.training.tune import alone

FEWEST_DEV = 10
FEWEST_UNSEEN = 20
"""Rows that chose nothing from which the winner is measured on them."""
NO_REFLECTION = (
    "instructions were not rewritten: no reflection model is set (BEAGLE_REFLECTION_MODEL), and the small local model "
    "cannot reflect"
)
NO_GEPA = (
    "instructions were not rewritten: the package gepa is missing; pip install 'beagle-slack[tune]'"
)


@dataclass(frozen=True, slots=True)
class Optimised:
    """The best prompted version found, and what each way was worth on the dev rows (accuracy 0-1).

    `best` is its accuracy, or the live version's where that is as good, on the rows that `measured`
    names; None where nothing could be measured. `report` is the new version against the live one,
    None where the live one stayed.
    """

    version: Version
    tried: Mapping[str, float] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    best: float | None = None
    measured: str = ""
    report: Report | None = None
    spent: Mapping[str, Any] = field(default_factory=dict)


def optimise(
    context: Context,
    route: Route,
    live: Version,
    team: str = "",
    limits: Limits | None = None,
    say: Callable[[int, int], None] | None = None,
) -> Optimised:
    """The best version is in the store, in shadow, with its report; where nothing beat the live one it is that one.

    Train rows are shown, dev rows choose, test rows prove. `say` hears how many of how many calls
    were made. Killed and called again it goes on from what was paid for. Raises AwayError while the
    model cannot be reached, ModelError while another process optimises the route.
    """
    rows, settings = labelled(context, route, team), context.settings
    if len(rows.dev) < FEWEST_DEV:
        few = f"there are {len(rows.dev)} dev rows with an answer, {FEWEST_DEV} are needed to compare prompts"
        return Optimised(live, said=(rows.said, few))

    limits = limits or Limits(settings.optimise_calls, settings.optimise_usd)

    file = record(settings.data, "optimise", team, route.name, live.id)
    with alone(file.parent):
        meter = Metered(context.model, file, limits, team, say)
        search = _Search(as_everybody(context, team, model=meter), live, rows, meter)
        search.run()

        return search.proved()


class _Search:
    """One optimisation while it runs: the best version so far, and what was tried and said."""

    def __init__(self, context: Context, live: Version, rows: Labelled, meter: Metered) -> None:
        self._context, self._live, self._rows, self._meter = context, live, rows, meter
        self._best, self._best_name = live, "live"
        self._tried: dict[str, float] = {}
        self._said = [rows.said]

    def run(self) -> None:
        """Every way was tried as far as the budget went; what the proof will cost was set aside."""
        proof = 2 * len(self._rows.test) if len(self._rows.test) >= FEWEST_UNSEEN else 0
        try:
            with self._meter.holding(proof):
                self._judge("live", self._live)
                self._shape()
                self._examples()
                self._instructions()
        except SpentError as error:
            self._said.append(f"stopped early: {error}; the best until then counts")

    def proved(self) -> Optimised:
        """What came out of it, measured on rows that chose nothing where there are enough."""
        dev = self._tried.get(self._best_name)
        best, measured, report = dev, f"the {len(self._rows.dev)} dev rows that chose it", None

        if self._best.id != self._live.id:
            # Whatever chose it was paid for already, so that the dev rows cost nothing more.
            affordable = self._rows.test[: self._meter.left // 2]
            unseen = len(affordable) >= FEWEST_UNSEEN
            rows = affordable if unseen else self._rows.dev

            try:
                report = self._report(rows, unseen=unseen)
            except SpentError as error:
                self._said.append(f"not proved: {error}")
                return Optimised(
                    self._live,
                    self._tried,
                    tuple(self._said),
                    self._tried["live"],
                    spent=self._meter.spent,
                )

            figures = report.body["figures"]
            best = figures["new" if report.body["passed"] else "live"]["accuracy"]
            measured = f"{len(rows)} test rows that chose nothing" if unseen else measured

        return Optimised(
            self._best, self._tried, tuple(self._said), best, measured, report, self._meter.spent
        )

    def _judge(self, name: str, version: Version) -> None:
        """The version was seen on every dev row; a better one than the best so far takes its place."""
        self._note(name, version, accuracy(self._context, version, self._rows.dev))

    def _note(self, name: str, version: Version, share: float) -> None:
        if not self._tried or share > self._tried[self._best_name]:
            self._best, self._best_name = version, name

        self._tried[name] = share

    def _shape(self) -> None:
        tight = tighter(self._live.output, [row.answer for row in self._rows.train])
        if tight is None:
            self._said.append("the shape is as tight as the examples show")
        else:
            self._judge("a tighter shape", self._best.changed(output=tight))

    def _examples(self) -> None:
        found = choose(
            self._context, self._best, self._rows.shown, self._rows.dev, self._context.settings.seed
        )
        if not found.versions:
            self._said.append(f"no other examples to show a {self._live.kind} version")
            return

        for name, share in found.tried.items():
            self._note(name, found.versions[name], share)

        self._said.append(
            f"{len(found.versions)} sets of examples, {found.given_up} given up on the first rows"
        )
        if found.spent:
            raise SpentError("the budget ended while examples were chosen")

    def _instructions(self) -> None:
        settings, base = self._context.settings, self._best
        if base.kind in ("head", "tuned") or not texts_of(base):
            self._said.append("there are no instructions to rewrite")
        elif not settings.reflection_model or settings.reflection_model.startswith("local"):
            self._said.append(NO_REFLECTION)
        elif find_spec("gepa") is None:
            self._said.append(NO_GEPA)
        elif not self._rows.train:
            self._said.append(
                "instructions were not rewritten: there is no train row to learn from"
            )
        else:
            limits = settings.ready_rules, settings.ready_prompt_words
            task = Task(
                base,
                self._rows.train,
                self._rows.dev,
                settings.reflection_model,
                *limits,
                settings.seed,
            )

            found = rewrite(self._context, task, self._meter)
            if found.version.id != base.id:
                self._note("rewritten instructions", found.version, found.accuracy)

            self._said.extend(_reflected(settings.reflection_model, found))

    def _report(self, rows: Any, *, unseen: bool) -> Report:
        """The new version against the live one; both are in the store afterwards."""
        context, new, live = self._context, self._best, self._live

        body = evaluate(context, new, {"live": live}, rows, {}) | {
            "unseen": unseen,
            "bill": self._meter.spent,
        }
        if all(body["figures"][name]["errors"] == len(rows) for name in ("new", "live")):
            raise ModelError(
                f"proving a version of {live.route!r}: no row was answered", retry=True
            )

        told = new.model_dump(mode="json")
        context.store.versions.insert(
            Stored(live.route, new.id, new.kind, "shadow", told, context.now())
        )
        report = Report(name_of(body), live.route, new.id, live.id, body, context.now())
        context.store.datasets.tell(report)

        return report


def _reflected(model: str, found: Rewritten) -> list[str]:
    said = [f"{model} wrote {found.proposals} instructions"]
    said += [f"refused {count} of them: {why}" for why, count in found.refused.items()]
    if found.failed:
        said.append(f"{model} did not answer {found.failed} times in a row")
    if found.spent:
        said.append("the budget ended while instructions were rewritten")

    return said
