"""Optimises a route's prompt.

The ways are a tighter schema, better examples and rewritten instructions. Each builds on the best
version before it and is judged on dev rows. The winner is evaluated on rows that chose nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

from router.catalog.catalog import Route
from router.catalog.route_file import ExampleRow
from router.catalog.version import Version
from router.errors import INSTALL_EXTRA, ModelError
from router.store.versions.versions import StoredVersion
from router.store.weekly.datasets import Report
from workers.context import Context
from workers.datasets.labelled import LabelledRows, labelled_rows
from workers.evaluation.accuracy import mean_accuracy
from workers.evaluation.compare import evaluate_version, report_id
from workers.knowledge.workspace_scope import workspace_context
from workers.llm.call_recording import recording_path
from workers.llm.metered import BudgetExhaustedError, CallBudget, MeteredModel
from workers.optimise.few_shot_selection import select_shots
from workers.optimise.rewrite import RewriteResult, RewriteTask, instructions_of, rewrite
from workers.optimise.schema_tightening import tighten_schema
from workers.runtime.file_lock import file_lock

MIN_DEV_ROWS = 10
MIN_TEST_ROWS = 20
"""Rows that chose nothing from which the winner is measured on them."""
NO_REFLECTION = (
    "instructions were not rewritten: no reflection model is set (BEAGLE_REFLECTION_MODEL), and "
    "the small local model cannot reflect"
)
NO_GEPA = (
    f"instructions were not rewritten: the package gepa is missing; {INSTALL_EXTRA.format('tune')}"
)


@dataclass(frozen=True, slots=True)
class OptimisationResult:
    """The best prompted version, and the accuracy of each way on the dev rows (`tried`, 0-1).

    `best_accuracy` is that of the best version, or of the live one where that is as good, on the
    rows that `measured_on` names; None where nothing could be measured. `report` compares the new
    version with the live one, None where the live one stayed. `notes` are for people.
    """

    version: Version
    tried: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    best_accuracy: float | None = None
    measured_on: str = ""
    report: Report | None = None
    spend: Mapping[str, Any] = field(default_factory=dict)


def optimise_prompt(
    context: Context,
    route: Route,
    live: Version,
    team: str = "",
    budget: CallBudget | None = None,
    on_call: Callable[[int, int], None] | None = None,
) -> OptimisationResult:
    """Optimises the prompt of `route` and returns the best version.

    Unless that is the live one, it is in the store, in shadow, with its report. Train rows are
    shown in prompts, dev rows choose, test rows evaluate. `on_call` is called with how many calls
    of how many were made. Killed and called again, it reuses the calls already paid for. Raises
    ModelUnavailableError while the model cannot be reached, ModelError while another process
    optimises the route.
    """
    settings = context.settings
    rows = labelled_rows(context, route, team)
    if len(rows.dev) < MIN_DEV_ROWS:
        too_few = (
            f"no prompts were compared: that needs {MIN_DEV_ROWS} development rows with an answer, "
            f"and there are {len(rows.dev)}"
        )
        return OptimisationResult(live, notes=(rows.summary, too_few))

    budget = budget or CallBudget(settings.optimise_calls, settings.optimise_usd)
    file = recording_path(settings.data, "optimise", team, route.name, live.id)

    with file_lock(file.parent):
        meter = MeteredModel(context.model, file, budget, team, on_call)
        search = _PromptSearch(workspace_context(context, team, model=meter), live, rows, meter)
        search.run()

        return search.evaluate_best()


class _PromptSearch:
    """One optimisation while it runs: the best version so far, what was tried, and notes on it."""

    def __init__(
        self, context: Context, live: Version, rows: LabelledRows, meter: MeteredModel
    ) -> None:
        self._context = context
        self._live = live
        self._rows = rows
        self._meter = meter
        self._best = live
        self._best_name = "live"
        self._tried: dict[str, float] = {}
        self._notes = [rows.summary]

    def run(self) -> None:
        """Tries every way, as far as the budget goes without the cost of the final measurement."""
        test_count = len(self._rows.test)
        evaluation_calls = 2 * test_count if test_count >= MIN_TEST_ROWS else 0

        try:
            # Without this reserve the search could spend all before its winner is evaluated.
            with self._meter.reserving(evaluation_calls):
                self._evaluate("live", self._live)
                self._try_tighter_schema()
                self._try_examples()
                self._try_rewriting()
        except BudgetExhaustedError as error:
            self._notes.append(f"stopped early: {error}; the best until then counts")

    def evaluate_best(self) -> OptimisationResult:
        """Returns the result; the best version is measured on unseen rows, if there are enough."""
        on_dev = f"the {len(self._rows.dev)} dev rows that chose it"
        if self._best.id == self._live.id:
            return self._result(self._tried.get(self._best_name), on_dev, None)

        # The test rows that the budget allows, for two versions. The dev rows were paid for by the
        # choice already, so measuring on them costs nothing more.
        affordable = self._rows.test[: self._meter.remaining // 2]
        unseen = len(affordable) >= MIN_TEST_ROWS
        rows = affordable if unseen else self._rows.dev

        try:
            report = self._store_report(rows, unseen=unseen)
        except BudgetExhaustedError as error:
            self._notes.append(f"not evaluated: {error}")
            return OptimisationResult(
                self._live,
                self._tried,
                tuple(self._notes),
                self._tried["live"],
                spend=self._meter.spent,
            )

        winner = "new" if report.body["passed"] else "live"
        accuracy = report.body["figures"][winner]["accuracy"]
        measured_on = f"{len(rows)} test rows that chose nothing" if unseen else on_dev
        return self._result(accuracy, measured_on, report)

    def _result(
        self, accuracy: float | None, measured_on: str, report: Report | None
    ) -> OptimisationResult:
        return OptimisationResult(
            version=self._best,
            tried=self._tried,
            notes=tuple(self._notes),
            best_accuracy=accuracy,
            measured_on=measured_on,
            report=report,
            spend=self._meter.spent,
        )

    def _evaluate(self, name: str, version: Version) -> None:
        """Measures the version on every dev row."""
        self._record(name, version, mean_accuracy(self._context, version, self._rows.dev))

    def _record(self, name: str, version: Version, accuracy: float) -> None:
        """Notes the accuracy; a version that is better than the best so far replaces it."""
        # Strictly better: of two equal versions the earlier one costs less.
        if not self._tried or accuracy > self._tried[self._best_name]:
            self._best = version
            self._best_name = name

        self._tried[name] = accuracy

    def _try_tighter_schema(self) -> None:
        tight = tighten_schema(self._live.output, [row.answer for row in self._rows.train])
        if tight is None:
            self._notes.append("the shape is as tight as the examples show")
        else:
            self._evaluate("a tighter shape", self._best.with_changes(output=tight))

    def _try_examples(self) -> None:
        selection = select_shots(
            self._context,
            self._best,
            self._rows.few_shot,
            self._rows.dev,
            self._context.settings.seed,
        )
        if not selection.versions:
            self._notes.append(f"no other examples to show a {self._live.kind} version")
            return

        for name, accuracy in selection.tried.items():
            self._record(name, selection.versions[name], accuracy)

        self._notes.append(
            f"{len(selection.versions)} sets of examples, "
            f"{selection.eliminated} given up on the first rows"
        )
        if selection.budget_exhausted:
            raise BudgetExhaustedError("the budget ended while examples were chosen")

    def _try_rewriting(self) -> None:
        settings, base = self._context.settings, self._best
        obstacle = self._rewriting_obstacle(base)
        if obstacle:
            self._notes.append(obstacle)
            return

        task = RewriteTask(
            base=base,
            train=self._rows.train,
            dev=self._rows.dev,
            model=settings.reflection_model,
            max_rules=settings.ready_rules,
            max_words=settings.ready_prompt_words,
            seed=settings.seed,
        )

        result = rewrite(self._context, task, self._meter)
        if result.version.id != base.id:
            self._record("rewritten instructions", result.version, result.accuracy)

        self._notes.extend(_rewriting_notes(settings.reflection_model, result))

    def _rewriting_obstacle(self, base: Version) -> str:
        """Returns why instructions cannot be rewritten; empty if they can."""
        reflection_model = self._context.settings.reflection_model
        if base.traits.trained or not instructions_of(base):
            return "there are no instructions to rewrite"
        # The small local model would cost hours and find nothing.
        if not reflection_model or reflection_model.startswith("local"):
            return NO_REFLECTION
        if find_spec("gepa") is None:
            return NO_GEPA
        if not self._rows.train:
            return "instructions were not rewritten: there is no train row to learn from"

        return ""

    def _store_report(self, rows: Sequence[ExampleRow], *, unseen: bool) -> Report:
        """Measures the new version against the live one, and stores it with the report."""
        context, new, live = self._context, self._best, self._live
        team = context.team

        body = evaluate_version(context, new, {"live": live}, rows, {})
        body |= {"unseen": unseen, "bill": self._meter.spent}
        # An outage says nothing for or against the version.
        if all(body["figures"][name]["errors"] == len(rows) for name in ("new", "live")):
            raise ModelError(
                f"evaluating a version of {live.route!r}: no row was answered", retry=True
            )

        version_body = new.model_dump(mode="json")
        context.store.versions.insert(
            StoredVersion(team, live.route, new.id, new.kind, "shadow", version_body, context.now())
        )
        report = Report(team, report_id(body), live.route, new.id, live.id, body, context.now())
        context.store.datasets.insert_report(report)

        return report


def _rewriting_notes(model: str, result: RewriteResult) -> list[str]:
    """Returns how rewriting went, for people."""
    notes = [f"{model} wrote {result.proposals} instructions"]
    for reason, count in result.rejected.items():
        notes.append(f"refused {count} of them: {reason}")

    if result.model_failures:
        notes.append(f"{model} did not answer {result.model_failures} times in a row")
    if result.budget_exhausted:
        notes.append("the budget ended while instructions were rewritten")

    return notes
