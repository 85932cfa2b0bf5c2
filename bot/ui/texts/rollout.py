"""Texts of a candidate's rollout: its card, its review dialog, the replies to its buttons."""

from __future__ import annotations

REVIEW = "Review examples"
ACCEPT_REST = "Accept the rest"
START_SHADOW = "Start shadow test"
START_CANARY = "Start canary (5%)"
ROLL_BACK = "Roll back"
REPORT = "Report"

NO_ROLLOUT = "No candidate is being rolled out. Approve one with `/beagle candidates`."
NO_REPORT = "There is no report of {version}."
SAMPLE_DONE = "You have reviewed the whole sample. Next, press *Accept the rest*."
TRAINING_STARTED = (
    "Reviewed. Training starts as soon as a worker is free; the card shows its progress."
)
SHADOW_STARTED = (
    "Shadow test started. It runs beside the live version; users do not see its answers."
)
CANARY_STARTED = "Canary started: 5% of users get this version."
ROLLED_BACK = "Rolled back: from the next request on, the previous version answers."
ROLLED_BACK_BY_ADMIN = "an admin rolled it back"
SHADOW_FIRST = "The shadow test is not complete: {calls} of {wanted} requests so far."
SHADOW_FIRST_HOURS = "After {hours:g} hours, {fewest} requests are enough."

STATE_LINE = "{label}: {state}"
STATE_AFTER_LABEL = "  {state}"
PROMPTS_TRIED = "Accuracy on development rows by prompt: {prompts}."
PROMPT_TRIED = "{name} {share:.0%}"
BEST_PROMPT = "The best prompt is right in {share:.1%}, measured on {rows}."
SEARCH_COST = "The search took {calls} model calls and ${usd:.4f}."

DATASET_ROWS = "{rows} examples by {people} people (dataset {dataset})."
DATASET_LEFT_OUT = "Left out: {duplicates} near-duplicates, {over_share} beyond one person's share."
DATASET_ONE_BY_ONE = (
    "{contradicted} contradictory and {suspect} suspicious examples have to be reviewed one by one."
)
DATASET_TEACHER = (
    "{count} answers were written by a model (the teacher) and not seen by a person yet."
)
DATASET_REVIEWED = (
    "{reviewed} reviewed, {wrong} of them wrong ({share:.0%}, 95% interval {low:.0%} to "
    "{high:.0%})."
)

REVIEW_TITLE = "Review examples"
REVIEW_SAVE = "Save"
REVIEW_CANCEL = "Cancel"
REVIEW_SUSPICIOUS = "Look closely: it {reason}. "
REVIEW_CONTRADICTED = "People got different answers to this. "
REVIEW_RIGHT = "Right"
REVIEW_DROP = "Drop it"
REVIEW_QUESTION = "Is this answer right?"
REVIEW_ANSWER = "If it is wrong, what is right?"

PROGRESS = {
    "optimising": "looking for a better prompt, call {done} of at most {of}",
    "training": "training, step {done} of {of}",
    "measuring": "measuring, row {done} of {of}",
}
LOSS = "loss {loss:.3f}"
DEV_EXACT = "{share:.0%} of the held-out rows answered word for word"
SHADOW_CALLS = "{calls} of {wanted} requests in the shadow test; the live version answers them."
SHADOW_AGREEMENT = (
    "It agrees with the live version in {agreed:.0%}; {valid:.0%} have the right format; "
    "{seconds:.1f} s each."
)
SHADOW_SELF_AGREEMENT = (
    "Asked the same again, the live version agrees with itself in {agreed:.0%} ({calls} requests)."
)
SHADOW_DISAGREES = (
    "It agrees less than the live version agrees with itself: read the report before you start the "
    "canary."
)
CANARY_CALLS = "{calls} of {wanted} answers at this step; then {next_step}."
THEN_LIVE = "it goes live"
THEN_SHARE = "{share:.0%} of users get it"
THIS_VERSION = "This version"
PREVIOUS_VERSION = "Previous version"
ANSWERED = "{version}: {calls} answers, {corrected:.0%} corrected, {seconds:.1f} s each."

TRAIL_STEP = "{state} {at}"
TRAIL_CANARY = "{state} {share:.0%} {at}"
TRAIL_BY = " by "
TRAIL_END = " (UTC)"
