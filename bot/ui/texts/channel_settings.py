"""Texts of the dialog in which an admin sets how Beagle behaves in a channel."""

from __future__ import annotations

from bot.ui.counted import Counted

CHANNEL_TITLE = "Beagle in this channel"
CHANNEL_ALERT = "These settings apply to everybody in this channel."
CHANNEL_LATE = "Somebody else has changed these settings. Close this dialog and open it again."
ASK_HEARS = "Which messages should I read?"
HEAR_MENTIONS = "Only messages that mention me"
HEAR_ALL = "All messages; I answer where a route fits, and tell the channel"
HEARS_ALL = (
    "<@{user}> has set me to read every message in this channel. I answer where I can help and "
    "keep what I answer. `/beagle optout` leaves you out."
)
HEARS_MENTIONS = "<@{user}> has set me to read only messages that mention me here."
ASK_MINES = "May I look for repeated requests in messages that are not for me?"
MINES = "Yes, in all messages of people here; I tell the channel"
ASK_MINES_HINT = (
    "They are kept masked, to find repeated requests, and no longer than other texts. Nobody is "
    "answered or named. Messages in private channels are never quoted. Switching it off erases "
    "them."
)
MINED = (
    "<@{user}> lets me look for requests that repeat in this channel. From now on I keep "
    "messages here that are not for me, too: without names, addresses and secrets, {days}, and "
    "only to find what is asked again and again. An admin may have me draft an answer to such a "
    "request: then masked examples of it stay, in words that several people used. If you edit or "
    "delete a message, I do the same. `/beagle optout` leaves you out; `/beagle forget me` erases "
    "what I have of you."
)
MINED_DAYS = Counted("for at most {days:g|day|days}")
MINED_FOREVER = "until they are erased"
MINED_NOT = (
    "I could not tell <#{channel}> that I would mine it, so I do not. Invite me with `/invite "
    "@Beagle` and try again."
)
UNMINED = Counted(
    "<@{user}> has asked me to stop looking for repeated requests here. I deleted what I had kept "
    "for it: {count:message|messages}."
)
ASK_ROUTES = "Which routes may answer here?"
ASK_ROUTES_HINT = "If you choose none, all of them may."
ASK_DEFAULT = "Which route gets a message that fits none?"
NO_DEFAULT = "None: I ask, or say that I cannot help"
DEFAULT_NOT_ALLOWED = "This route is not among those that may answer here."
ASK_USD = "Daily limit for this channel in USD (0: no limit of its own)"
USD_WRONG = "Please enter a number from 0 to 1000000."
ASK_OWNERS = "Who, beside admins, may save answers of people here?"
ASK_OWNERS_HINT = (
    "They mark an answer in a thread with ✅, or use the shortcut Save as answer, and review it. "
    "Then I quote it to people who may read this channel."
)
