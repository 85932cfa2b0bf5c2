"""Texts about live versions that have become worse, and about models that are switched off."""

from __future__ import annotations

from bot.ui.counted import Counted

RETRAIN = "Retrain"
DISMISS = "Dismiss alarm"
ROLL_BACK = "Roll back"
RETIRE = "Retire"
ROLL_BACK_ASK = "Roll back?"
ROLL_BACK_MEANS = (
    "From the next request on, the previous version answers everybody. You can start a shadow test "
    "of this one again."
)
RETIRE_ASK = "Retire?"
RETIRE_MEANS = "The best prompt answers everybody instead. This version never answers again."
STOP_RETRAINING = "Stop retraining"
CANCEL = "Cancel"

TITLE = "A live version has become worse, week {week}"
FALLBACK = "{label}: the live version has become worse: {figures}"
VERSION = "  route {route}, version {version} ({kind})"
ALSO_MEASURED = "Also measured"
WHAT_IT_COSTS = "What it costs"
RECOVERED = "{label}: the check of week {week} found no drift; the version counts as live again."
SUNSET = Counted(
    "{model} is switched off by its provider on {date} ({days:day|days}). {uses} Please name "
    "another model; `beagle models` proposes one."
)
SUNSET_PASSED = (
    "{model} was switched off by its provider on {date}. {uses} Please name another model; "
    "`beagle models` proposes one."
)
ANSWERS_FOR = "It answers for: {routes}."
NAMED_BY = "It is named by {settings}."

DISMISS_TITLE = "Dismiss alarm"
DISMISS_WHY = "Why is it fine?"
DISMISS_HINT = "Later weeks are compared with the figures of this week."
DISMISSED = "Alarm dismissed. Later weeks are compared with this one."
DISMISSED_LABEL = "Alarm dismissed"

PROMPT_AGAIN = (
    "Optimising the prompt again with current data. This version keeps answering until a better "
    "one is promoted."
)
PROMPT_AGAIN_BY_ADMIN = "an admin asked for the prompt to be optimised again"
RETRAINING = Counted(
    "A new dataset is ready: {rows:example needs|examples need} a review. This version keeps "
    "answering until a new one is promoted."
)
STOPPED = (
    "Retraining stopped. The version is marked as drifting again; decide what to do in `/beagle "
    "rollout`."
)
STOPPED_BY_ADMIN = "an admin stopped retraining"
ROLLED_BACK = "Rolled back: from the next request on, the previous version answers."
ROLLED_BACK_BY_ADMIN = "an admin rolled it back because it drifts"
RETIRED = "Retired. Prompted version {version} answers instead."
RETIRED_BY_ADMIN = "an admin retired it because it drifts"
NO_PROMPT = "It cannot be retired: no prompted version is known that could answer instead."

DECIDED_AT = ", {at}"
DECIDED_BY = " by "
DECIDED_WHY = ": {why}"

ROWS_REVIEWED = "Reviewed test rows"
ROWS_GOLDEN = "Test rows of the route"
ACCURACY = (
    "{name}: {now:.1%} of {rows} right, {before:.1%} before (change {low:+.1f} to {high:+.1f} "
    "points)."
)
INPUTS = "Kinds of requests: {shift}."
INPUT_SHIFT = Counted(
    "population stability index (PSI) {psi:.2f} over {requests:request|requests}; by chance it is "
    "seldom above {chance:.2f}"
)
SAME_BASE = "The underlying model has not changed, as far as its provider reports."
CORRECTIONS = (
    "Corrected answers by week: {trend} (last week {corrected} of {answers}, 95% interval "
    "{low:.1%} to {high:.1%}{promoted})."
)
CORRECTIONS_PROMOTED = "; {share:.1%} when it was promoted"

COST_RETRAIN = "Retrain: about {usd} ({review}, {training})."
COST_REVIEW = "{hours:g} h of review for {usd}"
COST_TRAINING = "training {usd}"
COST_LAST_TRAINING = "; the last one took {seconds:,.0f} CPU seconds"
COST_WAIT = Counted(
    "Wait: about {count:.1f} more wrong answers a week, worth {usd} if each costs somebody "
    "{minutes:g|minute|minutes}."
)
COST_WAIT_NOTHING = "Wait: no measurable cost. What is not measured may differ."
COST_RETIRE = "Retire: from the next request on, prompted version {version} answers instead."
