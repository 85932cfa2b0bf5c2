"""The trials of one candidate, the cheapest remedy first, until the week's budget ends.

The live prompt, the same prompt on other models, an optimised prompt, documents, and small learners
are all measured on the same labelled rows. What a week does not reach, the next one continues.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from router.catalog.catalog import Catalog, Route
from router.catalog.route_file import ExampleRow
from router.catalog.version import Version
from router.errors import ModelError
from workers.context import Context
from workers.datasets.labelled import LabelledRows, labelled_rows
from workers.knowledge.workspace_scope import workspace_context
from workers.llm.call_recording import recording_path
from workers.llm.metered import MeteredModel, ModelUnavailableError
from workers.llm.model_prices import model_names
from workers.mining.rows import Row
from workers.optimise.retrieval_comparison import compare_with_retrieval
from workers.optimise.search import MIN_DEV_ROWS, MIN_TEST_ROWS, optimise_prompt
from workers.readiness.learners import cross_validate_learners
from workers.readiness.trial_results import LIVE, DocumentsResult, Trials
from workers.trials.budget import WeeklyBudget
from workers.trials.learning import earlier_tuned_gains, labelled_texts
from workers.trials.ways import measure_way, model_of

BEST_PROMPT = "a better prompt"
ON_MODEL = "{prompt} on {model}"
RENEW_SECONDS = 28 * 86_400.0
"""Models and documents change without a notice: after four weeks everything is tried again."""
NO_ROWS = (
    "nothing was tried: that needs {needed} examples with a right answer that chose nothing, and "
    "there are {found}; add some to the route's examples.jsonl, or review answers"
)


@dataclass(frozen=True, slots=True)
class Tried:
    """What is tried: a route's live version, for the requests of one candidate.

    `rows` are its logged requests and `vectors`, `(n, d)`, theirs.
    """

    team: str
    route: Route
    live: Version
    catalog: Catalog
    rows: Sequence[Row]
    vectors: NDArray[np.float32] = field(repr=False)


class CandidateTrials:
    """Runs the trials of one candidate; `trials` is always what is known so far."""

    def __init__(
        self, context: Context, tried: Tried, earlier: Trials, budget: WeeklyBudget
    ) -> None:
        self._context = context
        self._tried = tried
        self._budget = budget
        self._rows = labelled_rows(context, tried.route, tried.team)
        self._models = _other_models(context, tried)
        inputs = _inputs_hash(tried.live, self._rows, self._models, context)
        too_old = context.now() - earlier.at >= RENEW_SECONDS
        if earlier.inputs != inputs or too_old:
            earlier = Trials(inputs=inputs, at=context.now())

        count = len(self._rows.dev) + len(self._rows.test)
        self.trials = replace(
            earlier,
            labelled=count,
            reviewed=len(self._rows.train) + count,
            complete=False,
            notes=(),
        )

    def run(self) -> None:
        """Makes the trials that are missing. Raises BudgetExhaustedError where the budget ends.

        Raises ModelError or ModelUnavailableError while the model in use cannot be reached.
        """
        if len(self._measuring_rows) < MIN_TEST_ROWS:
            self._note(NO_ROWS.format(needed=MIN_TEST_ROWS, found=len(self._measuring_rows)))
            self._learn()
            return

        # What costs nothing comes first, so that no budget can keep it out.
        self._learn()
        self._measure(LIVE, self._tried.live)
        self._measure_on_models("the live prompt", self._tried.live)
        better = self._optimise()
        if better is not None and not self._passes():
            self._measure_on_models(BEST_PROMPT, better)

        self._try_documents(better or self._tried.live)
        self.trials = replace(self.trials, complete=True)

    @property
    def _measuring_rows(self) -> tuple[ExampleRow, ...]:
        """Test rows chose nothing; the dev rows are added only where those are too few."""
        rows = self._rows
        return rows.test if len(rows.test) >= MIN_TEST_ROWS else (*rows.test, *rows.dev)

    def _measure(self, name: str, version: Version) -> None:
        """Measures a version unless that was done; a model that is away stops it all."""
        if self.trials.way(name) is not None:
            return

        tried = self._tried
        file = recording_path(
            self._context.settings.data, "trial", tried.team, tried.route.name, version.id
        )
        meter = MeteredModel(self._context.model, file, self._budget.part(), tried.team)
        metered = workspace_context(self._context, tried.team, model=meter)
        try:
            way = measure_way(metered, name, version, self._measuring_rows)
        finally:
            self._budget.count(meter.spent)

        self.trials = self.trials.with_way(way)

    def _measure_on_models(self, prompt: str, version: Version) -> None:
        """Measures the version on every other model that the installation may use."""
        for model in self._models:
            name = ON_MODEL.format(prompt=prompt, model=model)
            try:
                self._measure(name, version.with_changes(models=[model]))
            except (ModelError, ModelUnavailableError) as error:
                # One that is not there is no choice; the others still are.
                self._note(f"{model} was not tried: {error}")

    def _optimise(self) -> Version | None:
        """Optimises the prompt unless that was done; returns the better version, if there is one.

        Where the live prompt is good enough, there is nothing to optimise.
        """
        known = self.trials.way(BEST_PROMPT)
        if known is not None:
            return self._context.exact_version(
                self._tried.team, self._tried.route.name, known.version
            )
        if self.trials.searched or self._passes():
            return None

        tried, settings = self._tried, self._context.settings
        part = self._budget.part(settings.optimise_calls, settings.optimise_usd)
        result = optimise_prompt(self._context, tried.route, tried.live, tried.team, part)
        self._budget.count(result.spend)
        for note in result.notes:
            self._note(note)

        # One that only measured the live version has searched nothing.
        searched = len(result.tried) > 1 and len(self._rows.dev) >= MIN_DEV_ROWS
        self.trials = replace(self.trials, searched=searched)
        if result.report is None or not result.report.body["passed"]:
            return None

        self._measure(BEST_PROMPT, result.version)
        return result.version

    def _passes(self) -> bool:
        target = self._context.settings.ready_prompt_target
        return any(way.accuracy >= target for way in self.trials.ways)

    def _try_documents(self, base: Version) -> None:
        """Compares with documents, unless that was done or a prompt alone is good enough."""
        known = self.trials.documents
        # Documents that are added later are found in the next week.
        if self._passes() or (known is not None and not known.none):
            return

        part = self._budget.part(
            self._context.settings.optimise_calls, self._context.settings.optimise_usd
        )
        found = compare_with_retrieval(self._context, base, self._rows, self._tried.team, part)
        self._budget.count(found.spend)
        self._note(found.summary)

        if found.no_documents or found.gain is not None:
            low, high = found.ci95
            documents = DocumentsResult(found.gain, low, high, none=found.no_documents)
            self.trials = replace(self.trials, documents=documents)

    def _learn(self) -> None:
        """Cross-validates small learners and reads what earlier tuned versions reached."""
        tried = self._tried
        texts = labelled_texts(self._context, tried.live, self._rows, tried.rows, tried.vectors)
        learned = None
        if texts is not None:
            learned = cross_validate_learners(texts, self._context.settings.ready_labels)

        gains = earlier_tuned_gains(self._context, tried.team)
        self.trials = replace(
            self.trials,
            learned=learned,
            earlier_gain=float(np.mean(gains)) if gains else 0.0,
            earlier_reports=len(gains),
        )

    def _note(self, text: str) -> None:
        self.trials = replace(self.trials, notes=(*self.trials.notes, text))


def _other_models(context: Context, tried: Tried) -> list[str]:
    """Returns the models that the installation may use, without the one that answers now."""
    in_use = model_of(context, tried.live)
    return [name for name in model_names(context.settings, tried.catalog) if name != in_use]


def _inputs_hash(live: Version, rows: LabelledRows, models: Sequence[str], context: Context) -> str:
    """Returns a hash of what the trials depend on."""
    labelled = [[row.text, row.answer, row.split] for row in (*rows.train, *rows.dev, *rows.test)]
    parts = [live.id, model_of(context, live), labelled, list(models)]
    parts.append(context.settings.reflection_model)
    text = json.dumps(parts, sort_keys=True, default=str)

    return hashlib.sha256(text.encode()).hexdigest()[:16]
