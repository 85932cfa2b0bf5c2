"""Notes without a model: an order to keep one as it stands, and what was kept.

`note_in`, `kept_notes` and `note_to_remove` serve a route whose one tool keeps notes.
"""

from __future__ import annotations

from router.classifier.second_request import parts_of
from router.index import Hit
from router.text.terms import stems_of
from router.types import SECOND_REQUEST, Viewer
from workers import texts
from workers.context import Context, Work
from workers.knowledge.retrieval import format_date, reading_rights
from workers.prompting.note_words import (
    NotesQuestion,
    note_to_forget,
    note_to_keep,
    question_to_notes,
)
from workers.tools.note import MAX_TEXT, own_message

SHOWN = 5
"""Notes in one answer, the best or the newest."""


def note_in(work: Work) -> str | None:
    """Returns the note that the message asks to keep, None where its words do not stand alone."""
    message = own_message(work.request.text)
    second = work.decision.reason.get(SECOND_REQUEST)
    if second is not None:
        # The other request of the message is no part of the note.
        text = work.request.text
        own = [part for part in parts_of(text) if part.start != second["start"]]
        message = own_message(". ".join(part.words_in(text) for part in own))

    note = note_to_keep(message)
    return note if note is not None and len(note) <= MAX_TEXT else None


def kept_notes(context: Context, work: Work) -> str | None:
    """Returns the notes that a question asks for; None where the message asks for none.

    They are those that everybody who sees the answer may read.
    """
    question = question_to_notes(own_message(work.request.text))
    if question is None:
        return None

    author = work.request.asker if question.own else None

    def find(viewer: Viewer) -> list[Hit]:
        return context.store.notes.newest(viewer, author)

    notes = reading_rights(context).search(work.request, find)
    found = _about(question, notes)
    shown = found[:SHOWN]
    work.acls.update(note.acl for note in shown)
    return _as_list(question, shown, len(notes))


def note_to_remove(context: Context, work: Work) -> Hit | str | None:
    """Returns the note that the message orders to delete, or what stands in the way of it.

    None where the message orders nothing of the kind. Only notes of the person's own words count.
    """
    topic = note_to_forget(own_message(work.request.text))
    if topic is None:
        return None

    def find(viewer: Viewer) -> list[Hit]:
        return context.store.notes.newest(viewer, work.request.asker)

    notes = reading_rights(context).search(work.request, find)
    found = _about(NotesQuestion(topic), notes)
    if not found:
        return texts.NOTE_NOT_YOURS

    wanted = stems_of(topic)
    best = [note for note in found if _shared(wanted, note) == _shared(wanted, found[0])]
    if len(best) == 1:
        return best[0]

    work.acls.update(note.acl for note in best[:SHOWN])
    return "\n".join([texts.NOTE_WHICH, "", *_lines(best[:SHOWN])])


def _shared(wanted: set[str], note: Hit) -> int:
    return len(wanted & stems_of(note.body))


def _about(question: NotesQuestion, notes: list[Hit]) -> list[Hit]:
    """Returns the notes with words of the question's subject, those with the most first."""
    wanted = stems_of(question.topic) if question.topic else set()
    if not wanted:
        return notes

    shared = {note.chunk: _shared(wanted, note) for note in notes}
    # Sorting keeps the order of the rest: the newest first.
    return sorted(
        (note for note in notes if shared[note.chunk]), key=lambda note: -shared[note.chunk]
    )


def _as_list(question: NotesQuestion, shown: list[Hit], count: int) -> str:
    if not shown:
        return texts.NOTES_NONE_ABOUT.format(count=count) if count else texts.NOTES_NONE

    opening = texts.NOTES_OWN if question.own else texts.NOTES
    return "\n".join([opening, "", *_lines(shown)])


def _lines(notes: list[Hit]) -> list[str]:
    lines = []
    for note in notes:
        words, day = " ".join(note.body.split()), format_date(note.updated_at)
        lines.append(texts.NOTES_LINE.format(note=words, day=day))

    return lines
