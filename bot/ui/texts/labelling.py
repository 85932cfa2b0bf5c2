"""Texts of `/beagle label` and of thanking people for a correction."""

from __future__ import annotations

from bot.ui.counted import Counted

THANKS_ROUTE = "Thank you: this is *{route}*. The next message like it should go there."
THANKS_SOON = "Thank you: this is *{route}*. I am learning it now."
TAKE_BACK = "Undo"
LABEL_UNDONE = "Undone: that correction no longer counts."
LABEL_SUMMARY = Counted(
    "Corrections: {counted} applied, {repeated:duplicate|duplicates}, {waiting} awaiting review."
)
LABEL_ASK = "*Where do these belong?* Labelling them would teach the router most."
LABEL_NOWHERE = "None of my routes"
LABEL_WAITING = "*These corrections are not applied yet.* Please decide."
LABEL_COUNT = "It is {route}"
LABEL_DROP = "Remove it"
LABEL_NOTHING = (
    "Nothing needs a label: no doubtful message in the last two weeks, and no contested correction."
)
