"""Answers from documents where the included model would need knowledge that it does not have.

What an error means stands in no message, and so small a model makes it up: of eleven errors it
explained none (`evals/RESULTS.md`). What the team wrote down is true, if it is there.
"""

from __future__ import annotations

from router.errors import WeakAnswerError
from router.types import Outcome
from workers.context import Context, Work
from workers.knowledge.quotes.extractive_answer import ANSWER_PASSAGES
from workers.knowledge.retrieval import retrieve
from workers.llm.model_prices import LOCAL
from workers.paths._cited_answer import answer_with_quotes
from workers.prompting.completion import CallOptions, CompletionSession


def is_beyond_included_model(work: Work, session: CompletionSession) -> bool:
    """Returns whether the answer takes knowledge, and the included model would have to have it."""
    return work.version.needs_knowledge and session.asks_included_model(CallOptions())


def answer_from_documents(context: Context, work: Work) -> Outcome:
    """Returns quotes from the documents that answer. Raises WeakAnswerError where none does.

    The message alone is searched for: a text in the thread before it is no question.
    """
    hits = retrieve(context, work, ANSWER_PASSAGES)
    outcome = answer_with_quotes(work, hits, encoder=context.encoder, scorer=context.quote_scorer)
    if outcome.data is None or not outcome.data["answered"]:
        fault = "it knows nothing that the message does not say, and no document answers"
        raise WeakAnswerError(
            f"answering with route {work.version.route!r}: {LOCAL!r} is not asked: {fault}; take a "
            "larger model, or ingest a document that answers",
            model=LOCAL,
            reason="weak_knowledge",
            fault=fault,
        )

    return outcome
