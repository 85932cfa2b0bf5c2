"""Texts of a candidate's rollout: its card, its review dialog, the replies to its buttons."""

from __future__ import annotations

from collections.abc import Mapping

from bot.ui.counted import Counted
from router.lifecycle import State

REVIEW = "Review examples"
ACCEPT_REST = "Accept the rest"
ACCEPT_REST_ASK = "Accept the rest?"
ACCEPT_REST_MEANS = Counted(
    "{rows:example that nobody has looked at is|examples that nobody has looked at are} accepted "
    "as they are, in your name. Training then starts by itself."
)
START_SHADOW = "Start shadow test"
START_CANARY = "Start canary (5%)"
ROLL_BACK = "Roll back"
ROLL_BACK_ASK = "Roll back?"
ROLL_BACK_MEANS = (
    "From the next request on, the previous version answers everybody. Nothing that was trained is "
    "deleted: you can start its shadow test again."
)
TRY_AGAIN = "Start shadow test again"
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
CANARY_STARTED = "Canary started: {share:.0%} of users get this version."
ROLLED_BACK = "Rolled back: from the next request on, the previous version answers."
ROLLED_BACK_BY_ADMIN = "an admin rolled it back"
SHADOW_FIRST = Counted(
    "The shadow test is not complete: {calls} of {wanted:request|requests} so far."
)
SHADOW_FIRST_HOURS = Counted("After {hours:g|hour|hours}, {fewest:request is|requests are} enough.")

NEXT_LABEL = "Next: "
NEXT: Mapping[State, str] = {
    "detected": "nothing; the next digest lists it.",
    "digested": "an admin decides in the digest.",
    "rejected": "nothing.",
    "snoozed": (
        "nothing; it comes back in a digest. Bring back in /beagle candidates returns it at once."
    ),
    "approved": "nothing to do. Beagle drafts a route, or looks for a better prompt, by itself.",
    "drafted": (
        "read what it would answer. If that is right, start the shadow test; else edit it or "
        "reject it."
    ),
    "optimised": "nothing to do. Beagle prepares the examples by itself.",
    "kept_prompt": "nothing to do. The prompt that answers now is kept.",
    "rag": "add documents with `beagle ingest` or `/beagle knowledge`; nothing is trained.",
    "dataset": "review the examples.",
    "reviewed": "nothing to do. Training runs by itself, and the measuring after it.",
    "tuned": "nothing to do. The measuring runs by itself.",
    "evaluated": "nothing to do. The shadow test starts by itself if the report allows it.",
    "shadow": "wait for requests.",
    "canary": "nothing to do. The next step comes by itself, and a worse version is rolled back.",
    "live": "nothing to do. It is measured again every week; Roll back stays possible.",
    "drifting": "decide with one of the buttons below; until then it keeps answering.",
    "rolled_back": "nothing has to be done. The button below tries the same version again.",
    "retired": "nothing.",
}
"""What an admin does next, by the candidate's state; some states have a longer sentence."""
NEXT_EDIT_DRAFT = "read below what it did not pass, then edit it or reject it."
NEXT_TRYING_DRAFT = "nothing to do. Beagle is trying the draft; this takes a minute or two."
NEXT_REVIEW = Counted(
    "press Review examples: {rows:example waits|examples wait} for you, about "
    "{minutes:minute|minutes}. These are enough; then Accept the rest takes the others, and "
    "training starts by itself."
)
NEXT_ACCEPT = "press Accept the rest. Training then starts by itself."
NEXT_SHADOW = Counted(
    "wait for {left:more request|more requests} of this route; yours count too. At the pace of the "
    "last four weeks that takes {days}. Then this card has Start canary (5%)."
)
NEXT_SHADOW_NEW = Counted(
    "wait for {left:more request|more requests} that fit this route; yours count too. Then this "
    "card has Start canary (5%)."
)
NEXT_CANARY = "read the report, then press Start canary (5%), or Roll back."
NEXT_TRY = "press Start shadow test to try the better version beside the live one, or do nothing."
DAYS = Counted("about {days:day|days}")
ONE_DAY = "about a day"
TIME_LEFT = "{time} left"
STATE_LINE = "{label}: {state}"
STATE_AFTER_LABEL = "  {state}"
PROMPTS_TRIED = "Accuracy on development rows by prompt: {prompts}."
PROMPT_TRIED = "{name} {share:.0%}"
BEST_PROMPT = "The best prompt is right in {share:.1%}, measured on {rows}."
SEARCH_COST = Counted("The search took {calls:model call|model calls} and ${usd:.4f}.")

DATASET_ROWS = Counted(
    "{rows:example|examples} in all, past requests of {people:person|people} with their answers "
    "(dataset {dataset})."
)
DATASET_LEFT_OUT = Counted(
    "Left out: {duplicates:near-duplicate|near-duplicates}, {over_share} beyond one person's share."
)
DATASET_ONE_BY_ONE = (
    "To be reviewed one by one: {contradicted} contradictory, {suspect} suspicious."
)
DATASET_TEACHER = Counted(
    "{count:answer was|answers were} written by a model (the teacher) and not seen by a person yet."
)
DATASET_REVIEWED = (
    "Of these {rows} a person has looked at {reviewed}: {wrong} wrong ({share:.0%}; of all of them "
    "probably {low:.0%} to {high:.0%})."
)

REVIEW_TITLE = "Review examples"
REVIEW_SAVE = "Save"
REVIEW_CANCEL = "Cancel"
REVIEW_SUSPICIOUS = "Look closely: it {reason}. "
REVIEW_CONTRADICTED = "People got different answers to this. "
REVIEW_RIGHT = "Right"
REVIEW_DROP = "Drop it"
REVIEW_QUESTION = "As it is in the fields above, is the answer right?"
REVIEW_ANSWER = "Answer"
REVIEW_INTRO = Counted(
    "{rows:example|examples}, about {minutes:minute|minutes}. Below each message is what was "
    "answered. Correct what is wrong, then choose Right. Drop what nobody should learn from. What "
    "you leave out can be reviewed later."
)
REVIEW_UNREADABLE = "{field} has to be a value of the kind “{kind}”."

PROGRESS = {
    "drafting": "trying the draft, request {done} of {of}",
    "optimising": "looking for a better prompt, call {done} of at most {of}",
    "training": "training, step {done} of {of}",
    "measuring": "measuring, row {done} of {of}",
}
LOSS = "loss {loss:.3f}"
DEV_EXACT = "{share:.0%} of the held-out rows answered word for word"
SHADOW_CALLS = Counted(
    "{calls} of {wanted:request|requests} in the shadow test; the live version answers them."
)
SHADOW_ENOUGH = Counted(
    "The shadow test is complete: {calls:request|requests}, {wanted:was|were} needed."
)
SHADOW_AGREEMENT = (
    "It agrees with the live version in {agreed:.0%}; {valid:.0%} have the right format; "
    "{seconds:.1f} s each."
)
SHADOW_SELF_AGREEMENT = Counted(
    "Asked the same again, the live version agrees with itself in {agreed:.0%} "
    "({calls:request|requests})."
)
SHADOW_DISAGREES = (
    "It agrees less than the live version agrees with itself: read the report before you start the "
    "canary."
)
CANARY_CALLS = Counted("{calls} of {wanted:answer|answers} at this step; then {next_step}.")
CANARY_WAITS = (
    "If fewer come, the step ends on {day}, because the version passed on held-out requests."
)
CANARY_WAITS_ON = "If fewer come, the step waits on: there is no report to go by."
THEN_LIVE = "it goes live"
THEN_SHARE = "{share:.0%} of users get it"
THIS_VERSION = "This version"
PREVIOUS_VERSION = "Previous version"
ANSWERED = Counted(
    "{version}: {calls:answer|answers}, {corrected:.0%} corrected or thumbed down, {seconds:.1f} s "
    "each."
)

TRAIL_STEP = "{state} {at}"
TRAIL_CANARY = "{state} {share:.0%} {at}"
TRAIL_BY = " by "
TRAIL_END = " (UTC)"
