"""What workers write in answers themselves, in one place, ready for translation.

All other texts for people are in `bot/ui/texts/`.
"""

from __future__ import annotations

VERBATIM_INTRO = "This is what the documents say, word for word:"
PEOPLE_INTRO = "This is what colleagues answered, and somebody here checked, word for word:"
MIXED_INTRO = "This is what the documents and colleagues say, word for word:"
ANSWERED_BY = "answered by {name} on {day}"
A_COLLEAGUE = "a colleague"
DISAGREE = (
    "These do not agree: [{first}] was last changed on {first_day}, [{second}] on {second_day}."
)
NOT_MENTIONED = "I could not find this: no document that everybody here may read mentions it."
NOTHING_NEAR = (
    "I could not find this: none of the documents that everybody here may read seems to be about "
    "it. A colleague may know more."
)
DOUBTFUL_INTRO = (
    "I could not find a clear answer to this in the documents. What comes nearest may not be what "
    "you asked for:"
)
OTHER_PLACE = "I found nothing on {asked} for this. What comes nearest is about {quoted}:"
OTHER_PEOPLE = (
    "I could not find a clear answer to this in the documents. What comes nearest is about "
    "“{quoted}” and may not be what you asked for:"
)
OTHER_THING = "I found nothing on “{asked}”. What comes nearest may not be what you asked for:"
NO_VALUE = (
    "I found {missing} for this in the documents. What comes nearest may not be what you asked for:"
)
MISSING_VALUES = {"money": "no price", "duration": "no length of time", "count": "no number"}
NOT_FOUND = "I could not find this in the documents. The nearest places to look:"
NOTE_PROPOSAL = "Keep this note for everybody in this channel:\n“{note}”"
NOTE_SAVED = (
    "The note is kept. To read it again, ask in this channel: what do you remember about …?"
)
NOTE_NOT_HERE = (
    "I keep notes for channels, so that their people find them, and this is a direct message. "
    "Write it in the channel whose people should find it."
)
NOTES = "This is what I was asked to keep, word for word:"
NOTES_OWN = "This is what you asked me to keep, word for word:"
NOTES_LINE = "- “{note}” (kept on {day})"
NOTES_NONE = (
    "I have kept no note that everybody here may read. Write “remember that …” in a channel, and I "
    "keep it once you have confirmed it."
)
NOTES_NONE_ABOUT = (
    "I have kept no note about that. There are others ({count}): ask me to show all notes for the "
    "newest."
)
NOTE_REMOVAL = "Delete this note for everybody in this channel:\n“{note}”"
NOTE_REMOVED = "The note is deleted."
NOTE_GONE = "this note is not there any more, or it is not yours to delete"
NOTE_NOT_YOURS = (
    "I found no note about that which you wrote, and only the person whose words a note has can "
    "have it deleted. Ask “what did I tell you to keep?” for yours."
)
NOTE_WHICH = "Several of your notes could be meant. Please name one by words that only it has:"
NOTE_NO_REMINDER = (
    "I keep notes, and a note reminds nobody. Slack itself does: write `/remind me to … tomorrow "
    "at 9`. Where *Send to…* under an answer of mine lists *Remind me here*, that answer comes "
    "back to you then."
)
NOTE_TITLE = "Note: {beginning}"
SUMMARY_INTRO = "The most telling sentences, word for word (a larger model would write a summary):"
SUMMARY_SHORT = "This is short already, so here it is, word for word:"
SUMMARY_INTROS = (SUMMARY_INTRO, SUMMARY_SHORT)
SUMMARY_PART = "It is long, so I read only its beginning and its end."

CUT = "… (this is only the beginning: the rest was too long to be passed on)"
NO_TEXT = (
    "There is no text with this that I can read, so I would have to make it up. Please paste it "
    "into your message, attach it as a text file, or forward the message to me. In a thread I read "
    "what was written to me."
)

LEFT_OUT = "Not stated in the message, so left out: {names}."
NOT_IN_FORM = "Also in the message, but in no field: {facts}."
NOT_IN_FORM_MORE = "Also in the message, but in no field: {facts}; and more."

COLUMN_RESULTS = {
    "total": "The {count} numbers in the column “{column}” of “{file}” add up to {value}.",
    "average": "The {count} numbers in the column “{column}” of “{file}” have the average {value}.",
}
COLUMN_WITHOUT_ROW = "The table's own row “{row}” is not among them."
COLUMN_WHICH = "Which column of “{file}” do you mean: {names}? Answer with its name."

FILE_NOTES = {
    "blind": (
        "I cannot look at pictures here ({names}): the model that answers this does not see. "
        "Please tell me in words what it shows."
    ),
    "kind": (
        "I cannot read {names}: I read pictures (PNG, JPEG, GIF, WebP) and text files, such as "
        "Markdown, CSV, JSON, logs and code."
    ),
    "route": "What answers this reads messages and no files, so I have not read {names}.",
    "many": "I read up to {count} files of a message, so I have not read {names}.",
    "large": "I read files of up to {megabytes} MB, so I have not read {names}.",
    "gone": "I could not open {names}: it was deleted, or Slack does not show it to me.",
    "elsewhere": "I have not read {names}: only files that are stored in Slack itself are read.",
    "rights": "I have not read {names}: not everybody here may see it.",
    "sign_in": (
        "Slack did not hand me {names}. An admin can let me read files: the app needs the scope "
        "`files:read`, and has to be installed again."
    ),
    "broken": "I could not read {names}: the file is damaged, or not what its name says.",
    "empty": "There is nothing in {names}.",
    "cut": "I read only the beginning of {names}: it is too long for one question.",
}
"""By reason: what people are told of files that were not read, or not to their end."""
FILE_UNNAMED = "the file"
FILES_MORE = "and {count} more"
FILES_UNSEEN = "The person also attached {names}, which you cannot see. Say nothing of its content."
