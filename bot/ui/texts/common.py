"""Texts of answers and of everything that several surfaces share.

Every sentence that people read in Slack is in this folder, one module for each surface, ready for
translation. Names in braces are filled in by the caller.
"""

from __future__ import annotations

from bot.ui.counted import Counted

SMALL_MODEL = "a small model wrote this: check it"
EXTRACTIVE = "quoted word for word, written by no model"

WHOLE_ANSWER = "The whole answer"
WHOLE_BELOW = (
    "… This is as much as fits into a Slack message. The whole answer is in the file below, where "
    "files are allowed."
)
WORKING = "is working on it…"
QUEUED = Counted("is busy: {count:request is|requests are} waiting, yours among them…")
QUEUED_ALONE = "is busy: your request is next…"
WORKING_ROUTE = "is working on it ({route})…"
CHOSE = "Chose the route {route}, {confidence} sure of it"
STEPS = {
    "read": {False: "Looking for passages", True: Counted("Read {count:passage|passages}")},
    "write": {False: "Writing the answer", True: "Wrote the answer"},
    "tool": {False: "Using {detail}", True: "Used {detail}"},
    "check": {
        False: "Checked a first answer: {detail} answers instead",
        True: "Checked a first answer: {detail} answered instead",
    },
}
"""A worker's step: while it runs (False) and once it is done (True)."""
STEP_READ_ONE = "Read 1 passage"

ASK = "I am not sure which of these you mean. Which one fits?"
ASK_NONE = "None of these"
NONE_CHOSEN = "All right, I will leave it. I can do these: {routes}."
OUT_OF_SCOPE = (
    "That is outside what I have been set up for, so I would only be guessing. {nearest} "
    "`/beagle help` shows everything."
)
NO_CANCELLATION = (
    "I take this for a cancellation, and *{route}* can only fill in something new, so I have "
    "changed nothing. Please tell the person who has your first message."
)
TOPICS = {
    "privacy": (
        "Your messages to me and my answers are stored in this workspace's own installation, for a "
        "limited time, so that I can answer and be corrected; the admins run it. `/beagle forget "
        "me` erases what I have of you, and `/beagle optout` keeps me from learning from what you "
        "write. `/beagle help` explains both and names the admins."
    ),
    "forget": (
        "Nothing is erased by a message. Type `/beagle forget me` yourself, without mentioning me: "
        "that erases what I have stored of you."
    ),
    "human": (
        "I am a bot, and I call nobody by myself. Tell me what it is about: where *Send to…* under "
        "my answer lists *A person*, your request goes to whom you choose, and what they answer "
        "comes back to you. "
        "`/beagle help` names the admins."
    ),
    "distress": (
        "I am sorry that you have to go through this. I am only a bot, but please do not stay "
        "alone with it: talk to somebody you trust, to your people team, or to a doctor. If you "
        "or somebody else is in danger, call the emergency services now."
    ),
    "instructions": (
        "I keep to what this workspace's admins have set me up for, and I neither drop nor show "
        "my instructions. `/beagle help` says what I can do."
    ),
    "deeds": (
        "By myself I tell nobody and book, open or send nothing: what I show is a form that is "
        "filled in, or a draft. It goes somewhere once somebody presses a button under it, such as "
        "“Send to…”; then I say there what became of it."
    ),
    "errand": (
        "I have not done that, and I cannot: I book, order, approve, move and send nothing. I can "
        "fill in forms, draft texts and look things up, so ask me how it is done here and I look "
        "it up in the documents."
    ),
    "reminder": (
        "I remind nobody by myself, but Slack does: write `/remind me to call Ada in 2 hours`, or "
        "`/remind me to call Ada tomorrow at 9`."
    ),
}
"""Answers to messages that no route can answer, by their topic (`router/speech/topics.py`)."""
NOT_ENGLISH = "{line} (I only understand English here so far.)"
NEEDS_LARGER_MODEL = (
    "This task takes a larger model than the small one that wrote this, which often gets it wrong: "
    "check the answer before you use it."
)
SECOND_REQUEST = (
    "Your message seems to hold two requests. This is about the one for {first}, and not "
    "the other one: “{words}” ({route})."
)
ANSWER_SECOND = "Answer the other one too"
SECOND_TAKEN_UP = (
    "Your message seems to hold two requests. This is about the one for {first}. The other "
    "one, “{words}” ({route}), has a message of its own below."
)
SECOND_ALREADY = "I have taken up the other request already. Its answer comes in this thread."
SECOND_LATE = (
    "It is too late for that: your message was changed or deleted since, or answered in another "
    "way. Please write the other request as a message of its own."
)
SECOND_NOT_YOURS = "Only the person who wrote the message can ask for that."
INCLUDED_MODEL = (
    "The included model answers: it is very small, for trying me out and not for daily use. "
    "`BEAGLE_MODEL` sets a larger one; `docs/how-to/models.md` says how."
)
"""For admins: whoever asks can do nothing about it."""
GENERAL = (
    "*General answer.* None of my routes fits, so this comes from the model's own knowledge, not "
    "from your documents or systems. Please check what matters."
)
GENERAL_LINE = "general answer"
NEAREST = "What comes nearest: {routes}."
NEAREST_JOIN = " and "
NEAREST_ROUTE = "*{name}* ({description})"
META = (
    "Mention me with a request, or start it with `!name` to choose a route yourself. Here is "
    "what I can do:"
)
HELP_ADMINS = "*For admins*"
FILE_ALONE = (
    "I have your file. What shall I do with it? Tell me here in the thread. These are the things I "
    "can do:"
)
WITHOUT_FILES = "Answer without it"
EXAMPLE = "for instance: “{example}”"
NO_ROUTES = "No routes are set up yet."

ERRORS = {
    "model": (
        "The model did not answer, so I could not finish this. Your request is kept: press *Try "
        "again* soon."
    ),
    "model_setup": (
        "I could not answer: the model is not set up correctly here. Trying again will not help "
        "before an admin has mended that; `beagle doctor` tells them what is wrong."
    ),
    "model_refused": (
        "The model gave no usable answer to this, and the same again may not help. Please say it "
        "in other words or shorter, or ask an admin to look."
    ),
    "weak": (
        "I could not do this well enough with the small model that is installed here, so I do not "
        "show you what it wrote. Your admins can connect a larger model; `/beagle help` says who "
        "they are."
    ),
    "weak_language": (
        "The small model that is installed here writes English alone, so I do not try a "
        "translation. Your admins can connect a larger model; `/beagle help` says who they are."
    ),
    "weak_knowledge": (
        "This takes knowledge that the small model installed here does not have, so I do not let "
        "it guess; I found nothing on it in the documents that you may read, either. Your admins "
        "can connect a larger model; `/beagle help` says who they are."
    ),
    "weak_sum": (
        "I could not read this as a sum for certain, and I do not guess figures. Please write it "
        "out, such as “3 * 129 + 2 * 47.50” or “19% VAT on 480”. With a larger model, which an "
        "admin can connect, I can work out more."
    ),
    "weak_rates": (
        "I have no exchange rates, so I cannot convert this. Give me the rate and I work it out: "
        "“450 * 0.92”."
    ),
    "weak_none": (
        "There is no figure in this that I could work with, and I look up no prices, rates or "
        "results. Give me the figures and I work it out: “3 * 129 + 2 * 47.50”."
    ),
    "weak_table": (
        "I cannot work this out from the file for certain, and I do not guess figures. Of a CSV "
        "file I add up one whole column, or work out its average, where each of its cells is a "
        "number: “what is the total of the column Amount?”. With a larger model, which an admin "
        "can connect, I can work out more."
    ),
    "budget": "Sorry, I did not run this: {whose} is used up for today. An admin can raise it.",
    "path": (
        "I could not finish this one. Your request is kept: press *Try again*, or ask an admin to "
        "look."
    ),
    "internal": (
        "Something went wrong on my side. Your request is kept: press *Try again*, or ask an admin "
        "to look."
    ),
    "gave_up": (
        "I tried this several times and could not finish it. Your request is kept for an admin to "
        "look at."
    ),
    "undecided": (
        "I could not work out what to do with this message; something in it stopped me each time. "
        "Please say it in a few words of your own, or press *Try again*."
    ),
    "stopped": "Stopped, as you asked. I will not write anything more here.",
    "not_delivered": "I have an answer but could not post it. An admin can replay it.",
}
CAPS = {"user": "your share", "channel": "this channel's share", "team": "this workspace's share"}
STORE_AWAY = (
    "I cannot write anything down just now, so I have not taken this up yet. Slack hands it to me "
    "again within five minutes, and I answer then: you need not repeat it. Nobody else sees this."
)
TOO_BUSY = (
    "More messages reach me just now than I can take up, and yours is not among them yet. Slack "
    "hands it to me again, the last time in six minutes: you need not repeat it unless I ask you "
    "to. Nobody else sees this."
)
TOO_BUSY_LAST = (
    "I still have no room for your message, and Slack will not hand it to me again. Please send it "
    "once more in a few minutes. Nobody else sees this."
)
COMMAND_TOO_BUSY = (
    "More reaches me just now than I can take up, so I have done nothing. Please try again in a "
    "minute."
)
TOO_OFTEN = Counted(
    "That is more than {limit:request|requests} within a minute, so I have not taken up this one, "
    "and I will take up no others from you before {when}. Please send them again then; nobody else "
    "sees this."
)
STARTS_AGAIN = " It starts again at {when}."
RESETS = " It starts again at {when}; then press *Try again*."

PROPOSED = "I can do this, once the person who asked or an admin confirms it:"
CONFIRM = "Confirm"
DECLINE = "Cancel"
PROPOSAL = {
    "confirmed": "Confirmed. I am doing it now.",
    "running": "Confirmed. I am doing it now.",
    "done": "Confirmed and done.",
    "failed": "Confirmed, but it could not be done:",
    "cancelled": "Cancelled. Nothing was done.",
}
NOT_YOURS = "Only the person who asked, or an admin, can decide that."

TRY_AGAIN = "Try again"
WHY = "Why this route?"
WHY_ASK = "Why do you ask?"
SURE = "{confidence} sure of the route"
SECONDS = "{seconds:.1f} s"
TOKENS = Counted("{count:token|tokens}")
CHOSEN_BY_PERSON = "chosen by a person"
REROUTED_FROM = "re-routed from {before}"
ON_TRIAL = "{version}, which answers {share:.0%} of users so far"
TRIAL_MARK = "new version {version}, on trial"
WRONG = "Wrong route?"
GOOD = "Good answer"
BAD = "Bad answer"
ALREADY = "That has already been decided."

RUN_AGAIN = "Run it again now"
WRONG_AGAIN = "And this message?"
WRONG_TITLE = "Wrong route"
WRONG_NOW = "It went to {route} with confidence {confidence}."
WRONG_NOWHERE = "It went to no route."
WRONG_PICK = "Which route is right?"
WRONG_NOTE = "Anything we should know?"
SUBMIT = "Save"
CANCEL = "Cancel"
CLOSE = "Close"
BEAGLE = "Beagle"

REASON_ASK = "What was wrong? One click helps."
REASONS = {
    "route": "Wrong route",
    "facts": "Wrong facts",
    "format": "Not as I need it",
    "slow": "Too slow",
}
REASON_THANKS = "Thank you, noted: {reason}."
EDITED = "You changed your message. I answered the earlier wording. Shall I run the new one?"
RUN_NEW = "Run it again"

CHART = "Requests by route"
REQUESTS = "Requests"
EXPORT = "Export CSV"
EXPORTED = "I sent you the file in a direct message."
NOT_EXPORTED = "I could not send the file. Slack's error: {code}."
ADMINS_ONLY = "Only an admin of mine can do that. `/beagle help` says who they are."
ADMINS_ARE = "My admins here: {names}."
NO_ADMINS = "Nobody is my admin here yet: whoever runs me has to name somebody in `BEAGLE_ADMINS`."
EMPTY = "(no text)"

LOOK_ALONE = "Look where only I can read"
ALONE = "This uses documents that not everybody may read. You decide who sees it."
OPEN_TO_ALL = "Everybody here may read the documents that this uses."
SHARE = "Share"
SHARE_HERE = "Share in this thread"
SHARE_TITLE = "Share this answer"
SHARE_WHERE = "In which channel?"
SHARE_NOT_THERE = "I can share it only in a channel that both of us are in."
SHARED = "<@{user}> shares what I found for them:"

WELCOME = (
    "Thank you for inviting me. I only read messages that mention me, and follow-ups in threads "
    "that I am part of. Mention me and ask, for instance:"
)
SETTINGS = "Settings for this channel"
ASK_WHAT = "What can you do?"
INVITE_ME = (
    "I am not in this channel, so I cannot answer here. Invite me with `/invite @Beagle` first."
)
NOTHING_TO_ASK = "There is no text from a person in this message that I could read."
AUTHOR_LEFT_OUT = "The author of this message asked me not to use their words."
NOT_AN_ANSWER = (
    "This is not one of my answers. Use the shortcut on one, or on the message that it answers."
)
