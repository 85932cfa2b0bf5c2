"""Asks for the answer that a person reads, and refuses what is none.

What a model writes is text, not an answer yet: a small one repeats itself, copies its prompt or
makes things up. Whatever fails here raises WeakAnswerError, so the next tier answers, or the person
is told in one sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from router.errors import WeakAnswerError
from workers import texts
from workers.context import Work
from workers.prompting.completion import CUT_OFF, CallOptions, CompletionSession, Schema
from workers.prompting.corrections import corrected, earlier_form
from workers.prompting.fact_fields import with_facts
from workers.prompting.free_text import (
    declines,
    echoes_prompt,
    invents,
    is_about,
    is_in_language,
    is_unchanged,
    signs_as_sender,
    target_language,
)
from workers.prompting.grounding import ground, with_own_line
from workers.prompting.letter_order import divide_letter, repeats_order
from workers.prompting.message_facts import find_facts
from workers.prompting.prompt import Prompt, attached_text, example_answer
from workers.prompting.repetition import MIN_SENTENCE_WORDS, is_degenerate
from workers.prompting.structured_output import render_value
from workers.prompting.unplaced_facts import (
    added_text,
    earlier_facts,
    facts_line,
    unplaced_facts,
)


@dataclass(frozen=True, slots=True)
class CheckedValue:
    """A form that passed the checks, and its text, which says what was left out."""

    data: dict[str, Any]
    text: str


def material_of(work: Work) -> str:
    """Returns everything that an answer may draw on: the message, its files and the thread."""
    turns = [turn["content"] for turn in work.history]
    return "\n".join([*turns, work.request.text + attached_text(work.attachments)])


def checked_text(
    work: Work, session: CompletionSession, prompt: Prompt, options: CallOptions
) -> str:
    """Returns the model's free text. Raises WeakAnswerError where it is no answer.

    The included model writes English alone and is not asked for another language.

    It is streamed, unless the included model writes a text that is compared with its material:
    nobody shall read half of what is taken back.
    """
    is_included = session.asks_included_model(options)
    emit: Callable[[str], None] | None = work.emit
    language = target_language(work.request.text) if is_included else None
    if language not in (None, "en"):
        asked = f"it writes English alone, and {language!r} is asked for"
        raise _weak(work, session, asked, reason="weak_language")
    if is_included and work.version.grounding is not None:
        emit = None

    text = session.text(prompt, options, emit)
    fault = _fault(work, prompt, text, is_included=is_included)
    if fault is not None:
        raise _weak(work, session, fault)

    return text


def checked_value(
    work: Work,
    session: CompletionSession,
    data: Mapping[str, Any],
    schema: Schema,
    options: CallOptions,
) -> CheckedValue:
    """Returns a form without what the message does not say, where the included model filled it in.

    A larger model may say in words of its own what a message means. Raises WeakAnswerError where
    nothing remains, or where a value repeats itself.
    """
    material = material_of(work)
    if any(is_degenerate(text, material) for text in _texts(data)):
        raise _weak(work, session, "a field repeats itself")
    if work.version.grounding != "words":
        return CheckedValue(dict(data), render_value(data))

    # Checked after it was corrected: the earlier form's values are in the thread.
    data = corrected(data, earlier_form(work.history, schema), work.request.text, schema)
    if not session.asks_included_model(options):
        return _complete(work, data, data, schema, ())

    proposed = data
    data = {name: _unless_copied(work, value, material) for name, value in data.items()}
    grounded = ground(data, schema, material)
    if grounded.is_empty:
        raise _weak(work, session, "no field is in the words of the message")

    filled = with_own_line(grounded.data, schema, work.request.text, material)
    return _complete(work, filled, proposed, schema, grounded.missing)


def _complete(
    work: Work,
    data: Mapping[str, Any],
    proposed: Mapping[str, Any],
    schema: Schema,
    missing: Sequence[str],
) -> CheckedValue:
    """Returns the form with the facts that have an empty field, and its text.

    The text also names the `missing` fields that are empty, and what of the message, or of those
    before it, is in no field.
    """
    message = work.request.text
    facts = find_facts(message)
    unplaced = unplaced_facts(facts, message, data, proposed)
    filled = with_facts(data, schema, facts, unplaced)
    left = [fact.text for fact in unplaced_facts(facts, message, filled, proposed)]

    earlier = earlier_form(work.history, schema)
    if earlier:
        added = added_text(message, earlier, filled) if not left else None
        left += [added] if added else []
        left += earlier_facts(work.history, filled)

    names = ", ".join(name.replace("_", " ") for name in missing if not filled.get(name))
    lines = [
        render_value(filled),
        texts.LEFT_OUT.format(names=names) if names else "",
        facts_line(left),
    ]
    return CheckedValue(filled, "\n".join(filter(None, lines)))


def _unless_copied(work: Work, value: Any, material: str) -> Any:
    """Returns the value; an empty one where it is a sentence of the prompt's examples.

    Common words can make such a sentence look like the message's own.
    """
    is_sentence = isinstance(value, str) and len(value.split()) >= MIN_SENTENCE_WORDS
    if not is_sentence or value.casefold() in material.casefold():
        return value

    words = value.casefold().rstrip(".")
    for shot in work.version.shots:
        shown = f"{shot.reasoning}\n{example_answer(shot.answer)}".casefold()
        if words in shown:
            return ""

    return value


def _fault(work: Work, prompt: Prompt, text: str, *, is_included: bool) -> str | None:
    """Returns what makes the text no answer; None if nothing does."""
    material = material_of(work)
    if is_degenerate(text, material):
        return "it repeats itself"
    # What follows is about the faults of a very small model. A larger one that is cut off had more
    # to say, and may well know better words than its material has.
    if not is_included:
        return None
    if text.endswith(CUT_OFF):
        return "it came to no end"
    if echoes_prompt(text, prompt, material):
        return "it repeats its prompt"
    if declines(text, material):
        return "it declines to answer"
    # A draft of its own is written to whoever wrote the material; an edited text keeps its name.
    if work.version.grounding == "figures":
        divided = divide_letter(work.request.text)
        if repeats_order(text, divided.parts):
            return "it repeats its order"

        order = divided.order or work.request.text
        if any(signs_as_sender(text, each, order) for each in (material, divided.letter)):
            return "it is signed by the person it is for"

    return _ungrounded(work, text, material)


def _ungrounded(work: Work, text: str, material: str) -> str | None:
    """Returns what of the text is made up, as far as the version's `grounding` forbids it."""
    grounding = work.version.grounding
    if grounding is None:
        return None
    if is_unchanged(text, work.request.text, work.history):
        return "it changes nothing of its answer before, or is not shorter"

    language = target_language(work.request.text)
    if language is not None and not is_in_language(text, language):
        return f"it is not in the language {language!r}"
    if invents(text, material):
        return "it has figures or days that the material does not have"

    # A translation shares no words with its material.
    is_translation = language is not None and not is_in_language(material, language)
    if grounding == "words" and not is_translation and not is_about(text, material):
        return "it shares almost no words with its material"

    return None


def _weak(
    work: Work, session: CompletionSession, fault: str, *, reason: str = "weak"
) -> WeakAnswerError:
    return WeakAnswerError(
        f"answering with route {work.version.route!r}: {session.model!r} gave no answer: {fault}; "
        "take a stronger model",
        model=session.model,
        reason=reason,
        fault=fault,
    )


def _texts(value: object) -> list[str]:
    """Returns all the texts in a JSON value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        value = list(value.values())

    found: list[str] = []
    if isinstance(value, list):
        for part in value:
            found += _texts(part)

    return found
