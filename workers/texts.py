"""What workers write in answers themselves, in one place, ready for translation.

All other texts for people are in `bot/ui/texts/`.
"""

from __future__ import annotations

VERBATIM_INTRO = "This is what the documents say, word for word:"
DISAGREE = (
    "These do not agree: [{first}] was last changed on {first_day}, [{second}] on {second_day}."
)
NOT_MENTIONED = "I could not find this: no document that everybody here may read mentions it."
NOT_FOUND = "I could not find this in the documents. The nearest places to look:"
NOTE_PROPOSAL = "Keep this note for everybody in this channel:\n“{note}”"
NOTE_SAVED = "The note is kept. Ask me about it in this channel."
NOTE_TITLE = "Note: {beginning}"
