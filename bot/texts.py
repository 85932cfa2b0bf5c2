"""Every sentence Beagle says in Slack, in one place, ready for translation."""

from __future__ import annotations

DEMO_QUALITY = "demo quality: a very small local model wrote this"
EXTRACTIVE = "quoted, not written: the small local model is not trusted with facts"

WORKING = "is working on it…"
WORKING_ROUTE = "is working on it ({route})…"

ASK = "I am not sure which of these you mean. Which one fits?"
ASK_NONE = "None of these"
NONE_CHOSEN = "Fine, I leave it. What I can do: {routes}."
OUT_OF_SCOPE = "That is outside what I have been set up for, so I would only be guessing. Here is what I can do:"
META = "Mention me with a request, or start it with `!name` to choose a route yourself. Here is what I can do:"
EXAMPLE = "for instance: “{example}”"
NO_ROUTES = "No routes are set up yet."

ERRORS = {
    "model": "The model did not answer, so I could not finish this. Your request is kept: press *Try again* soon.",
    "budget": "This would go past the spending cap that is set here, so I did not run it. Ask an admin, or wait.",
    "path": "I could not finish this one. Your request is kept: press *Try again*, or ask an admin to look.",
    "internal": "Something went wrong on my side. Your request is kept: press *Try again*, or ask an admin to look.",
    "gave_up": "I tried this several times and could not finish it. Your request is kept for an admin to look at.",
    "not_delivered": "I have an answer but could not post it. An admin can replay it.",
}
RESETS = " It resets at {when}."
TRY_AGAIN = "Try again"
WHY = "Why this route?"
WRONG = "Wrong route?"
GOOD, BAD = "Good answer", "Bad answer"
TOO_LATE = "That button belongs to an older answer; the newest one is below it or has replaced it."
ALREADY = "That was decided already."
THANKS_ROUTE = "Thank you: this is *{route}*. The next message like it should go there."
RUN_AGAIN = "Run it again now"
WRONG_TITLE = "Wrong route"
WRONG_NOW = "It went to {route} with confidence {confidence}."
WRONG_NOWHERE = "It went to no route."
WRONG_PICK = "Which route is right?"
WRONG_NOTE = "Anything we should know? (optional)"
SUBMIT, CANCEL = "Save", "Cancel"

UNKNOWN_COMMAND = "I do not know `{word}`. Did you mean `{nearest}`? `/beagle help` lists everything."
NOT_FOUND_ANSWER = "I know no answer of mine at that link."
EMPTY = "(no text)"
