"""Messages about notes: what is to be kept, and what asks for it."""

from __future__ import annotations

import pytest

from workers.prompting.note_words import (
    NotesQuestion,
    asked_for_notes,
    note_to_keep,
    question_to_notes,
)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("remember that the spare keys are in room 4.", "the spare keys are in room 4."),
        ("Please remember the door code is 4411", "the door code is 4411"),
        ("hi, can you keep a note that Lena signs the letters", "Lena signs the letters"),
        ("note for this channel: the demo moved to Tuesday", "the demo moved to Tuesday"),
        ("Note: invoices above 500 euros go to Sam", "invoices above 500 euros go to Sam"),
        ("don't forget that the lift needs a key", "the lift needs a key"),
        ("save this for later: the remote is in the red box", "the remote is in the red box"),
        ("remember that Lena is away. Kim covers.", "Lena is away. Kim covers."),
        # What does not stand alone is left to a model.
        ("remember to lock the door", None),
        ("remember this for us", None),
        ("remember me", None),
        ("remember the door code?", None),
        ("note the time of the last entry", None),
        ("we should remember that he is new", None),
        ("save the file to the drive", None),
        ("", None),
    ],
)
def test_an_order_to_keep_a_note_gives_its_words(text, note):
    assert note_to_keep(text) == note


@pytest.mark.parametrize(
    ("text", "topic", "own"),
    [
        ("what do you remember about the spare keys?", "the spare keys", False),
        ("What did I tell you to keep?", "", True),
        ("what did i ask you to remember about the demo", "the demo", True),
        ("what have you kept for this channel?", "", False),
        ("show me my notes", "", True),
        ("list the notes of this channel please", "", False),
        ("what notes do you have on parking", "parking", False),
        ("do you remember the door code?", "the door code", False),
        ("hey Beagle, is there a note about the lift?", "the lift", False),
        ("have you got any notes here?", "", False),
    ],
)
def test_a_question_about_notes_is_understood_with_its_subject(text, topic, own):
    assert asked_for_notes(text) == NotesQuestion(topic, own)
    assert note_to_keep(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "when is the standup?",
        "remember that the standup is at nine",
        "what do you keep in the fridge on floor two",
        "show me the notes that Lena took in the meeting",
        "summarise my notes",
        "do you have a minute",
        "what do you know about parental leave?",
        "note " * 200,
    ],
)
def test_other_messages_ask_for_no_notes(text):
    assert asked_for_notes(text) is None


@pytest.mark.parametrize(
    ("text", "is_question"),
    [
        ("when is the standup?", True),
        ("who has the spare keys", True),
        ("the standup is at nine", False),
        ("can you make a note of the code", False),
    ],
)
def test_a_question_is_no_note(text, is_question):
    assert (question_to_notes(text) is not None) is is_question
