"""What a draft is made from: the requests of a candidate, people's answers to them, and neighbours.

Everything is masked and comes from channels that are public today; nothing of people who opted out
is read. `Wording` says which words may be kept: those that enough different people wrote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from router.errors import InputError
from router.store.mining.channel_messages import ChannelMessage, message_key
from router.store.mining.minable_requests import MinableRequest
from router.text.normalise import normalise
from router.text.redact import plain_words, redact_for_display
from router.types import Candidate
from workers.context import Context
from workers.drafting.slots import MADE_UP, find_slots, refill
from workers.knowledge.retrieval import reading_rights
from workers.mining.privacy import common_words
from workers.mining.requests import (
    CachedEmbedding,
    messages_to_rows,
    quotable_today,
    to_rows,
    without_answers,
)
from workers.mining.rows import Row, mask_rows
from workers.mining.trend import WEEK, WEEKS
from workers.readiness.thresholds import mining_limits

MAX_TEXT = 300
"""Characters of a request that a draft takes over; a longer one is no typical request."""
MAX_NEGATIVES = 15
MIN_NEIGHBOUR_COSINE = 0.3
"""Messages that are less alike teach the router nothing about the border."""
MEMBER_QUANTILE = 0.05
"""A neighbour is less like the centroid than this share of the candidate's own requests, because
what is more alike may be one of them that clustering missed."""
CUT = "[…]"


@dataclass(frozen=True, slots=True)
class AskedRequest:
    """One request of the candidate, masked, with the first answer of another person.

    `answer` is empty where nobody answered in a thread that may be read. `at` is in unix seconds.
    """

    text: str
    user: str
    at: float
    channel: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Wording:
    """The words that at least `min_people` different people wrote, in lower case."""

    usual: frozenset[str]

    def is_common(self, text: str) -> bool:
        """Returns whether enough people wrote each of its words."""
        return all(word in self.usual for word in plain_words(text))

    def safe(self, text: str) -> str:
        """Returns the text as a draft may keep it; empty where it may not.

        Values that few people wrote are replaced by made-up ones. A text with any other word that
        few people wrote is not kept.
        """
        plain = " ".join(redact_for_display(normalise(text)).split())
        if not plain or len(plain) > MAX_TEXT or CUT in plain:
            return ""

        filled = refill(plain, self.is_common)
        rest = filled
        for slot in find_slots(filled):
            if self.is_common(slot.value) or slot.value in MADE_UP[slot.kind]:
                rest = rest.replace(slot.value, " ")

        return filled if self.is_common(rest) else ""


@dataclass(frozen=True, slots=True)
class Material:
    """All that a draft is made from. `neighbours` are near the requests and none of them."""

    asked: Sequence[AskedRequest]
    wording: Wording
    neighbours: Sequence[AskedRequest] = field(default_factory=tuple)


def read_material(context: Context, candidate: Candidate) -> Material:
    """Returns the candidate's requests of the last four weeks with what a draft needs beside them.

    Raises InputError where none of them may be quoted.
    """
    now = context.now()
    since = now - WEEKS * WEEK
    team = candidate.team
    requests = context.store.mining.requests(team, since, now)
    messages = context.store.channel_messages.between(team, since, now)

    rows = mask_rows(to_rows(requests) + messages_to_rows(messages))
    rows = quotable_today(rows, team, reading_rights(context))
    keys = [request.id for request in requests] + [message_key(one) for one in messages]
    limits = mining_limits(context.settings)
    wording = Wording(_usual_words(rows, limits.min_people))

    members = {*candidate.evidence.requests, *candidate.evidence.messages}
    answers = _answers(messages, requests)
    asked = []
    for key, row in zip(keys, rows, strict=True):
        if key in members and row.quotable:
            asked.append(
                AskedRequest(row.text, row.user, row.at, row.channel, answers.get(key, ""))
            )

    if not asked:
        raise InputError(
            f"drafting a route for {candidate.label!r}: none of its requests may be quoted now; "
            "they were asked in private places, expired, or their channel is private today"
        )

    # An answer in a thread is near the request that it answers, and teaches no border.
    asking = {message_key(one) for one in without_answers(messages, requests)}
    asking |= {request.id for request in requests}
    places = [place for place, key in enumerate(keys) if key in asking]
    neighbours = _neighbours(
        context,
        candidate,
        [rows[place] for place in places],
        [keys[place] for place in places],
        members,
    )
    return Material(asked, wording, neighbours)


def _usual_words(rows: Sequence[Row], min_people: int) -> frozenset[str]:
    """Returns the words that enough people wrote where it may be quoted."""
    quotable = [row for row in rows if row.quotable]
    counts: Counter[str] = Counter()
    for row in quotable:
        counts.update(set(plain_words(row.text)))

    return common_words(quotable, min_people, counts)


def _answers(
    messages: Sequence[ChannelMessage], requests: Sequence[MinableRequest]
) -> dict[str, str]:
    """Returns, by the key of a message, the first answer of another person in its thread."""
    author_of = {(one.channel, one.ts): one.user for one in messages}
    key_of = {(one.channel, one.ts): message_key(one) for one in messages}
    for request in requests:
        place = (request.channel, request.ts)
        author_of[place] = request.user
        key_of[place] = request.id

    answers: dict[str, str] = {}
    for message in messages:
        place = (message.channel, message.thread_ts)
        is_answer = place in author_of and author_of[place] != message.user
        if is_answer and message.channel_kind == "public":
            answers.setdefault(key_of[place], message.text)

    return answers


def _neighbours(
    context: Context,
    candidate: Candidate,
    rows: Sequence[Row],
    keys: Sequence[str],
    members: set[str],
) -> list[AskedRequest]:
    """Returns messages that no route served and that are near the candidate's requests."""
    if not candidate.centroid or candidate.encoder != context.encoder.model_id:
        return []

    texts = [normalise(row.text) for row in rows]
    cache = context.store.embeddings
    embedding = CachedEmbedding(context.encoder, cache, candidate.team, context.now())
    centroid = np.frombuffer(candidate.centroid, np.float32)
    cosines = embedding.encode()(texts) @ centroid
    own = [cosine for key, cosine in zip(keys, cosines, strict=True) if key in members]
    most = float(np.quantile(own, MEMBER_QUANTILE)) if own else 0.0

    near = []
    for position in np.argsort(-cosines, kind="stable"):
        row, cosine = rows[int(position)], float(cosines[position])
        if cosine < MIN_NEIGHBOUR_COSINE:
            break

        served = bool(row.record.get("route"))
        if keys[int(position)] in members or served or cosine >= most or not row.quotable:
            continue

        near.append(AskedRequest(row.text, row.user, row.at, row.channel))

    return near
