"""Answers that people gave in threads, as passages that Beagle quotes beside documents."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from router.encoder.protocol import Encoder
from router.index import Chunk, Document, Hit
from router.store.knowledge.captured_answers import KEY_PREFIX, CapturedAnswer
from router.text.normalise import normalise
from router.text.redact import redact
from workers import texts
from workers.knowledge.gaps import SAME_QUESTION
from workers.knowledge.quotes.by_words import MIN_COVERAGE, Quote, rank_quotes
from workers.knowledge.relevance.contradictions import numbers_differ
from workers.knowledge.sources.slack_message import Message, is_user_message, plain_text

MAX_QUESTION, MAX_ANSWER = 300, 3000
"""Characters: what the review dialog takes, and Slack's own limit for one field."""
MAX_WHOLE = 600
"""Characters of a saved answer that is quoted as a whole."""
MAX_BESIDE = 2
"""Passages that are shown beside an answer that they contradict."""


def is_person_answer(hit: Hit) -> bool:
    """Returns whether the passage is an answer that a person gave and another one saved."""
    return hit.document.startswith(KEY_PREFIX)


def same_question(question: str, hits: Sequence[Hit], encoder: Encoder) -> Quote | None:
    """Returns the saved answer to the same question in other words, as a whole; None without one.

    How surely a line of a page answers says nothing here: a person has answered this question.
    """
    saved = [hit for hit in hits if is_person_answer(hit) and len(hit.body) <= MAX_WHOLE]
    if not saved:
        return None

    asked = [hit.title.rsplit(" > ", 1)[0] for hit in saved]
    vectors = encoder.encode([normalise(text) for text in (question, *asked)])
    near = vectors[1:] @ vectors[0]
    best = int(near.argmax())
    return Quote(saved[best], saved[best].body, 0.0, 1.0) if near[best] >= SAME_QUESTION else None


def masked(text: str, limit: int) -> str:
    """Returns a message's words as people read them, masked, of at most `limit` characters."""
    return redact(plain_text(text))[:limit].strip()


def find_question(
    thread: Sequence[Message], answer: Message, requests: Collection[str]
) -> Message | None:
    """Returns the message of the thread that the answer answers; None where there is none.

    `requests` are the timestamps of messages that asked Beagle: the last of them counts. Without
    one it is the message that began the thread, if another person wrote it, else the last one that
    another person wrote before the answer.
    """
    earlier = []
    for message in thread:
        is_before = str(message.get("ts")) < str(answer["ts"])
        if is_before and is_user_message(message) and message["user"] != answer["user"]:
            earlier.append(message)

    if not earlier:
        return None

    asked = [message for message in earlier if message["ts"] in requests]
    if asked:
        return asked[-1]

    root = str(answer.get("thread_ts") or "")
    return earlier[0] if earlier[0]["ts"] == root else earlier[-1]


def answer_document(
    answer: CapturedAnswer, words: tuple[str, str], name: str, link: str
) -> Document:
    """Returns the document of a saved answer; `words` are the reviewed question and answer.

    It is read by whoever may read the channel it came from. `name` is the author's name in Slack,
    `link` the address of the message; either may be empty.
    """
    # Once more: a reviewer may have typed what the mask had taken out.
    question, text = redact(words[0]).strip(), redact(words[1]).strip()
    at = float(answer.ts)
    day = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
    who = texts.ANSWERED_BY.format(name=name or texts.A_COLLEAGUE, day=day)
    heading = f"{question} > {who}"
    digest = hashlib.sha256(f"{heading}\0{text}".encode("utf-8", "replace"))

    return Document(
        team=answer.team,
        key=answer.document_key,
        source=f"{KEY_PREFIX}{answer.channel}",
        title=question,
        url=link,
        acl=answer.channel,
        updated_at=at,
        hash=digest.hexdigest(),
        chunks=[Chunk(heading, "", text, author=answer.author)],
    )


def contradicting(question: str, answer: str, hits: Sequence[Hit]) -> list[Quote]:
    """Returns the quotes that answer the question with other numbers than `answer` does."""
    own = Hit(-1, KEY_PREFIX, question, "", answer, 0.0, 1.0)
    others = [hit for hit in hits if hit.body != answer]
    ranked = [q for q in rank_quotes(question, [own, *others]) if q.coverage >= MIN_COVERAGE]
    mine = [quote for quote in ranked if quote.hit is own]
    if not mine:
        return []

    theirs = [quote for quote in ranked if quote.hit is not own]
    return [quote for quote in theirs if numbers_differ(mine[0].text, quote.text)][:MAX_BESIDE]


def with_contradicting(
    question: str, quotes: Sequence[Quote], hits: Sequence[Hit]
) -> tuple[list[Quote], list[tuple[Quote, Quote]]]:
    """Returns the quotes with what contradicts a person's answer among them, and which pairs do.

    A document that says another number is shown beside the answer, and the answer beside the
    document: only people can tell which of them is out of date.
    """
    shown = list(quotes)
    sides = {is_person_answer(quote.hit) for quote in shown}
    if len(sides) == 1:
        (is_person,) = sides
        for quote in rank_quotes(question, hits):
            is_other = is_person_answer(quote.hit) is not is_person
            is_opposed = is_other and numbers_differ(quote.text, shown[0].text)
            if is_opposed and quote.coverage >= MIN_COVERAGE:
                shown.append(quote)
                break

    pairs = []
    for number, quote in enumerate(shown):
        for other in shown[number + 1 :]:
            is_mixed = is_person_answer(quote.hit) is not is_person_answer(other.hit)
            if is_mixed and numbers_differ(quote.text, other.text):
                pairs.append((quote, other))

    return shown, pairs
