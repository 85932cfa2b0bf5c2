"""Texts of the groups of failed requests in the weekly digest."""

from __future__ import annotations

from bot.ui.counted import Counted

HEADER = Counted("*What keeps going wrong* ({failed} of {requests:request|requests} did not help)")
UNNAMED = "Requests that too few people made in public to name them"
COUNTS = Counted("{failed} of {total} ({share}), {people:person|people}")
TREND = "by week {trend}"
WITHHELD = Counted(
    "{count:more group is|more groups are} left out: fewer than {people:person|people} made such "
    "requests."
)

CAUSES = {
    "router": "The router sends them elsewhere.",
    "prompt": "The prompt does not get it right.",
    "retrieval": "The documents do not answer them.",
    "model": "The model is too weak for them.",
    "training": "The answers have the right form and are wrong: worth learning from corrections.",
}
ROUTER_TO = "They get “{source}”; people say they belong to “{to}”."
ROUTER_FROM = "They get “{source}”, and people object."
NO_ROUTE = "no route"
OUT_OF_SCOPE = "out_of_scope"
RULE = "The prompt of “{route}” has a rule that they speak of: “{rule}”."
RULE_MISSING = "No rule in the prompt of “{route}” speaks of them."
GAPS = {
    "missing": "No document that everybody may read answers them.",
    "stale": "The document that is quoted is old, and people object to what it says.",
    "not_found": "A document answers them, and the search does not find it.",
}
MODELS = "“{weak}” fails at them and “{strong}” does not: give the route the stronger one."
TRAINING = "“{route}” answers in its form, and wrongly."

LABELS = "Add these as labels"
LINT = "Check the prompt"
DOCUMENT = "Ask for a document"
TIER = "Start a tier higher"
TEST_ROW = "Add a test row"
DONE = {
    "labels": "added as labels",
    "lint": "prompt checked",
    "document": "document asked for",
    "tier": "started a tier higher",
    "test_row": "test row added",
}
DONE_BY = " Done: {what}, by <@{user}>."

EFFECTS = "*What the remedies did*"
EFFECT = "{label}: was {before} wrong, now {after} ({what} on {day})"

LABELLED = Counted(
    "{count:request is a label|requests are labels} for “{to}” now. The router is learning them."
)
NOTHING_TO_LABEL = "Nobody has said which route is right. Choose it with `/beagle label`."
LINT_TITLE = "The prompt"
LINT_CLEAN = "The lint finds nothing else to say about “{route}”."
LINT_NO_ROUTE = "This route is not in this installation's folders any more."
LINT_FAILING = "*The failing rule:* {rule}"
LINT_MISSING = (
    "*No rule speaks of these requests.* They have in common: {label}. Add a rule to `route.md` "
    "that says what to do with them, and an example of it."
)
ASKED_FOR = Counted(
    "Who can write or update a document about *{label}*? {people:person|people} asked "
    "{total:time|times} in a week; {failed} of them got no good answer. {gap} `beagle ingest` adds "
    "it."
)
TIER_RAISED = Counted(
    "Counted as wrong now: {count:answer|answers} of “{tier}”. Requests like these start at the "
    "next tier where that makes it too weak for them."
)
NO_TIER = "None of these answers came from a tier of the route, so there is none to raise."
DOCUMENT_ASKED = "I asked for it in the thread of this digest."
TEST_TITLE = "Add a test row"
TEST_TEXT = "*The message, masked:*"
ASK_ANSWER = "What would the right answer have been?"
ASK_ANSWER_FORM = "This route answers in a form: please write JSON as its schema wants it."
NO_ANSWER = "Please write the right answer."
WRONG_FORM = "This is not what the route's schema allows: {problem}"
NO_EXAMPLE = "No message of this group may be shown, so none can be a test row."
ALREADY = "Somebody has already done something about this group."
GONE = "This group is not stored any more."
