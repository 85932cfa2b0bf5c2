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
    "budget": "Sorry, I did not run this: {whose} is used up for today. An admin can raise it.",
    "path": "I could not finish this one. Your request is kept: press *Try again*, or ask an admin to look.",
    "internal": "Something went wrong on my side. Your request is kept: press *Try again*, or ask an admin to look.",
    "gave_up": "I tried this several times and could not finish it. Your request is kept for an admin to look at.",
    "stopped": "Stopped, as you asked. Nothing more is written here.",
    "not_delivered": "I have an answer but could not post it. An admin can replay it.",
}
CAPS = {"user": "your share", "channel": "this channel's share", "team": "this workspace's share"}
PROPOSED = "I can do this, once the person who asked or an admin confirms it:"
CONFIRM, DECLINE = "Confirm", "Cancel"
PROPOSAL = {
    "confirmed": "Confirmed; it is being done.",
    "running": "Confirmed; it is being done.",
    "done": "Confirmed and done.",
    "failed": "Confirmed, but it could not be done:",
    "cancelled": "Cancelled; nothing was done.",
}
NOT_YOURS = "Only the person who asked, or an admin, can decide that."
RESETS = " It starts again at {when}; then press *Try again*."
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

CHART = "Requests by route"
REQUESTS = "Requests"
EXPORT = "Export CSV"
EXPORTED = "I sent you the file in a direct message."
NOT_EXPORTED = "I could not send the file: Slack said {code}."
ADMINS_ONLY = "Only an admin can do that. Admins are named in BEAGLE_ADMINS."

UNKNOWN_COMMAND = "I do not know `{word}`. Did you mean `{nearest}`? `/beagle help` lists everything."
NOT_FOUND_ANSWER = "I know no answer of mine at that link."
EMPTY = "(no text)"

LEFT_OUT = (
    "Done. I still answer you, but I learn nothing from what you write: it is left out of mining, datasets and examples, "
    "and I do not read it in a channel's history. `/beagle optout off` undoes this; `/beagle forget me` removes the past."
)
TAKES_PART = "Welcome back: what you ask me counts again when I learn."

BUDGET_YOURS = "You, today"
BUDGET_CHANNEL = "This channel, today"
BUDGET_TEAM = "The workspace, today"
BUDGET_RESETS = "Starts again at"

CHANNEL_TITLE = "Beagle in this channel"
CHANNEL_ALERT = "These settings hold for everybody in this channel."
CHANNEL_LATE = "Somebody changed these settings meanwhile. Close this and open it again."
ASK_HEARS = "Which messages do I hear?"
HEAR_MENTIONS = "Mentions of me only"
HEAR_ALL = "All messages; I answer where a route fits and tell the channel"
HEARS_ALL = (
    "<@{user}> set me to hear every message in this channel. I answer where I can help and keep what I answer. "
    "`/beagle optout` leaves you out."
)
HEARS_MENTIONS = "<@{user}> set me to hear only messages that mention me here."
ASK_ROUTES = "Which routes may answer here?"
ASK_ROUTES_HINT = "None chosen: all of them."
ASK_DEFAULT = "Where does a message go that fits no route?"
NO_DEFAULT = "Nowhere: I ask, or say that I cannot help"
DEFAULT_NOT_ALLOWED = "This route is not among those that may answer here."
ASK_USD = "USD a day for this channel (0: no cap of its own)"
USD_WRONG = "A number from 0 to 1000000, please."

FORGET = "Erase everything"
FORGET_WHOM = "I can only forget the person who asks: `/beagle forget me`."
FORGET_ASK = (
    "I would erase every message you sent me with its answers and vectors, your feedback, what you said in channels that "
    "I read, and your rows in data sets. Models that learned from them are marked to be trained again or retired. Counts "
    "and costs stay, without your words. Your messages in Slack itself stay too. This cannot be undone."
)
FORGETTING = "Erasing…"
FORGOTTEN = "Done. Erased: {counts}."
FORGOTTEN_NOTHING = "nothing; I had kept nothing of you"
FORGOTTEN_TUNED = "These learned from your words and are marked to be trained again or retired: {versions}."
FORGOTTEN_PROOF = "I searched the bytes of my database, its log, the queue's log and my learned files: nothing is left."
FORGOTTEN_LEFT = (
    "I searched the bytes of my files: {count} still hold words of yours. An admin finds their names in the log."
)
FORGOTTEN_LATER = "Done: nobody can find your words any more. Their bytes are overwritten within a few minutes."
FORGOTTEN_ROWS = {
    "thread": "threads in channels that I read",
    "answer": "answers that quoted you",
    "request": "messages to me",
    "feedback": "pieces of feedback",
    "member": "channel memberships",
    "person": "note on who you are",
    "dataset": "data sets that held rows of yours",
    "shown": "candidates, digests or reports that quoted you",
}
