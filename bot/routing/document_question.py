"""A question that no route takes goes to the documents, where they may answer it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bot.ui.texts import explain as texts
from router.decide import Signals
from router.encoder.protocol import Encoder
from router.index import Hit, Vector
from router.speech.acts import QUESTIONS, asks_for_guidance, asks_permission, speech_act
from router.speech.topics import speaks_of_distress
from router.store import Store
from router.text.order import split_order
from router.types import ACT, LANGUAGE, TOPIC, Decision, Request, Score, Viewer
from workers.knowledge.membership import ReadingRights
from workers.knowledge.quotes.extractive_answer import (
    ANSWER_PASSAGES,
    PassageReading,
    read_passages,
)
from workers.knowledge.relevance.line_meaning import reads_meaning
from workers.knowledge.relevance.question_words import asks_number
from workers.knowledge.relevance.ranking import RANKED, rank_passages

MIN_COVERAGE = 0.5
"""Share of the question's term weight that a quote holds, so that the documents count as an answer
where the encoder cannot tell. A question that some route is sure of needs no such proof."""
MAX_QUESTION_WORDS = 12
"""A longer message may hold the text that its question is about."""
MAX_PERMISSION_WORDS = 30
"""The same for a question whether something is allowed, which says first that it is one."""


class DocumentLookup:
    """Looks into the documents of a workspace for questions that nothing else serves."""

    def __init__(self, store: Store, rights: ReadingRights, encoder: Encoder) -> None:
        self._store = store
        self._rights = rights
        self._encoder = encoder

    def apply(
        self,
        decision: Decision,
        request: Request,
        vector: NDArray[np.float32] | None,
        signals: Signals,
    ) -> Decision:
        """Returns the decision, or the route of the documents for a question these may answer.

        That is where the router would ask back, or turn the message away, and where a route works
        on a text and the question brings none. A question that a form does not take, or whether
        something is allowed, stays with the documents only if they hold something near. Who reports
        something and asks whom to tell gets their answer, where they have one, before a form.
        """
        documents, text = signals.documents, request.text
        if documents is None or request.file_ids or LANGUAGE in decision.reason:
            return decision

        is_redirected = ACT in decision.reason and decision.route == documents
        # A message that was not addressed to Beagle gets an answer only where a route is sure.
        is_open = decision.verb in ("ask", "out_of_scope") and request.source != "channel"
        is_distress = decision.reason.get(TOPIC) == "distress"
        works_on_text = decision.route in signals.text_routes
        is_permission = works_on_text and asks_permission(text)
        most_words = MAX_PERMISSION_WORDS if is_permission else MAX_QUESTION_WORDS
        is_textless = works_on_text and _is_textless(text, signals, most_words)
        asks_guidance = asks_for_guidance(text)
        is_guidance = asks_guidance and decision.route not in (None, documents)
        is_open = is_open or is_redirected or is_distress or is_textless or is_guidance
        is_question = asks_guidance or speech_act(text) in QUESTIONS
        if not is_open or not is_question:
            return decision

        reading = self._read(request, vector)
        fits_distress = bool(reading.quotes) and (asks_number(text) or _names_distress(reading))
        if is_distress and not fits_distress:
            # "Tell your manager when you are ill" is near to somebody whom a manager harasses.
            return decision
        if self._answers(reading):
            return _to_documents(decision, documents)

        is_permission = is_permission and is_textless
        if is_permission and self._is_near(reading):
            return _to_documents(decision, documents)
        if (is_redirected and not self._is_near(reading)) or is_permission:
            reason = {**decision.reason, "documents": texts.NO_DOCUMENTS}
            return replace(decision, verb="out_of_scope", route=None, reason=reason)

        return decision

    def _read(self, request: Request, vector: NDArray[np.float32] | None) -> PassageReading:
        stored: Vector | None = None if vector is None else (self._encoder.model_id, vector)

        def find(viewer: Viewer) -> list[Hit]:
            return self._store.documents.search(request.text, stored, viewer, RANKED)

        # Only what everybody who sees the answer may read counts.
        found = self._rights.search(request, find)
        passages = rank_passages(request.text, found)[:ANSWER_PASSAGES]
        return read_passages(request.text, passages, self._encoder)

    def _answers(self, reading: PassageReading) -> bool:
        if reads_meaning(self._encoder):
            # What is near but about another place, say, is shown with those words.
            return bool(reading.quotes) or reading.mismatch is not None

        return bool(reading.quotes) and reading.quotes[0].coverage >= MIN_COVERAGE

    def _is_near(self, reading: PassageReading) -> bool:
        """Returns whether something is worth a look; the answer names it as that."""
        return reads_meaning(self._encoder) and bool(reading.doubtful or reading.near)


def _is_textless(text: str, signals: Signals, most_words: int) -> bool:
    """Returns whether a short message brings no text of its own, nor does its thread."""
    if signals.previous_turns or len(text.split()) > most_words:
        return False

    return not any(part.is_marked for part in split_order(text, 1))


def _names_distress(reading: PassageReading) -> bool:
    return any(speaks_of_distress(f"{one.hit.title} {one.text}") for one in reading.quotes)


def _to_documents(decision: Decision, documents: str) -> Decision:
    """Returns the decision for the documents; the router's own numbers stay as they are."""
    confidence = 0.0
    for score in decision.scores:
        if score.route == documents:
            confidence = score.confidence

    reason = {name: value for name, value in decision.reason.items() if name != TOPIC}
    return replace(
        decision,
        verb="route",
        route=documents,
        confidence=confidence,
        margin=0.0,
        scores=decision.scores or (Score(documents, confidence),),
        reason={**reason, "documents": texts.DOCUMENTS},
    )
