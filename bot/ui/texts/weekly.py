"""Texts of the weekly digest and of candidates: states, advice, readiness gates, decisions.

Admins read these without having read any documentation: each line says what was measured and what
would change it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.ui.counted import Counted
from router.candidate_evidence import CandidateEvidence, GateOutcome
from router.lifecycle import State
from workers.readiness.money_text import dollars, monthly_saving


@dataclass(frozen=True, slots=True)
class StateText:
    """A lifecycle state in words: a short label, and a sentence that says what it means."""

    label: str
    explanation: str


STATES: Mapping[State, StateText] = {
    "detected": StateText("Found", "The next digest lists it."),
    "digested": StateText("Awaiting a decision", "An admin approves, snoozes or rejects it."),
    "rejected": StateText("Rejected", "It is not offered again unless it changes much."),
    "snoozed": StateText("Snoozed", "It comes back later."),
    "approved": StateText(
        "Approved", "Beagle drafts a route where none exists, else looks for a better prompt."
    ),
    "drafted": StateText(
        "Route drafted", "Nothing answers before you start it. See below what it would answer."
    ),
    "optimised": StateText("Prompt examined", "Next, Beagle decides whether training would help."),
    "kept_prompt": StateText(
        "Prompt kept: tuning adds nothing", "A prompt answers well enough, so nothing is trained."
    ),
    "rag": StateText(
        "Needs retrieval", "Documents would improve the answers more than training would."
    ),
    "dataset": StateText(
        "Dataset ready for review", "Training starts once you have reviewed its examples."
    ),
    "reviewed": StateText("Dataset reviewed", "The new version is being trained."),
    "tuned": StateText("Trained", "The new version is being measured on test rows."),
    "evaluated": StateText("Evaluated", "The report compares it with the live version."),
    "shadow": StateText(
        "Shadow test", "It runs beside the live version; users do not see its answers."
    ),
    "canary": StateText("Canary", "{share:.0%} of users get the new version."),
    "live": StateText("Live", "All users get this version."),
    "drifting": StateText(
        "Drifting", "The live version does worse than when it was tested. Please decide what to do."
    ),
    "rolled_back": StateText("Rolled back", "The previous version answers again."),
    "retired": StateText("Retired", "This version no longer answers."),
}
"""The one place that puts lifecycle states into words."""


@dataclass(frozen=True, slots=True)
class GateText:
    """A readiness gate in words. The sentences are filled with its `figure` and its `limit`."""

    title: str
    passed: str
    failed: str
    unknown: str


GATES: Mapping[str, GateText] = {
    "privacy": GateText(
        "Privacy",
        "Enough different people ask for this ({figure}).",
        "Too few people ask for this, or mostly one person ({figure}). Required: {limit}.",
        "It is not known how many people ask for this ({figure}).",
    ),
    "volume": GateText(
        "Volume",
        "It is requested often enough ({figure}).",
        "It is requested too rarely ({figure}). Required: {limit}.",
        "It is not known how often it is requested ({figure}).",
    ),
    "prompt first": GateText(
        "Prompt",
        "Even the best one is not enough ({figure}), so training may help.",
        (
            "It is good enough ({figure}), so training is not needed. This changes if its "
            "accuracy falls or its cost becomes too high."
        ),
        (
            "Whether one is enough cannot be told yet ({figure}). Each week Beagle tries what "
            "its budget allows; it needs examples with a right answer."
        ),
    ),
    "retrieval": GateText(
        "Retrieval",
        "Missing documents are not the problem ({figure}).",
        (
            "The right answers change, or depend on documents ({figure}), so adding documents "
            "helps more than training. Training is considered when {limit}."
        ),
        "Whether documents would help is not known yet ({figure}).",
    ),
    "narrow": GateText(
        "Narrow task",
        "A small model can learn all of it ({figure}).",
        "It is too broad for a small model ({figure}). Required: {limit}.",
        "Whether a small model can learn all of it is not known yet ({figure}).",
    ),
    "stable": GateText(
        "Stable answers",
        "They have stayed the same for long enough ({figure}).",
        "They still change too much ({figure}). Required: {limit}.",
        "Whether they stay the same is not known yet ({figure}).",
    ),
    "cheap head first": GateText(
        "Simple classifier",
        "It would not do ({figure}), so fine-tuning may help.",
        "It would do ({figure}), so fine-tuning is not needed.",
        "Whether it would do has not been tested yet ({figure}).",
    ),
    "data": GateText(
        "Reviewed examples",
        "There are enough examples to learn from ({figure}).",
        "There are too few examples to learn from ({figure}). Required: {limit}.",
        "It is not known how many examples there are ({figure}).",
    ),
    "tuning gain": GateText(
        "Gain from tuning",
        "It is expected to be good enough ({figure}).",
        "It is not expected to be good enough either ({figure}). Required: {limit}.",
        "What it would reach cannot be estimated yet ({figure}).",
    ),
    "roi": GateText(
        "Cost",
        "Tuning pays for itself ({figure}).",
        "Tuning does not pay for itself ({figure}). Required: it {limit}.",
        "What tuning would save cannot be calculated yet ({figure}).",
    ),
    "checkable reward": GateText(
        "Checkable answers",
        (
            "A program can tell right from wrong ({figure}), so after training with examples the "
            "model may practise on its own."
        ),
        (
            "No program can tell right from wrong ({figure}), so the model can only learn from "
            "examples."
        ),
        "Whether a program can tell right from wrong is not known yet ({figure}).",
    ),
    "a person": GateText(
        "Approval",
        "Approved by an admin ({figure}).",
        "No admin has approved it ({figure}).",
        "An admin has to approve it.",
    ),
}
"""The readiness gates by the names that the store knows them by."""

MARKS = {True: "For training", False: "Against training", None: "Not known yet"}
"""What the outcome of a gate means: a tick would not say what it is good for."""
BARS = "▁▂▃▄▅▆▇█"

ADVICE = {
    "keep the prompt": "Keep the prompt",
    "improve the prompt": "Improve the prompt",
    "add retrieval": "Add documents (retrieval)",
    "train a head": "Train a simple classifier",
    "tune": "Fine-tune a model",
    "not yet": "Not ready yet",
}
AGAINST_TRAINING = ("keep the prompt", "not yet")
"""Recommendations against which an admin may approve, but has to say why."""
FIRST_PROMPT = "Write a prompt first"

BOTTOM_LINE = Counted("*Of {repeated:repeated request|repeated requests}, {parts}.*")
BOTTOM_LINE_ONE = "*One request repeats: {parts}.*"
BOTTOM_PROMPT = Counted("{count:needs|need} a better prompt first")
BOTTOM_NO_TRAINING = Counted("{count:needs|need} no training")
BOTTOM_HEAD = Counted("{count:deserves|deserve} a simple classifier")
BOTTOM_TUNE = Counted("{count:is|are} worth tuning")
BOTTOM_SAVES = ": saves {money} a month from week {week}"
BOTTOM_UNDECIDED = Counted("{count:is|are} not ready")
DIGEST_AGAIN = "{week}, made again on {day} at {clock}"
DIGEST_TITLE = "Weekly digest, {week}"
DIGEST_TITLE_PERIOD = "Weekly digest, {week}: {first} to {last}"
DIGEST_LINE = Counted("Week {week}: {count:request|requests}, {candidates:candidate|candidates}")
DIGEST_EMPTY = "Week {week}: there were no requests, so there is nothing to decide."
DIGEST_EMPTY_MINED = Counted(
    "Week {week}: there were no requests to me, and nothing repeats often enough in "
    "{mined:message|messages} of the channels that I mine."
)
DIGEST_NOTHING = "No request repeats often enough to need a decision this week."
DIGEST_CHART = "Requests by route"
DIGEST_GAPS = "*Questions that the documents did not answer*"
DIGEST_PEOPLE = Counted(
    "*Answered by people:* {answered:request|requests} got a reply by a colleague. "
    "{captured:answer was|answers were} saved to be quoted from now on."
)
DIGEST_PEOPLE_HINT = " Mark a good one with ✅, or use the shortcut *Save as answer*."
DIGEST_GAP_COUNT = Counted("  ({asked}x, {people:person|people})")
DIGEST_DRIFT = "*Live versions that have become worse, and models that are switched off soon*"
DIGEST_DECIDED = "*Progress of earlier decisions*"
DIGEST_NOTE = Counted(
    "Based on {mined:message|messages} of four weeks. Personal data was masked first."
)
DIGEST_WITHHELD = Counted(
    "{withheld:group is|groups are} not shown because too few people or requests are behind them."
)
DIGEST_MAKING = "I am preparing the digest. It will be in {channel} in a moment."
DIGEST_NO_QUEUE = "The queue does not answer, so no digest is made. Please try again soon."
DIGEST_NO_CHANNEL = "No admin channel is set. Name one in BEAGLE_ADMIN_CHANNEL."
DECIDED_STATE = ": {state}"
DECIDED_BY = ", decided by "
DECIDED_SINCE = ", since {day}"
MINED_CHANNEL = Counted("{count:message|messages} of ")
MINED_CHANNEL_BY = ", mined with the consent of "
MINED_CHANNEL_SINCE = " since {day}"

NUMBER_REQUESTS = "Requests"
NUMBER_ANSWERED = "Answered"
NUMBER_CORRECTED = "Corrected"
NUMBER_FAILED = "Failed"
NUMBER_COST = "Cost"
NUMBER_LATENCY = "Median latency"
COST_OF_CAP = "{spent} (limit {cap} a day)"
SECONDS = "{seconds:.1f} s"

CANDIDATE_COUNTS = Counted("{count:request|requests} by {people:person|people}, four weeks {weeks}")
CANDIDATE_TREND = ", last week {change}"
CANDIDATE_CHANNEL_MESSAGES = Counted(
    "{count:of them is a message|of them are messages} in channels that I mine, not requests to me."
)
CANDIDATE_STATE_BY = "{state} by "
DRAFT_WANTED = "Draft requested"
CANDIDATE_IN_LIST = "{label}: {state}"
GATES_PASSED = "For training: "
GATES_UNKNOWN = "Not known yet: "
TUNING_WOULD = "Tuning would {money}"
TUNING_UNPRICED = "No price is known for tuning"
NO_PRICE = "no price known"
UNKNOWN_DAY = "an unknown day"

NO_CANDIDATES = "There are no candidates yet. The weekly digest finds them."
NO_EXAMPLES = "No example may be shown: it was only requested in private conversations."
APPROVE = "Approve"
REJECT = "Reject"
SNOOZE = "Snooze"
SEE_EXAMPLES = "See examples"
SPLIT_OR_MERGE = "Split or merge"
SNOOZES = {"1w": "For a week", "4w": "For four weeks", "x2": "Until it doubles"}

SNOOZE_ASK = "Snooze it?"
SNOOZE_MEANS = "It leaves the digest for that time. Bring back returns it at any time."
BRING_BACK = "Bring back"
SNOOZED_UNTIL = "Snoozed until {day}"
SNOOZED_UNTIL_COUNT = Counted("Snoozed until it counts {count:,|request|requests}")
SNOOZED_HOW = "Bring back returns it at once; until then /beagle candidates lists it."
BROUGHT_BACK = "It awaits a decision again."
BROUGHT_BACK_BY_ADMIN = "an admin brought it back"
SNOOZE_TITLE = "Snooze"
SNOOZE_WHEN = "For how long?"

APPROVE_TITLE = "Approve"
APPROVE_ADVICE = "Recommendation for “{label}”: {advice}."
APPROVE_NEXT = (
    "Beagle first looks for a better prompt. Only if that is not enough, it asks you to review "
    "examples, trains a model and measures it. No user gets a new version before you start its "
    "canary."
)
APPROVE_CHOICES = "What each kind of training would take:"
APPROVE_CHOICE_HERE = Counted(
    "• {label}: {time} for {rows:example|examples} on a quiet machine with two cores, at most "
    "{memory} GB of memory; nothing is rented."
)
APPROVE_CHOICE_PROVIDER = (
    "• {label}: about ${usd} a run by your settings. It needs a key and a price, the masked "
    "examples leave, and it starts with `beagle dataset provider` after the review."
)
APPROVE_BUDGET = "Budget in USD"
APPROVE_BUDGET_HINT = (
    "The most that model calls and training may cost. The included local model costs nothing."
)
APPROVE_BUDGET_WRONG = "Please enter a number from 0 to {most}."
APPROVE_BASE = "Which model may be trained?"
APPROVE_BASE_WRONG = "Please choose one from the list."
APPROVE_CONSENT = "What may it learn from?"
APPROVE_CONSENT_OPTION = Counted("The masked texts of {count:request|requests}, and their answers")
APPROVE_CONSENT_WRONG = "Without this there is nothing to learn from."
APPROVE_REASON = "Why?"
APPROVE_REASON_WRONG = "The recommendation is against it, so please say why you approve it."

REJECT_TITLE = "Reject"
REJECT_WHAT = "What is it?"
REJECT_WHY = "Why not?"
REJECT_UNWANTED = "A repeated request, but not worth the effort"
REJECT_SMALL_TALK = "Not a request, just small talk"
REJECT_HINT = "The second answer teaches Beagle what counts as a request."

SPLIT_TITLE = "Split or merge"
SPLIT_WHAT = "What is wrong with this group?"
SPLIT_HINT = "The next weekly mining run applies your answer, and so do all later ones."
SPLIT_NOTHING = "There is no other candidate to merge it with, and it is too small to be split."
SPLIT_SEVERAL = "It mixes several different requests"
SPLIT_INTO = "It is the same as “{label}”"

EXAMPLES_TITLE = "Examples and checks"
CANDIDATE_CHANGED = (
    "This candidate has changed or was decided by somebody else. The message shows its current "
    "state."
)


def advice(evidence: CandidateEvidence) -> str:
    """Returns the recommendation."""
    if not evidence.answers and evidence.recommendation == "improve the prompt":
        return FIRST_PROMPT

    return ADVICE[evidence.recommendation]


def gate_title(gate: GateOutcome) -> str:
    """Returns the name of a gate for people."""
    return GATES[gate.name].title


def gate_sentence(gate: GateOutcome) -> str:
    """Returns what the gate found, with its figure, and what would change that."""
    text = GATES[gate.name]
    by_outcome = {True: text.passed, False: text.failed, None: text.unknown}
    return by_outcome[gate.passed].format(figure=gate.figure, limit=gate.limit)


def state_sentence(state: State, share: float = 0.0, explanation: str = "") -> str:
    """Returns the state with its explanation, or another one; `share` (0-1) is that of a canary."""
    text = STATES[state]
    return f"{text.label}. {explanation or text.explanation}".format(share=share)


def money_sentence(evidence: CandidateEvidence) -> str:
    """Returns what tuning would save or lose a month."""
    savings = evidence.monthly_savings_usd
    if savings is None:
        return TUNING_UNPRICED

    return TUNING_WOULD.format(money=monthly_saving(*savings))


def bottom_line(advice: Mapping[str, Any]) -> str:
    """Returns how many repeated requests deserve what; `advice` is the digest's `BottomLine`."""
    parts = []
    for key, counted in (
        ("no_training", BOTTOM_NO_TRAINING),
        ("prompt", BOTTOM_PROMPT),
        ("head", BOTTOM_HEAD),
        ("tune", BOTTOM_TUNE),
        ("undecided", BOTTOM_UNDECIDED),
    ):
        # A digest of an older release counted better prompts under no training.
        count = advice.get(key, 0)
        if not count:
            continue

        text = counted.format(count=count)
        # Only what earns its price back has a week from which it does.
        if key == "tune" and advice["from_week"] is not None and advice["monthly_usd"] > 0:
            text += BOTTOM_SAVES.format(
                money=dollars(advice["monthly_usd"]), week=advice["from_week"]
            )
        parts.append(text)

    repeated = advice["repeated"]
    template = BOTTOM_LINE if repeated > 1 else BOTTOM_LINE_ONE
    return template.format(repeated=repeated, parts="; ".join(parts))


def a_month(evidence: CandidateEvidence) -> str:
    """Returns what tuning would save or lose a month, for a cell of a table."""
    savings = evidence.monthly_savings_usd
    return NO_PRICE if savings is None else monthly_saving(*savings)


def sparkline(counts: Sequence[int]) -> str:
    """Returns one bar for each count, oldest first, scaled to the largest."""
    largest = max([*counts, 1])
    return "".join(BARS[round(count / largest * (len(BARS) - 1))] for count in counts)


def week_name(week: str) -> str:
    """Returns a digest's week for people: of one that was asked for, also when that was.

    Its key has the second, so that it is another one than the week's own.
    """
    week, _, second = week.partition("+")
    if not second:
        return week

    clock = datetime.fromtimestamp(int(second), UTC).strftime("%H:%M UTC")
    return DIGEST_AGAIN.format(week=week, day=day(float(second)), clock=clock)


def day(at: float) -> str:
    """Returns the date of a unix time, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%-d %B %Y") if at else UNKNOWN_DAY
