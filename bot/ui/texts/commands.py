"""Texts of slash commands that have no surface of their own."""

from __future__ import annotations

from bot.ui.counted import Counted

UNKNOWN_COMMAND = (
    "I do not know `{word}`. Did you mean `{nearest}`? `/beagle help` lists everything."
)
NO_COMMAND = (
    "I know no command `{word}`. To ask me something, mention me in a message, or write to me "
    "directly. `/beagle help` lists the commands."
)
WHY_LINK = (
    "Give me the link to one of my answers in this channel: *Copy link* in its menu, then `/beagle "
    "why` and the link. The button *Why this route?* under an answer says the same."
)
OPT_OUT_WORDS = (
    "I changed nothing. `/beagle optout` leaves you out of what I learn from; `/beagle optout off` "
    "lets you take part again."
)
NOT_FOUND_ANSWER = "I cannot find one of my answers at that link."

LEFT_OUT = (
    "Done. I still answer you, but I learn nothing from what you write: it is left out of "
    "mining, datasets and examples, and I do not read it in a channel's history. `/beagle "
    "optout off` undoes this; `/beagle forget me` removes the past."
)
TAKES_PART = "Welcome back: I learn from your requests again."

BUDGET_YOURS = "You, today"
BUDGET_CHANNEL = "This channel, today"
BUDGET_TEAM = "The workspace, today"
BUDGET_RESETS = "Starts again at"
BUDGET_SPENT = "{spent} of {cap}"
BUDGET_NO_CAP = "{spent}, no limit"

ROUTE_LIVE = " ({kind}, version {version}): {description}"
ROUTE_NOT_LIVE = " (no live version): {description}"
ROUTE_WAITS = (
    " The file contains version {version}, which is in a shadow test. It goes live once its test "
    "rows show that it is no worse."
)
ROUTE_BROKEN = "broken: "
ROUTES_BROKEN = Counted(
    "{count:route folder is|route folders are} broken. Admins see the reasons here."
)
