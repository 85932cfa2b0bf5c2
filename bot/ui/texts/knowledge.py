"""Texts of `/beagle knowledge`: the documents that Beagle can quote, and reading channels."""

from __future__ import annotations

from bot.ui.counted import Counted

KNOWLEDGE = "*What I can quote*"
KNOWLEDGE_NONE = (
    "There is nothing that I could quote to you yet. `beagle ingest PATH` adds documents."
)
KNOWLEDGE_NOTES = "Notes of people in #{channel}"
KNOWLEDGE_PEOPLE = "Answers of people in #{channel}"
SOURCE_SIZE = Counted(": {documents:document|documents}, {passages:passage|passages}")
SOURCE_WITHOUT_VECTOR = "{count} found by their exact words only so far"
SOURCE_CHANGED = "newest change {day}"
SOURCE_READ = "read {day}"
SOURCE_LEFT_OUT = "{count} left out"
KNOWLEDGE_MORE = "…and {count} more."
KNOWLEDGE_WORDS = (
    "I know `/beagle knowledge`, and in a channel `/beagle knowledge read` and `/beagle knowledge "
    "stop`."
)
KNOWLEDGE_REFRESH = "Read again"
KNOWLEDGE_REMOVE = "Remove"
KNOWLEDGE_REFRESHING = "I am reading it again. Changes can be found within moments."
KNOWLEDGE_NO_QUEUE = "The queue does not answer, so nothing was started. Please try again soon."
KNOWLEDGE_REMOVE_TITLE = "Remove this?"
KNOWLEDGE_REMOVE_ASK = (
    "I cannot quote it any more, starting with the next answer. Its bytes are overwritten within "
    "minutes."
)
KNOWLEDGE_REMOVED = Counted("Removed: {count:document|documents}.")

READ = (
    "From now on I keep the messages of this channel and quote them to its members. I have told "
    "the channel."
)
READ_TOLD = (
    "<@{user}> has asked me to read along here. From now on I keep the messages of this "
    "channel, and files shared in it, to answer questions with quotes, to its members only. If "
    "you edit or delete something here, I do the same. `/beagle optout` leaves out what you "
    "write; `/beagle forget me` erases what I have of you."
)
READ_NOT = (
    "I could not tell the channel, so I do not read it. Invite me with `/invite @Beagle` and try "
    "again."
)
READ_NO_CHANNEL = "I read channels only, never direct messages."
UNREAD = Counted(
    "I no longer read this channel, and deleted what I had kept: "
    "{count:thread or file|threads and files}."
)
UNREAD_TOLD = (
    "<@{user}> has asked me to stop reading here. I deleted what I had kept of this channel."
)
