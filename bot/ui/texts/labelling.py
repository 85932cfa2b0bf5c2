"""Texts of `/beagle label` and of thanking people for a correction."""

from __future__ import annotations

from bot.ui.counted import Counted

THANKS = {
    "learned": "Thank you: this is *{route}*. The next message like it should go there.",
    "open": "Thank you: this is *{route}*. It is stored, and the next training reads it.",
    "set_aside": "Thank you: this is *{route}*. I do not learn it yet: {reason}.",
    "untaught": "Thank you: this is *{route}*.",
}
"""What became of a correction, by its outcome."""
DECIDED_OTHERWISE = "another route was confirmed for the same words"
CONFIRM_BY_ADMIN = " An admin can confirm it with `/beagle label`."
CONFIRM_BY_EXAMPLE = (
    " `/beagle label` shows admins no message of a channel that is not public; whoever keeps the "
    "routes can add an example of your message's kind to *{route}*."
)
THANKS_SOON = (
    "Thank you: this is *{route}*. I am learning it now, and I will tell you here when it is done."
)
TAKE_BACK = "Undo"
LABEL_UNDONE = "Undone: that correction no longer counts."
LABEL_SUMMARY = Counted(
    "Corrections: {counted} applied, {repeated:duplicate|duplicates}, {waiting} awaiting review."
)
LABEL_HIDDEN = Counted(
    "{count:more waits|more wait} in conversations that are not public or that you cannot read: "
    "nobody decides about these here."
)
LABEL_ASK = "*Where do these belong?* Labelling them would teach the router most."
LABEL_NOWHERE = "None of my routes"
LABEL_WAITING = "*These corrections are not applied yet.* Please decide."
LABEL_COUNT = "It is {route}"
LABEL_DROP = "Remove it"
LABEL_NOTHING = (
    "Nothing needs a label: no doubtful message in the last two weeks, and no contested correction."
)
