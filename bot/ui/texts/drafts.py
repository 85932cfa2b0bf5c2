"""Texts about drafted routes: the card, the dialogs, and what an admin is told."""

from __future__ import annotations

from collections.abc import Mapping

from bot.ui.counted import Counted

DRAFT_ROUTE = "Draft a route"
START = "Start shadow test"
EDIT = "Edit"
REJECT = "Reject draft"
DRAFTING_STARTED = (
    "I am drafting a route for these requests. Its card appears below this digest in a minute or "
    "two; nothing answers before you start it."
)
NOT_STARTED = (
    "This draft cannot be started yet: {reason}. Edit it, or reject it and have it drafted in "
    "another way."
)
NOT_EVALUATED = "it is still being tried on held-out requests"
SHADOW_STARTED = (
    "Shadow test started. Requests that fit are answered by the draft, and nobody sees those "
    "answers. Next: *Start canary* on the card."
)

IN_SHADOW = "It answers requests that fit and that no route serves; users do not see its answers."
UNSEEN_ROLLED_BACK = (
    "The route is out of service. Nobody was affected: nobody saw an answer of this shadow test."
)
OUT_OF_SERVICE = "The route is out of service and takes no requests."
NEXT_ROLLED_BACK = (
    "press Edit to change the draft, Start shadow test again to try it as it is, or Reject draft "
    "to end it; then its name is free again."
)
ROLL_BACK_MEANS = (
    "From the next request on, the route takes no requests. The draft stays: you can edit it, or "
    "start its shadow test again."
)
ROLLED_BACK = "Rolled back: from the next request on, the route takes no requests."
SHADOW_CALLS = Counted("{calls} of {wanted:request|requests} so far.")
SHADOW_TRIED = Counted("{tried:was a held-out one|were held-out ones} that the draft was tried on.")
SHADOW_VALID = Counted(
    "{valid:.0%} of {calls:request in shadow|requests in shadow} got an answer in the right format."
)
SHADOW_ANSWERED = Counted(
    "{valid:.0%} of {calls:request in shadow|requests in shadow} got an answer."
)

HEAD = "Drafted route “{name}”: {description}"
BEING_TRIED = "Beagle is trying the draft on held-out requests; this takes a minute or two."
KINDS: Mapping[str, str] = {
    "rag": "It answers from your documents and links to them.",
    "structured": "It answers with these details: {fields}.",
    "prompt": "It answers in free text.",
}
WHY = "Why: {notes}."
INSTRUCTIONS = "Instructions: "
OWN_ROUTE = "described by an admin, so there are no figures of requests yet"
LEARNS = "It takes requests like these ({count} in all):"
LEARNS_WORDED = "It takes requests like these ({count} in all, {worded} of them worded by Beagle):"
PREVIEWS = "What it would have answered:"
PREVIEW_ARROW = "→ "
PREVIEW_DOUBTS = "Doubtful: {doubts}."
PREVIEW_FAILED = "no answer"
MONTHLY = Counted(
    "About {requests:,|request|requests} a month; they would cost {usd} a month with the present "
    "model."
)
CLAIMED = (
    "The route “{route}” takes {count} of the {asked} requests that it was drafted from today."
)
KEPT = "Beside the draft, {count} of the {asked} held-out requests still go to “{route}”."
CLAIMED_CHOICE = (
    "Decide which of the two is to answer them: start the draft, or press Reject draft and leave "
    "them to “{route}”. Edit helps where only some of them are meant."
)
OPEN_POINT = "Open: {warning}."
CANNOT_START = (
    "It cannot be started as it is. {advice} After an edit Beagle tries it again. Or press Reject "
    "draft to have it drafted in another way, or not at all."
)
ADVICE: Mapping[str, str] = {
    "no_answer": (
        "Press Edit and make the instructions shorter and simpler; if the model still gives no "
        "answer, the task needs a stronger one (BEAGLE_MODEL)."
    ),
    "format": "Press Edit and say in the instructions what each detail is and where it is found.",
    "routing": "Press Edit and take out requests that read like another route's.",
}
"""What helps, by the kind of what a draft did not pass."""
FILES = "To edit it as files: {beagle} routes draft {candidate}"

EDIT_TITLE = "Edit the draft"
EDIT_SAVE = "Save and try again"
EDIT_DESCRIPTION = "What does it do, in one sentence?"
EDIT_PROMPT = "Instructions for the model"
EDIT_PROMPT_HINT = "Plain text. {{ message }} and other template words are possible, not needed."
EDIT_UTTERANCES = "How do people ask for it?"
EDIT_UTTERANCES_HINT = "One request a line. Beagle learns from these which messages to take."
EDIT_VISIBILITY = "Who may use it?"
VISIBILITY: Mapping[str, str] = {
    "everyone": "Everybody in this workspace",
    "admins": "Beagle's admins only",
    "asked": "Only the channels where it was asked",
}
EDITED = "an admin edited it"

REJECT_TITLE = "Reject the draft"
REJECT_WHAT = "What is wrong with it?"
REJECT_HINT = (
    "Drafting it in another way keeps the request type. The other two answers end it, and Beagle "
    "learns what not to suggest."
)
REJECT_KINDS: Mapping[str, str] = {
    "structured": "Draft it again: it should list details of the request",
    "rag": "Draft it again: it should answer from documents",
    "prompt": "Draft it again: it should answer in free text",
}
REJECT_UNWANTED = "Beagle should not answer such requests"
REJECT_SMALL_TALK = "These are no requests at all"
REJECT_WHY = "In your words (optional)"
REJECT_BUTTON = "Reject"

WISH_TITLE = "New route"
WISH_SEND = "Draft it"
WISH_NAME = "Name"
WISH_NAME_HINT = "Two or three words, for example: travel booking"
WISH_TASK = "What should Beagle do with such a request?"
WISH_TASK_HINT = (
    "Write it as you would to a new colleague: what to answer, what to ask for, what to leave out."
)
WISH_EXAMPLE = "An example request"
WISH_EXAMPLE_AGAIN = "Another one, worded differently"
WISH_NAME_WRONG = "Please use at least one word of letters, for example: travel booking"
WISH_NAME_TAKEN = "There is a route or a draft of that name already."
WISH_EXAMPLES_SAME = "Please word the second example differently."
WISH_STARTED = (
    "I am drafting “{name}”. `/beagle rollout` shows the draft with the answers it would give in a "
    "minute or two; nothing answers before you start it."
)
