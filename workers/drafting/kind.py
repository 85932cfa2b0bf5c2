"""Decides what kind of route a candidate needs, in the essay's order.

Documents where they answer, a record where answers have one shape, free text otherwise.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from router.encoder.protocol import Encoder
from router.text.redact import plain_words
from workers.context import Context
from workers.drafting import sentences as texts
from workers.drafting.answer_form import AnswerForm, find_form
from workers.drafting.material import AskedRequest, Material
from workers.knowledge.quotes.extractive_answer import select_quotes
from workers.knowledge.workspace_scope import WorkspaceScopedIndex
from workers.mining.naming import STOP_WORDS

STYLES = ("rag", "structured", "prompt")
MAX_SEARCHED = 12
"""Requests that are searched for; more would only take time."""
DOCUMENTS_SHARE = 0.6
"""Share of the requests that documents must answer."""
ANSWER_OVERLAP = 0.5
"""Share of a person's answer, in words that carry meaning, that the quoted documents must hold."""


@dataclass(frozen=True, slots=True)
class KindChoice:
    """The style of the draft, the form of its answers, and a sentence that says why."""

    style: str
    form: AnswerForm
    note: str


def choose_kind(context: Context, material: Material, avoid: Collection[str] = ()) -> KindChoice:
    """Returns what kind of route answers these requests; none in `avoid`, where another is left.

    Documents are those that everybody in the workspace may read.
    """
    form = find_form(material.asked, material.wording)
    answers = sum(bool(one.answer) for one in material.asked)
    choices = []

    found, asked = 0, 0
    if not (form.kind == "fields" and form.from_people):
        found, asked = _answered_by_documents(context, material)
    if asked and found >= DOCUMENTS_SHARE * asked:
        note = texts.KIND_NOTES["rag"].format(found=found, asked=asked)
        choices.append(KindChoice("rag", form, note))

    if form.kind == "fields":
        name = "structured_people" if form.from_people else "structured_requests"
        note = texts.KIND_NOTES[name].format(answers=answers)
        choices.append(KindChoice("structured", form, note))

    name = "prompt_people" if answers else "prompt"
    choices.append(KindChoice("prompt", form, texts.KIND_NOTES[name].format(answers=answers)))
    allowed = [choice for choice in choices if choice.style not in avoid]
    return (allowed or choices)[0]


def _answered_by_documents(context: Context, material: Material) -> tuple[int, int]:
    """Returns how many of the newest requests documents answer, and how many were searched for."""
    index = WorkspaceScopedIndex(context.index, context.team, context.encoder)
    newest = sorted(material.asked, key=lambda one: (-one.at, one.text))[:MAX_SEARCHED]
    found = sum(_is_answered(index, one, context.encoder) for one in newest)
    return found, len(newest)


def _is_answered(index: WorkspaceScopedIndex, one: AskedRequest, encoder: Encoder) -> bool:
    quotes = select_quotes(one.text, index.search_text(one.text), encoder)
    if not quotes or not one.answer:
        return bool(quotes)

    # Where a person's answer is known, the documents have to say the same.
    quoted = {word for quote in quotes for word in plain_words(quote.text)}
    meant = set(plain_words(one.answer)) - STOP_WORDS
    return len(meant & quoted) >= ANSWER_OVERLAP * len(meant)
