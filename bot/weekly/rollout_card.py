"""A rollout as one message: its state, the progress of the running step, and the steps so far.

Rendered from the store each time, so that the message in the channel and `/beagle rollout` show the
same.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from bot.payloads import Block
from bot.ui import rich_text
from bot.ui.blocks import Rendered, clock_time, truncate
from bot.ui.rich_text import Element
from bot.ui.stats import simulated_note
from bot.ui.texts import rollout as texts
from bot.ui.texts import weekly
from bot.weekly import review_form
from bot.weekly.drafts.view import draft_card
from bot.weekly.rollout_view import canary_share, rollout_card
from router.canary import next_share
from router.catalog.version import Version
from router.config import Settings
from router.lifecycle import SYSTEM, State
from router.lifecycle_evidence import DraftedEvidence
from router.store import Store
from router.store.versions.drafted_routes import DraftedRoute
from router.store.versions.shadow_runs import VersionMetrics
from router.store.weekly.candidates import CandidateTransition
from router.store.weekly.datasets import Report, StoredDataset
from router.store.weekly.rollout_cards import StepProgress
from router.types import Candidate
from workers.datasets.review import SAMPLE_SEED, draw_sample, from_records
from workers.evaluation.guardrails import HOUR_SECONDS, disagrees, trial_row_count

MINED_DAYS = 28
"""Days that a candidate's count covers."""
TRAIL_STEPS = 12
"""The newest steps that the message lists."""
TRAIL_STEP_LIMIT = 80
BAR_WIDTH = 20
NO_METRICS = VersionMetrics()
ANSWERING_STATES = ("canary", "live", "drifting")
"""States in which users get the version's answers."""
STATE_OF_STEP: Mapping[str, State] = {
    "drafting": "drafted",
    "optimising": "approved",
    "training": "reviewed",
    "measuring": "tuned",
}
"""The state in which a worker runs a step: progress reported in an earlier state is outdated."""


@dataclass(frozen=True, slots=True)
class RolloutState:
    """Everything that the message shows of a candidate.

    `in_shadow` are the version's metrics beside the live one, `live_again` those of the live
    version when it is asked twice. `answers` are the version's metrics with users at the present
    step, `previous_answers` those of the version that it replaces. `sample_waiting` counts the
    rows of the dataset's sample that nobody has reviewed, `simulated` the workspace's requests
    that are made up. `drafted` is the route where it was drafted, with its version.
    """

    candidate: Candidate
    history: Sequence[CandidateTransition]
    shadow_requests: int
    canary_requests: int
    dataset: StoredDataset | None
    report: Report | None
    progress: StepProgress | None
    in_shadow: VersionMetrics
    live_again: VersionMetrics
    answers: VersionMetrics
    previous_answers: VersionMetrics
    sample_waiting: int = 0
    simulated: int = 0
    drafted: DraftedRoute | None = None
    drafted_version: Version | None = None
    has_live: bool = True
    canary_hours: float = 0.0

    @property
    def edge(self) -> CandidateTransition | None:
        """The newest step."""
        return self.history[-1] if self.history else None

    @property
    def share(self) -> float:
        """The share of users (0-1) who get the version in a canary."""
        return canary_share(self.edge.evidence if self.edge else None)

    @property
    def shadow_left(self) -> int:
        """How many requests the shadow test still needs; a new route's trial counts for it."""
        tried = 0 if self.has_live else trial_row_count(self.report)
        return max(0, self.shadow_requests - self.in_shadow.calls - tried)


def load_state(store: Store, settings: Settings, candidate: Candidate) -> RolloutState:
    """Reads everything that the message shows."""
    team, route = candidate.team, str(candidate.route)
    history = store.candidates.history(candidate.id)
    version = _newest(edge.evidence.subject_version for edge in history)
    previous = _newest(edge.evidence.previous_version for edge in history)

    dataset, report, sample_waiting = None, None, 0
    in_shadow = live_again = answers = previous_answers = NO_METRICS

    drafted = store.drafted_routes.get(team, route)
    drafted_version = None
    if drafted is not None:
        stored = store.versions.get(team, route, drafted.version)
        if stored is not None:
            drafted_version = Version.model_validate(dict(stored.body))

    if candidate.state == "dataset":
        dataset = store.datasets.newest_for_candidate(team, candidate.id)
        sample_waiting = _sample_waiting(dataset, settings.dataset_sample)

    if version:
        report = store.datasets.newest_report(team, route, version)
        in_shadow = store.shadow_runs.shadow_metrics(team, route, version)
        live = store.versions.live(team, route)
        if live is not None:
            live_again = store.shadow_runs.shadow_metrics(team, route, live.id)

    # Counted since the newest step: a canary starts again at each share.
    if version and candidate.state in ANSWERING_STATES:
        answers = store.shadow_runs.answer_metrics(team, route, version, history[-1].at)
        previous_answers = store.shadow_runs.answer_metrics(team, route, previous)

    return RolloutState(
        candidate=candidate,
        history=history,
        shadow_requests=settings.shadow_min_requests,
        canary_requests=settings.canary_min_requests,
        canary_hours=settings.canary_hours,
        dataset=dataset,
        report=report,
        progress=store.rollout_cards.progress(candidate.id),
        in_shadow=in_shadow,
        live_again=live_again,
        answers=answers,
        previous_answers=previous_answers,
        sample_waiting=sample_waiting,
        simulated=store.stats.simulated(team),
        drafted=drafted,
        drafted_version=drafted_version,
        has_live=store.versions.live(team, route) is not None,
    )


def render(rollout: RolloutState) -> Rendered:
    """Returns the message."""
    candidate = rollout.candidate
    head, *rest = rollout_card(
        candidate, rollout.edge, rollout.dataset, rollout.report, is_tested=not rollout.shadow_left
    )
    if candidate.state == "drafted":
        rest = _draft(rollout)

    lines = [*_progress(rollout), *_shadow(rollout), *_answers(rollout)]
    figures = [rich_text.lines_block(lines)] if lines else []
    following = rich_text.block([rich_text.section(_next_step(rollout))])

    text = texts.STATE_LINE.format(
        label=rich_text.strip_invisible(candidate.label),
        state=weekly.state_sentence(candidate.state, rollout.share),
    )
    note = simulated_note(rollout.simulated)
    blocks = [head, following, *figures, *rest, *note, *_trail(rollout.history)]
    return Rendered(escape(text, quote=False), blocks)


def _next_step(rollout: RolloutState) -> list[Element]:
    """Returns what to do next, and about how long it takes; so that nobody has to ask."""
    candidate = rollout.candidate
    evidence = None if rollout.edge is None else rollout.edge.evidence
    text = texts.NEXT[candidate.state]

    if candidate.state == "dataset":
        text = texts.NEXT_ACCEPT
        if rollout.sample_waiting:
            minutes = review_form.minutes_for(rollout.sample_waiting)
            text = texts.NEXT_REVIEW.format(rows=rollout.sample_waiting, minutes=minutes)
    elif candidate.state == "shadow":
        left = rollout.shadow_left
        text = texts.NEXT_CANARY
        if left > 0:
            text = texts.NEXT_SHADOW.format(left=left, days=_days_for(left, candidate))
    elif isinstance(evidence, DraftedEvidence) and not evidence.passed:
        text = texts.NEXT_EDIT_DRAFT if evidence.evaluated else texts.NEXT_TRYING_DRAFT
    elif candidate.state in ("kept_prompt", "rag") and evidence and evidence.version:
        text = texts.NEXT_TRY

    return [*rich_text.text(texts.NEXT_LABEL, bold=True), *rich_text.text(text)]


def _days_for(requests: int, candidate: Candidate) -> str:
    """Returns in how many days so many requests come, at the pace of the four mined weeks."""
    per_day = candidate.evidence.count / MINED_DAYS
    if per_day <= 0:
        return texts.UNKNOWN_DAYS

    days = math.ceil(requests / per_day)
    return texts.ONE_DAY if days <= 1 else texts.DAYS.format(days=days)


def _sample_waiting(dataset: StoredDataset | None, sample: int) -> int:
    """Returns how many rows of the dataset's sample nobody has reviewed."""
    if dataset is None:
        return 0

    rows = from_records(dataset.rows)
    places = draw_sample(rows, sample, SAMPLE_SEED)
    return sum(rows[place].review == "waiting" for place in places)


def _draft(rollout: RolloutState) -> list[Block]:
    """Returns the draft as it will behave, with its buttons."""
    evidence = rollout.edge.evidence if rollout.edge else None
    if rollout.drafted is None or rollout.drafted_version is None:
        return []
    if not isinstance(evidence, DraftedEvidence):
        return []

    return draft_card(rollout.candidate, rollout.drafted, rollout.drafted_version, evidence)


def digest_of(message: Rendered) -> str:
    """Returns a hash of the blocks: a message is updated only when it changes."""
    # Sorted keys, so that equal messages have equal hashes in every process.
    encoded = json.dumps(message.blocks, sort_keys=True).encode()
    return hashlib.sha256(encoded).hexdigest()[:16]


def _newest(values: Iterable[str | None]) -> str:
    """Returns the last value that is not empty."""
    newest = ""
    for value in values:
        newest = value or newest

    return newest


def _progress(rollout: RolloutState) -> list[str]:
    """Returns how far the running step is, as a bar and in words."""
    progress = rollout.progress
    if progress is None or rollout.edge is None or progress.at < rollout.edge.at:
        return []

    # Progress outlives its step in the store: that of another state is not shown.
    body = progress.body
    step = str(body["doing"])
    if STATE_OF_STEP.get(step) != rollout.candidate.state:
        return []

    # A step may report before it knows how much there is to do.
    done, total = int(body["done"]), max(1, int(body["of"]))
    full = round(BAR_WIDTH * done / total)
    bar = "▰" * full + "▱" * (BAR_WIDTH - full)
    parts = [f"{bar} {texts.PROGRESS[step].format(done=done, of=total)}"]

    minutes = _minutes_left(progress.at - rollout.edge.at, done, total)
    if minutes is not None:
        parts.append(texts.MINUTES_LEFT.format(minutes=minutes))
    if body.get("loss") is not None:
        parts.append(texts.LOSS.format(loss=body["loss"]))
    if body.get("dev_exact") is not None:
        parts.append(texts.DEV_EXACT.format(share=body["dev_exact"]))
    if body.get("version"):
        parts.append(str(body["version"]))

    return [" · ".join(parts)]


def _minutes_left(seconds: float, done: int, total: int) -> int | None:
    """Returns about how long the step still takes, at its pace so far; None while that is unknown.

    `seconds` have passed since the step could begin.
    """
    if done <= 0 or done >= total:
        return None

    return max(1, round(seconds * (total - done) / done / 60))


def _shadow(rollout: RolloutState) -> list[str]:
    """Returns how often the version agrees with the live one, and the live one with itself."""
    if rollout.candidate.state != "shadow":
        return []

    version, live = rollout.in_shadow, rollout.live_again
    if rollout.drafted is not None and not rollout.has_live:
        text = texts.SHADOW_CALLS_OF_DRAFT
        tried, valid = trial_row_count(rollout.report), version.valid if version.calls else 1.0
        wanted, calls = rollout.shadow_requests, version.calls + tried
        return [text.format(calls=calls, wanted=wanted, tried=tried, valid=valid)]

    is_enough = version.calls >= rollout.shadow_requests
    text = texts.SHADOW_ENOUGH if is_enough else texts.SHADOW_CALLS
    lines = [text.format(calls=version.calls, wanted=rollout.shadow_requests)]

    if version.calls:
        lines.append(
            texts.SHADOW_AGREEMENT.format(
                agreed=version.agreed, valid=version.valid, seconds=version.seconds
            )
        )

    if live.calls:
        lines.append(texts.SHADOW_SELF_AGREEMENT.format(agreed=live.agreed, calls=live.calls))
    if disagrees(version, live):
        lines.append(texts.SHADOW_DISAGREES)

    return lines


def _canary_end(rollout: RolloutState) -> list[str]:
    """Returns what becomes of a canary step in which too few people ask."""
    if not rollout.canary_hours or rollout.edge is None:
        return []
    if rollout.report is None:
        return [texts.CANARY_WAITS_ON]

    ends_at = rollout.edge.at + rollout.canary_hours * HOUR_SECONDS
    return [texts.CANARY_WAITS.format(day=weekly.day(ends_at))]


def _answers(rollout: RolloutState) -> list[str]:
    """Returns how the version does with users, beside the one that it replaces."""
    if rollout.candidate.state not in ANSWERING_STATES:
        return []

    lines = []
    if rollout.candidate.state == "canary":
        following = next_share(rollout.share)
        next_step = texts.THEN_LIVE
        if following is not None:
            next_step = texts.THEN_SHARE.format(share=following)

        lines.append(
            texts.CANARY_CALLS.format(
                calls=rollout.answers.calls, wanted=rollout.canary_requests, next_step=next_step
            )
        )
        lines += _canary_end(rollout)

    versions = (
        (texts.THIS_VERSION, rollout.answers),
        (texts.PREVIOUS_VERSION, rollout.previous_answers),
    )
    for name, metrics in versions:
        if metrics.calls:
            lines.append(
                texts.ANSWERED.format(
                    version=name,
                    calls=metrics.calls,
                    corrected=metrics.corrected,
                    seconds=metrics.seconds,
                )
            )

    return lines


def _trail(history: Sequence[CandidateTransition]) -> list[Block]:
    """Returns who took which step, and when, in one line."""
    steps = [edge for edge in history if edge.after not in ("detected", "digested")]
    elements: list[Element] = []

    for edge in steps[-TRAIL_STEPS:]:
        if elements:
            elements += rich_text.text(" → ", italic=True)

        elements += rich_text.text(truncate(_trail_step(edge), TRAIL_STEP_LIMIT), italic=True)
        if edge.actor != SYSTEM:
            elements += [*rich_text.text(texts.TRAIL_BY, italic=True), rich_text.user(edge.actor)]

    if not elements:
        return []

    elements += rich_text.text(texts.TRAIL_END, italic=True)
    return [rich_text.block([rich_text.section(elements)])]


def _trail_step(edge: CandidateTransition) -> str:
    label = weekly.STATES[edge.after].label
    at = clock_time(edge.at).removesuffix(" UTC")
    if edge.after == "canary":
        return texts.TRAIL_CANARY.format(state=label, share=canary_share(edge.evidence), at=at)

    return texts.TRAIL_STEP.format(state=label, at=at)
