"""Finds the parts of a message that are each a request of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from router.speech.acts import QUESTIONS, speech_act
from router.text.normalise import SENTENCE_END
from router.text.order import material_spans, split_order
from router.types import ACT, CHOSEN, SECOND_REQUEST, Decision, Request

MAX_CHARS = 400
"""Longer messages are texts, in which sentences belong together. Pasted material does not count."""
MAX_MATERIAL_CHARS = 4000
MIN_WORDS = 4
"""Words of a part; with fewer it says too little to be decided alone."""
MIN_FIRST_WORDS = 3
"""Words of the first part: what follows may be a remark ("Calendar is blocked"), it is none."""
MAX_PARTS = 4
MIN_MATERIAL = 3
"""Words of material behind an order."""
CONFIDENCE = 0.8
"""Confidence that each part of a message needs to count as a request of its own."""
IN_SCOPE = 0.8
"""How surely such a part is a request at all: beside another one, a remark looks like a second.
Chosen, like `CONFIDENCE`, on 24 messages with two requests and 40 with one."""
QUESTION_IN_SCOPE = 0.65
"""The same for a question behind what is none: its form already says that it is no remark."""
SURE = 0.9
"""Both, for parts that are believed against what the whole message says."""
_BORDER = re.compile(
    r"[.!?;]\s+|\n+|,?\s\band\s+also\b\s|,?\s\band\s+by the way\b\s|,?\s\bbtw\b\s|,?\s\balso\b\s|"
    r",?\s\bplus\b\s|,?\s\band then\b\s|,?\s\band\b\s|,\s\bthen\b\s",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?:\A|\s)[1-9][.)]\s", re.IGNORECASE)
"""Begins an entry of a numbered list, where the message begins with the first one."""
_ANNOUNCED = re.compile(
    r"(?:two|2|three|3|a few|a couple of|several) "
    r"(?:things|questions|requests|points|topics|matters)\b[ ]?[:,.-]?",
    re.IGNORECASE,
)
"""What says that several requests follow: no order, whatever sign is behind it."""
_OPENING = re.compile(
    r"(?:also|and|plus|oh|then|btw|by the way|secondly|second|finally|lastly)\b[,:]?\s",
    re.IGNORECASE,
)
"""Words that tie a part to the one before it, and say nothing of what it asks for."""
_WORD = re.compile(r"\w+")
_OPERATION = re.compile(r"\d ?(?:[*/x\u00d7+] ?\d|%)")
"""A sum, which needs no words."""
SENTENCE_MARKS = (".", "?", "!")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a message, from `start` to before `end`."""

    start: int
    end: int

    def words_in(self, text: str) -> str:
        """Returns the piece's words."""
        return text[self.start : self.end].strip()


@dataclass(frozen=True, slots=True)
class SecondRequest:
    """Another request in a message: its words, and the route that it is for by itself."""

    route: str
    words: str


def parts_of(text: str) -> list[Part]:
    """Returns the parts of a short message: sentences, entries, what words such as `and also` tie.

    Pasted material stays in one part with its order. Empty for a message that has only one part,
    or that is long.
    """
    if len(text) > MAX_CHARS + MAX_MATERIAL_CHARS:
        return []

    announced = _ANNOUNCED.match(text, len(text) - len(text.lstrip()))
    start = announced.end() if announced is not None else 0
    material = material_spans(text, start)
    if len(text) - sum(end - first for first, end in material) > MAX_CHARS:
        return []

    worded: list[Part] = []
    for number, (end, next_start) in enumerate(_borders(text, start, material)):
        least = MIN_FIRST_WORDS if number == 0 else MIN_WORDS
        is_sum = _OPERATION.search(text, start, end) is not None
        if is_sum or len(_WORD.findall(text, start, end)) >= least:
            opening = _OPENING.match(text, start, end)
            worded.append(Part(start if opening is None else opening.end(), end))

        start = next_start

    return worded if 2 <= len(worded) <= MAX_PARTS else []


def holds_material(words: str) -> bool:
    """Returns whether a part is an order with material, which a sign separates from it."""
    return any(part.is_marked for part in split_order(words, MIN_MATERIAL))


def with_parts(decision: Decision, text: str, decide: Callable[[str], Decision]) -> Decision:
    """Returns the decision of a message; where it also asks for something else, it says so.

    `decide` says what the words of a part would be by themselves. A message that was decided by an
    order with material is taken apart only where each part is an order: all else is material.
    """
    parts = parts_of(text)
    is_ordered = "order" in decision.reason
    with_material = [part for part in parts if holds_material(part.words_in(text))]
    if is_ordered and not with_material:
        return decision

    decided = [(part, decide(part.words_in(text))) for part in parts]
    if is_ordered and not all(_is_surely(one, CONFIDENCE, IN_SCOPE) for _, one in decided):
        return decision

    asking = []
    for part in parts:
        # The mark behind a part is no part of it.
        act = speech_act(text[part.start : part.end + 1])
        if act in QUESTIONS and part not in with_material:
            asking.append(part)

    questions = asking if parts and parts[0] not in asking else []
    return with_second_request(decision, decided, questions)


def with_second_request(
    decision: Decision,
    parts: Sequence[tuple[Part, Decision]],
    questions: Collection[Part] = (),
) -> Decision:
    """Returns the decision; where the message also asks for something else, it says so.

    `parts` are the message's, with what each would be by itself, and `questions` those among them
    that ask, behind a first one that does not. Two requests in one text may look
    like a third, or like none: then the first of them is the decision.
    """
    surest: dict[str, tuple[Part, Decision]] = {}
    for part, alone in parts:
        in_scope = QUESTION_IN_SCOPE if part in questions else IN_SCOPE
        if _is_surely(alone, CONFIDENCE, in_scope):
            surest.setdefault(str(alone.route), (part, alone))

    is_chosen = CHOSEN in decision.reason
    if is_chosen and decision.route not in surest:
        # A person said what the message is for; one of its parts has to remain for that.
        others = {
            route: (part, alone)
            for route, (part, alone) in surest.items()
            if part in questions or _is_surely(alone, SURE, SURE)
        }
        surest = others if len(others) < len(parts) else {}
    elif decision.verb != "route" or decision.route not in surest:
        # A sentence alone may read otherwise than within its message.
        are_sure = [
            part in questions or _is_surely(alone, SURE, SURE) for part, alone in surest.values()
        ]
        if len(are_sure) < 2 or not all(are_sure):
            return decision

        _, first = next(iter(surest.values()))
        reason = "the message holds two requests, each read alone"
        decision = replace(first, reason={**first.reason, "parts": reason})

    second = next((route for route in surest if route != decision.route), None)
    if second is None:
        return decision

    part, _ = surest[second]
    found = {"route": second, "start": part.start, "end": part.end}
    return replace(decision, reason={**decision.reason, SECOND_REQUEST: found})


def second_request_in(text: str, reason: Mapping[str, Any]) -> SecondRequest | None:
    """Returns the other request that the reasons of a decision name in the message.

    None where they name none, or where the message was edited since, so that its parts are others.
    """
    if SECOND_REQUEST not in reason:
        return None

    part = _named_part(parts_of(text), reason)
    if part is None:
        return None

    return SecondRequest(str(reason[SECOND_REQUEST]["route"]), part.words_in(text))


def first_request(request: Request, reason: Mapping[str, Any]) -> Request:
    """Returns the request without the words of the other one that the reasons of its decision name.

    A model that sees both fills in the form of one with what belongs to the other.
    """
    if SECOND_REQUEST not in reason:
        # As most are, and this is asked of each.
        return request

    parts = parts_of(request.text)
    named = _named_part(parts, reason)
    if named is None:
        return request

    others = []
    for part in parts:
        if part != named:
            # A question without its mark reads like an order.
            mark = request.text[part.end : part.end + 1]
            others.append(part.words_in(request.text) + (mark if mark in SENTENCE_MARKS else ""))

    return replace(request, text=" ".join(others))


def _named_part(parts: Sequence[Part], reason: Mapping[str, Any]) -> Part | None:
    """Returns the part of a message that its decision named, if the message still has it."""
    found = reason.get(SECOND_REQUEST)
    if not isinstance(found, Mapping):
        return None

    part = Part(int(found["start"]), int(found["end"]))
    return part if part in parts else None


def _is_surely(decision: Decision, confidence: float, in_scope: float) -> bool:
    is_routed = decision.verb == "route"
    # A question beside an order that its route would not take is a request of its own.
    if is_routed and ACT in decision.reason:
        return decision.in_scope >= in_scope

    return is_routed and decision.confidence >= confidence and decision.in_scope >= in_scope


def _borders(text: str, start: int, material: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Returns where each part ends, and where the next one begins; the last ends with the text.

    Within `material` nothing ends.
    """
    found = [border.span() for border in _BORDER.finditer(text, start)]
    emoji = [border.span() for border in SENTENCE_END.finditer(text, start)]
    found += [border for border in emoji if not _touches(border, found)]
    numbers = [border.span() for border in _NUMBER.finditer(text, start)]
    # Elsewhere a number before a full stop ends a sentence: "the printer on floor 2. It …".
    if numbers and not text[start : numbers[0][0]].strip() and "1" in text[slice(*numbers[0])]:
        found = [*numbers, *(one for one in found if not _touches(one, numbers))]

    # Before material is its order, whatever sign is between them.
    firsts = {first for first, _ in material}
    found = [one for one in found if one[1] not in firsts and not _touches(one, material)]
    for first, end in material:
        next_start = len(text) - len(text[end:].lstrip())
        before = max((one[1] for one in found if one[1] <= first), default=start)
        has_order = _WORD.search(text, before, first) is not None
        if has_order and next_start > end and _begins_request(text, next_start):
            found.append((end, next_start))

    return [*sorted(set(found)), (len(text), len(text))]


def _begins_request(text: str, place: int) -> bool:
    """Returns whether a sentence begins behind material, by its capital or by what ties it."""
    return text[place : place + 1].isupper() or _OPENING.match(text, place) is not None


def _touches(border: tuple[int, int], others: Sequence[tuple[int, int]]) -> bool:
    return any(border[0] < end and start < border[1] for start, end in others)
