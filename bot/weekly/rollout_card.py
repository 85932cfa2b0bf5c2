"""A rollout as one message: its state, the progress of the running step, and the steps so far.

Rendered from the store each time, so that the message in the channel and `/beagle rollout` show the
same.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from html import escape

from bot.payloads import Block
from bot.ui import rich_text
from bot.ui.blocks import Rendered, clock_time
from bot.ui.rich_text import Element
from bot.ui.spans import span
from bot.ui.stats import simulated_note
from bot.ui.texts import drafts, weekly
from bot.ui.texts import rollout as texts
from bot.weekly import review_form
from bot.weekly.drafts.view import draft_card
from bot.weekly.rollout_state import ANSWERING_STATES, RolloutState
from bot.weekly.rollout_view import canary_share, rollout_card, state_text
from router.canary import next_share
from router.lifecycle import SYSTEM, State
from router.lifecycle_evidence import DraftedEvidence
from router.store.weekly.candidates import CandidateTransition
from router.text.printable import shorten
from router.types import Candidate
from workers.evaluation.guardrails import HOUR_SECONDS, MIN_ANSWERS, disagrees, trial_row_count

MINED_DAYS = 28
"""Days that a candidate's count covers."""
TRAIL_STEPS = 12
"""The newest steps that the message lists."""
TRAIL_STEP_LIMIT = 80
BAR_WIDTH = 20
STATE_OF_STEP: Mapping[str, State] = {
    "drafting": "drafted",
    "optimising": "approved",
    "training": "reviewed",
    "measuring": "tuned",
}
"""The state in which a worker runs a step: progress reported in an earlier state is outdated."""


def render(rollout: RolloutState) -> Rendered:
    """Returns the message."""
    candidate = rollout.candidate
    head, *rest = rollout_card(
        candidate,
        rollout.edge,
        rollout.dataset,
        rollout.report,
        is_tested=rollout.is_tested,
        unseen_rows=rollout.unseen_rows,
        is_only_version=rollout.is_only_version,
    )
    if candidate.state == "drafted":
        rest = _draft(rollout)

    lines = [*_progress(rollout), *_shadow(rollout), *_answers(rollout)]
    figures = [rich_text.lines_block(lines)] if lines else []
    following = rich_text.block([rich_text.section(_next_step(rollout))])

    text = texts.STATE_LINE.format(
        label=rich_text.strip_invisible(candidate.label),
        state=state_text(candidate, rollout.edge, is_only_version=rollout.is_only_version),
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
        text = _next_in_shadow(rollout)
    elif candidate.state == "rolled_back" and rollout.is_only_version:
        text = drafts.NEXT_ROLLED_BACK
    elif isinstance(evidence, DraftedEvidence) and not evidence.passed:
        text = texts.NEXT_EDIT_DRAFT if evidence.evaluated else texts.NEXT_TRYING_DRAFT
    elif candidate.state in ("kept_prompt", "rag") and evidence and evidence.version:
        text = texts.NEXT_TRY

    return [*rich_text.text(texts.NEXT_LABEL, bold=True), *rich_text.text(text)]


def _next_in_shadow(rollout: RolloutState) -> str:
    """Returns what is missing until the canary can be started, or that it can be."""
    left, candidate = rollout.shadow_left, rollout.candidate
    if rollout.is_tested or left <= 0:
        return texts.NEXT_CANARY

    text = texts.NEXT_SHADOW_NEW.format(left=left)
    if candidate.evidence.count:
        text = texts.NEXT_SHADOW.format(left=left, days=_days_for(left, candidate))
    if rollout.shadow_hours:
        fewest = min(MIN_ANSWERS, rollout.shadow_requests)
        hours = texts.SHADOW_FIRST_HOURS.format(fewest=fewest, hours=rollout.shadow_hours)
        text = f"{text} {hours}"

    return text


def _days_for(requests: int, candidate: Candidate) -> str:
    """Returns in how many days so many requests come, at the pace of the four mined weeks."""
    per_day = candidate.evidence.count / MINED_DAYS
    days = math.ceil(requests / per_day)
    return texts.ONE_DAY if days <= 1 else texts.DAYS.format(days=days)


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
        parts.append(texts.TIME_LEFT.format(time=span(minutes)))
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
        return _shadow_of_draft(rollout)

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


def _shadow_of_draft(rollout: RolloutState) -> list[str]:
    """Returns how far the shadow test of a drafted route is, without figures of nothing."""
    version, tried = rollout.in_shadow, trial_row_count(rollout.report)
    calls = version.calls + tried
    parts = [drafts.SHADOW_CALLS.format(calls=calls, wanted=rollout.shadow_requests)]
    if tried:
        parts.append(drafts.SHADOW_TRIED.format(tried=tried))
    if version.calls:
        has_form = rollout.drafted_version is not None and rollout.drafted_version.output
        text = drafts.SHADOW_VALID if has_form else drafts.SHADOW_ANSWERED
        parts.append(text.format(calls=version.calls, valid=version.valid))

    return [" ".join(parts)]


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

        elements += rich_text.text(shorten(_trail_step(edge), TRAIL_STEP_LIMIT), italic=True)
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
