"""What a worker itself says in an answer, in one place, ready for translation; the rest is in `bot/texts*.py`."""

from __future__ import annotations

WORD_FOR_WORD = "This is what the documents say, word for word:"
DISAGREE = (
    "These do not agree: [{first}] was last changed on {first_day}, [{second}] on {second_day}."
)
NOT_MENTIONED = "I could not find this: no document that everybody here may read mentions it."
NOT_FOUND = "I could not find this in the documents. The nearest places to look:"
KEEP_NOTE = "Keep this note for everybody in this channel:\n“{note}”"
NOTE_KEPT = "The note is kept. Ask me about it in this channel."
NOTE_TITLE = "Note: {beginning}"
