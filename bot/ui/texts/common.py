"""Every sentence Beagle says in Slack, in one place, ready for translation."""

from __future__ import annotations

DEMO_QUALITY = "demo quality: a very small local model wrote this"
EXTRACTIVE = "quoted, not written: the small local model is not trusted with facts"

WHOLE_ANSWER = "The whole answer"
WHOLE_BELOW = "… A message in Slack ends here. The whole answer is in the file below, where files may be sent."
WORKING = "is working on it…"
CHOSE = "Chose the route {route}, {confidence} sure"
STEPS = {
    "read": {False: "Looking for passages", True: "Read {count} passages"},
    "write": {False: "Writing the answer", True: "Wrote the answer"},
    "tool": {False: "Using {detail}", True: "Used {detail}"},
}
"""What a worker does, while it does it and when it is done."""
STEP_READ_ONE = "Read 1 passage"
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
WHY_ASK = "Why do you ask?"
SURE = "{confidence} sure"
CHOSEN_BY_PERSON = "chosen by a person"
REROUTED_FROM = "re-routed from {before}"
WRONG = "Wrong route?"
GOOD, BAD = "Good answer", "Bad answer"
TOO_LATE = "That button belongs to an older answer; the newest one is below it or has replaced it."
ALREADY = "That was decided already."
THANKS_ROUTE = "Thank you: this is *{route}*. The next message like it should go there."
THANKS_SOON = "Thank you: this is *{route}*. I am learning it now."
TAKE_BACK = "Take it back"
LABEL_UNDONE = "Taken back: that correction does not count any more."
LABEL_SUMMARY = "Corrections that count: {counted}; that repeat others: {repeated}; that wait for a word: {waiting}."
LABEL_ASK = "*Where do these belong?* Their labels would teach the router most."
LABEL_NOWHERE = "None of my routes"
LABEL_WAITING = "*These corrections do not count yet.* Your word decides."
LABEL_COUNT, LABEL_DROP = "It is {route}", "Remove it"
LABEL_NOTHING = "Nothing waits for a label: no doubtful message in the last two weeks, and no contested correction."
RUN_AGAIN = "Run it again now"
WRONG_TITLE = "Wrong route"
WRONG_NOW = "It went to {route} with confidence {confidence}."
WRONG_NOWHERE = "It went to no route."
WRONG_PICK = "Which route is right?"
WRONG_NOTE = "Anything we should know?"
SUBMIT, CANCEL = "Save", "Cancel"

CHART = "Requests by route"
REQUESTS = "Requests"
EXPORT = "Export CSV"
EXPORTED = "I sent you the file in a direct message."
NOT_EXPORTED = "I could not send the file: Slack said {code}."
ADMINS_ONLY = "Only an admin can do that. Admins are named in BEAGLE_ADMINS."

UNKNOWN_COMMAND = (
    "I do not know `{word}`. Did you mean `{nearest}`? `/beagle help` lists everything."
)
NOT_FOUND_ANSWER = "I know no answer of mine at that link."
EMPTY = "(no text)"

LEFT_OUT = (
    "Done. I still answer you, but I learn nothing from what you write: it is left out of mining, datasets and "
    "examples, and I do not read it in a channel's history. `/beagle optout off` undoes this; `/beagle forget me` "
    "removes the past."
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
ASK_MINES = "May I look for repeated requests in what is not said to me?"
MINES = "Yes, in all messages of people here; I tell the channel"
ASK_MINES_HINT = (
    "They are kept masked, for mining only, and no longer than other texts. Nobody is answered or named. "
    "What is said in private channels is never quoted at all. Switching it off erases them."
)
MINED = (
    "<@{user}> lets me look for requests that repeat in this channel. From now on I keep what people say here, also "
    "what is not for me: without names, addresses and secrets, {days}, only to count what is asked again and "
    "again. What you edit or delete, I edit or delete too. `/beagle optout` leaves you out; `/beagle forget me` erases "
    "what I have of you."
)
MINED_DAYS, MINED_FOREVER = "for at most {days:g} days", "until they are erased"
MINED_NOT = "I could not tell <#{channel}> that I mine it, so I do not. Invite me with `/invite @Beagle` and try again."
UNMINED = (
    "<@{user}> has asked me to stop looking for repeated requests here. I deleted what I had kept for it: {count} "
    "messages."
)
ASK_ROUTES = "Which routes may answer here?"
ASK_ROUTES_HINT = "None chosen: all of them."
ASK_DEFAULT = "Where does a message go that fits no route?"
NO_DEFAULT = "Nowhere: I ask, or say that I cannot help"
DEFAULT_NOT_ALLOWED = "This route is not among those that may answer here."
ASK_USD = "USD a day for this channel (0: no cap of its own)"
USD_WRONG = "A number from 0 to 1000000, please."

KNOWLEDGE = "*What I can quote*"
KNOWLEDGE_NONE = (
    "There is nothing that I could quote to you yet. `beagle ingest PATH` brings documents in."
)
KNOWLEDGE_MORE = "…and {count} more."
KNOWLEDGE_WORDS = "I know `/beagle knowledge`, and in a channel `/beagle knowledge read` and `/beagle knowledge stop`."
KNOWLEDGE_REFRESH, KNOWLEDGE_REMOVE = "Read again", "Take out"
KNOWLEDGE_REFRESHING = "I am reading it again. What changed can be found within moments."
KNOWLEDGE_NO_QUEUE = "The queue does not answer, so nothing was started. Try again soon."
KNOWLEDGE_REMOVE_TITLE = "Take this out?"
KNOWLEDGE_REMOVE_ASK = (
    "Nothing of it can be found from the next answer on. Its bytes are overwritten within minutes."
)
KNOWLEDGE_REMOVED = "Taken out: {count} documents."
READ = "From now on I keep what is said here, and quote it to people who are in this channel. The channel was told."
READ_TOLD = (
    "<@{user}> has asked me to read along here. From now on I keep what is said in this channel, and "
    "files shared in it, "
    "to answer questions with quotes, to its members only. What you edit or delete here, I edit or delete too. "
    "`/beagle optout` leaves out what you say; `/beagle forget me` erases what I have of you."
)
READ_NOT = "I could not tell the channel, so I do not read it. Invite me with `/invite @Beagle` and try again."
READ_NO_CHANNEL = "I read channels only, never direct messages."
UNREAD = "I read nothing here any more, and took out what I had: {count} threads and files."
UNREAD_TOLD = (
    "<@{user}> has asked me to stop reading here. I deleted what I had kept of this channel."
)

LOOK_ALONE = "Look where only I can read"
ALONE = "This rests on what not everybody may read. It is yours to decide who sees it."
SHARE, SHARE_HERE = "Share", "Share in this thread"
SHARE_TITLE, SHARE_WHERE = "Share this answer", "In which channel?"
SHARE_NOT_THERE = "I can share it only in a channel that both of us are in."
SHARED = "<@{user}> shares what I found for them:"

WELCOME = (
    "Thank you for inviting me. I hear only messages that mention me, and follow-ups in threads that I am part of. "
    "Mention me and ask, for instance:"
)
SETTINGS = "Settings for this channel"
ASK_WHAT = "What can you do?"
INVITE_ME = (
    "I am not in this channel, so I cannot answer here. Invite me with `/invite @Beagle` first."
)
NOTHING_TO_ASK = "There is no text of a person in this message that I could read."
AUTHOR_LEFT_OUT = "The author of this message asked me not to use their words."
NOT_AN_ANSWER = (
    "This is no answer of mine. Take the shortcut on one, or on the message that it answers."
)

REASON_ASK = "What was wrong? One click helps."
REASONS = {
    "route": "Wrong route",
    "facts": "Wrong facts",
    "format": "Not as I need it",
    "slow": "Too slow",
}
REASON_THANKS = "Thank you, noted: {reason}."
EDITED = "You changed your message. I answered its old words. Shall I run the new ones?"
RUN_NEW = "Run it again"

HOME_HELLO = "Ask me in a direct message, or mention me in a channel."
HOME_YOURS = "*Your last 30 days*"
HOME_RECENT = "*What you asked lately*"
HOME_NOTHING = "You have asked nothing yet."
HOME_ROUTES = "*What you can ask for*"
HOME_LEFT_OUT = "You opted out: I learn nothing from what you write."
HOME_OPT_OUT, HOME_OPT_IN = "Do not learn from me", "Learn from me again"
HOME_WEEK = "Last 7 days"
HOME_SPEND = "Spent today"
HOME_HEALTH = "Health"
HOME_CANDIDATES = "*Requests that repeat*"
HOME_NO_CANDIDATES = "None yet: the weekly look at repeated requests puts them here."
HOME_WAITING = "{open} open, the oldest for {seconds:.0f} s; {dead} given up"
HOME_CALM = "Nothing waits, nothing was given up"
HOME_FRESH = "As of {when}. This page follows what happens within ten seconds."

DIGEST_TITLE = "What was asked, week {week}"
DIGEST_LINE = "Week {week}: {count} requests, {candidates} candidates"
DIGEST_EMPTY = "Week {week}: nobody asked anything, so there is nothing to decide."
DIGEST_EMPTY_MINED = "Week {week}: nobody asked me anything, and nothing repeats enough in {mined} messages of channels that are mined."
DIGEST_NOTHING = "Nothing new repeats often enough to be worth a decision this week."
DIGEST_CHART = "Requests by route"
DIGEST_GAPS = "*Asked, and not answered by the documents*"
DIGEST_DRIFT = "*Live versions that drift, and models that end*"
DIGEST_DECIDED = "*What became of earlier decisions*"
DECIDED_BY, DECIDED_SINCE = ", decided by ", ", so since {day}"
DIGEST_NOTE = (
    "Mined from {mined} messages of four weeks, masked before anything else. {withheld} groups are not shown: too "
    "few people or requests."
)
OVERHEARD, OVERHEARD_BY, OVERHEARD_SINCE = (
    "{count} messages of ",
    ", mined by opt-in of ",
    " since {day}",
)
DIGEST_MAKING = "I am making the digest; it will be in {channel} in a moment."
DIGEST_NO_CHANNEL = "No admin channel is set: name one in BEAGLE_ADMIN_CHANNEL."
CANDIDATE_COUNTS = "{count} requests by {people} people, four weeks {weeks}"
CANDIDATE_TREND = ", the last one {change}"
CANDIDATE_OVERHEARD = "{count} of them were said in channels that are mined, not to me"
GATES_PASSED, GATES_FAILED, GATES_OPEN = "Passed", "Not passed", "Not measured or not reached"
TUNING_MONEY = "Tuning would save {money} a month"
TUNING_LOSES = "Tuning would lose {money} a month"
TUNING_UNPRICED = "No price known for tuning"
CANDIDATE_STATES = {
    "digested": "Waits for a verdict",
    "approved": "Approved",
    "rejected": "Rejected",
    "snoozed": "Put aside",
    "optimised": "A better prompt was made",
    "kept_prompt": "The prompt is kept",
    "rag": "Retrieval was added",
    "rolled_back": "Rolled back",
}
BY = " by "
NO_CANDIDATES = "No candidates are known yet. The weekly digest finds them."
NO_EXAMPLES = "No example may be shown: it was asked in private places only."
APPROVE, REJECT, SNOOZE, SEE_EXAMPLES, NOT_SAME = (
    "Approve",
    "Reject",
    "Snooze",
    "See examples",
    "Not the same thing",
)
SNOOZE_WEEK, SNOOZE_MONTH, SNOOZE_DOUBLE = "For a week", "For four weeks", "Until it doubles"
SNOOZE_TITLE, SNOOZE_WHEN = "Snooze", "For how long?"
APPROVE_TITLE = "Approve"
APPROVE_ADVICE = "What the gates advise for “{label}”: {advice}."
APPROVE_ROAD = (
    "The prompt is improved first; only if that is not enough, examples are put before you to review, then a model is "
    "trained and measured. Nothing answers people before you let it in."
)
APPROVE_BUDGET = "Budget in USD"
APPROVE_BUDGET_HINT = (
    "The most that models may cost on its way. The included local model costs nothing."
)
APPROVE_BUDGET_WRONG = "A number from 0 to {most}, please."
APPROVE_BASE, APPROVE_BASE_WRONG = "Which model may be trained?", "Choose one of the list."
APPROVE_CONSENT = "What may it learn from?"
CONSENT = "Masked texts of these {count} requests, and the answers to them"
APPROVE_CONSENT_WRONG = "Without this there is nothing to learn from."
APPROVE_REASON = "Why?"
APPROVE_REASON_WRONG = "The gates advise against it, so please say why you approve it."
REJECT_TITLE, REJECT_WHAT, REJECT_WHY = "Reject", "What is it?", "Why not?"
REJECT_UNWANTED = "A request that repeats, but not worth it"
REJECT_CHATTER = "No request at all, just what people say"
REJECT_HINT = "The second teaches what counts as a request."
SPLIT_TITLE, SPLIT_WHAT = "Not the same thing", "What is wrong with this group?"
SPLIT_HINT = "The next look at what repeats divides it, or counts it to the other one, and so do all later ones."
SPLIT_NOTHING = (
    "There is no other candidate that it could belong to, and too little of it to be divided."
)
SPLIT_SEVERAL, SPLIT_INTO = "These are several different requests", "It belongs to “{label}”"
EXAMPLES_TITLE = "What it is made of"
CANDIDATE_CHANGED = (
    "That candidate has changed or was decided meanwhile. This is how it stands now."
)

DOING = {
    "optimising": "looking for a better prompt, call {done} of {of} at most",
    "training": "training, step {done} of {of}",
    "measuring": "measuring, row {done} of {of}",
}
LOSS = "loss {loss:.3f}"
DEV_EXACT = "{share:.0%} of the rows held back answered word for word"
SHADOW_CALLS = "{calls} of {wanted} requests in shadow; the live version answers them"
SHADOW_AGREED = "it says {agreed:.0%} of what the live version says; {valid:.0%} in the right shape; {seconds:.1f} s each"
SHADOW_SELF = (
    "the live version, asked the same again, says {agreed:.0%} of what it said ({calls} requests)"
)
CANARY_CALLS = "{calls} of {wanted} answers at this step; then {then}"
THEN_LIVE, THEN_SHARE = "it is live", "it answers {share:.0%} of the people"
THIS_VERSION, VERSION_BEFORE = "this version", "the version before"
ANSWERED = "{who}: {calls} answers, {corrected:.0%} corrected, {seconds:.1f} s each"
SHADOW_APART = (
    "that is less than the live version says of itself: look at the report before you let it in"
)
SHADOW_FIRST = "It has run beside the live version {calls} times; {wanted} are needed first"
SHADOW_FIRST_HOURS = ", or {fewest} and {hours:g} hours"
ON_TRIAL = "{version}, which answers {share:.0%} of the people so far"
TRIAL_MARK = "new version {version}, on trial"
