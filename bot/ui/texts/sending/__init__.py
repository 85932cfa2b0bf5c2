"""Texts of *Send to…*: passing an answer on."""

from __future__ import annotations

from datetime import UTC, datetime

SEND = "Send to…"
TITLE = "Send this answer"
SUBMIT = "Send"
WHERE = "Where to? Nothing is sent before you have seen what it will be and pressed *Send*."
KINDS = {
    "channel": "A channel",
    "person": "A person",
    "reminder": "Remind me here",
}

SHOWN = "*This is what will be sent:*"
SHOWN_BODY = "*This is what {name} ({host}) gets, as JSON:*"
ASK_CHANNEL = "In which channel?"
ASK_CHANNEL_HINT = "Both of us have to be in it."
ASK_PERSON = "Who takes it over?"
ASK_PERSON_HINT = (
    "They get it in a direct message. What they answer there comes back into this thread."
)
ASK_WHEN = "When?"
ASK_WHEN_HINT = "I write it into this thread then, for everybody who reads it."
DELAYS = {
    "In 20 minutes": 1_200.0,
    "In an hour": 3_600.0,
    "In three hours": 10_800.0,
    "Tomorrow at this time": 86_400.0,
    "In a week": 604_800.0,
}
"""What a person chooses, and the seconds until then."""
CUT = "_A reminder holds less than this. It will be cut, and say so at its end._"
ASK_NOTE = "Anything to add?"

FROM = "<@{user}> sends you this from Beagle ({route}):"
FROM_CHANNEL = "<@{user}> posts this from Beagle ({route}):"
REMINDER = "Reminder for <@{user}> ({route}):"
ORIGINAL = "What was asked:"
NOTE = "They add:"
THREAD = "Open the thread"
ANSWER = "Answer in the thread"
ANSWER_HOW = (
    "Or reply to this message in its thread. Either way I post it where it was asked, in your "
    "name, once. What you write to me outside of this thread is a request to me."
)
ANSWER_TITLE = "Your answer"
ANSWER_SUBMIT = "Post it"
ANSWER_NOTICE = "I post this in your name in the thread. Everybody who reads it there sees it."
ASK_ANSWER = "What do you answer?"
ANSWERED_BY = "<@{user}> answers what was handed over:"

QUEUED = "I am sending it now, and tell you here when it has arrived."
REPEATED = "That was sent there already, by <@{user}>. I do not send it twice."
UNDERWAY = "That is being sent there already. I do not send it twice."
CHANGED = (
    "The answer has changed since you opened this. Please close it and press *Send to…* again."
)
NOT_YOURS = "Only the person who asked, or an admin, can pass this answer on."
NOT_ANSWERED = "Only the person to whom it was handed over can answer it."
PRIVATE = "This answer uses documents that not everybody may read, so I do not pass it on."
NOT_SENDABLE = "There is nothing in this answer that I could pass on."
NOT_MEMBER = "I can post only in a channel that both of us are in."
NOT_A_COLLEAGUE = "I can hand this over only to a person of this workspace."
NO_ANSWER = "Please write an answer."

SENT = {
    "channel": "Sent: it is posted in <#{target}>.",
    "person": (
        "Sent: <@{target}> has it in a direct message. What they answer there comes back into this "
        "thread."
    ),
    "webhook": "Sent: {target} has taken it.",
    "reminder": "I will remind you here {time}.",
    "reply": "Your answer is in the thread.",
}
TIME = "<!date^{at}^{{date_short_pretty}} at {{time}}|on {day}, {clock}>"
"""Slack shows it in each reader's own time zone."""
SENT_TO = "_This was sent to {places}._"
"""Under the answer, in place of its route's note that nothing was sent."""
REMINDER_SET = "_A reminder of this is set for {times}, here{people}._"
REMINDER_FOR = ", for {people}"
NOT_ELSEWHERE = "_It was sent to nobody else._"
PLACES_JOIN = ", "
KEPT_NOTE = "\nYour note was: {note}"
NOT_SENT = "Not sent{where}: {reason}"
TO = {
    "channel": " to <#{target}>",
    "person": " to <@{target}>",
    "webhook": " to {target}",
    "reminder": "",
    "reply": "",
}
REASONS = {
    "gone": "the answer, or the way to send it, is not there any more.",
    "not_in_channel": (
        "I am not in that channel. Invite me there with `/invite @Beagle`, then press *Send to…* "
        "again."
    ),
    "slack": "Slack refused it ({code}). Press *Send to…* again later, or ask an admin to look.",
    "refused": "it was refused there. An admin finds the reason in the log.",
    "busy": "it had no time for it, many times. Press *Send to…* again later.",
    "unreachable": "it could not be reached, many times. Press *Send to…* again later.",
    "set_up": "it is not set up correctly. An admin finds the reason in the log.",
    "unknown": (
        "I cannot tell whether it arrived, so I do not send it again by myself. Please look there "
        "first; if it is missing, press *Send to…* again."
    ),
}


def time_text(at: float) -> str:
    """Returns a unix time as Slack's date, with the time in UTC where it cannot be shown."""
    when = datetime.fromtimestamp(at, UTC)
    return TIME.format(at=int(at), day=f"{when:%-d %B %Y}", clock=f"{when:%H:%M UTC}")
