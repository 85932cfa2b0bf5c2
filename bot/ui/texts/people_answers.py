"""Texts of saving an answer that a person gave in a thread."""

from __future__ import annotations

OFFER = (
    "Shall the next person who asks this get <@{author}>'s answer? Review it first. Nobody else "
    "sees this."
)
REVIEW = "Review and save"
TITLE = "Save as answer"
READING = "I am reading the thread…"
SUBMIT = "Save"
READERS = (
    "Quoted only to people who may read #{channel}, with the author's name and the date. Names, "
    "addresses and secrets are masked."
)
ASK_QUESTION = "Which question does it answer?"
ASK_ANSWER = "The answer, as it is quoted"
ASK_DAYS = "How long does it hold?"
ASK_DAYS_HINT = "The owner is asked a week before it lapses."
DAYS = {30: "one month", 90: "three months", 180: "half a year", 365: "a year"}
ASK_OWNER = "Who is asked whether it still holds?"
ASK_OWNER_HINT = "You, if you choose nobody."
CONTRADICTS = "*It says something else than this, so both will be shown together:*"

SAVED = (
    "Saved: it belongs to your documents now, and whoever may read <#{channel}> gets it quoted, "
    "until {day}. If I take such a question for something else, press *Wrong route?* under my "
    "answer once: I learn it. <@{owner}> is asked before the answer lapses."
)
TAKE_BACK = "Take it back"
TAKEN_BACK = "It is no longer quoted."
OWNER_CANNOT_READ = "Whom you chose cannot read <#{channel}> or is an app, so you are the owner."

NO_QUESTION = "Please write the question."
NO_ANSWER = "Please write the answer."
NOT_AN_ANSWER = (
    "I can save what a person answered in a channel. This message is something else, or it was "
    "deleted."
)
NOT_READABLE = "I can save an answer only for somebody who may read the channel it is in."
LEFT_OUT = "The author of the question or of the answer has asked me not to use their words."
OUTSIDER = "The question or the answer is by somebody of another company: I keep neither."
SLACK_AWAY = "Slack does not show me this thread just now. Please try again in a minute."
OWNERS_ONLY = (
    "Only an admin of mine, or somebody whom an admin named for this channel, can do that. "
    "`/beagle help` says who my admins are."
)
NOT_YOURS = "Only the owner of this answer, or an admin, can decide that."
GONE = "This answer is not saved any more."

LAPSES = (
    "You own an answer that I quote: “{question}”, answered by <@{author}>. It lapses on {day}. "
    "Does it still hold?"
)
LAPSES_UNREADABLE = (
    "You own an answer in <#{channel}> that I quote. It lapses on {day}. Does it still hold?"
)
KEEP = "It still holds"
DROP = "Let it go"
KEPT = "Thank you. I quote it until {day}."
EDITED = (
    "<@{author}> edited the message behind an answer that you own in <#{channel}>. I do not quote "
    "it any more. Use the shortcut *Save as answer* on the message to save it as it is now."
)
