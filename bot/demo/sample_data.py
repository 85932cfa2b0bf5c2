"""Two simulated weeks: what a workspace might have asked, with answers, thumbs and costs.

The demo and tests load it as the past that the weekly mining reads. Every row is made from the
texts in `sample_data.json` and a seed. Incident reports have a structured answer; questions about
meeting rooms repeat and have no route yet; the triage prompt is good enough as it is; the rest
is noise.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from router.encoder.protocol import Encoder
from router.kinds import Kind
from router.store import Store
from router.store.requests.history import SIMULATED_EVENT, ServedRequest
from router.text.normalise import normalise
from router.types import ChannelKind, Decision, Feedback, Outcome, Request, Tokens

DAY = 86_400.0
DAYS = 14
ROOM_REQUESTS = 48
TICKETS = 75
WIFI_QUESTIONS = 9
INCIDENT_ACCURACY = 0.77
"""The share of thumbs-up for the incident prompt: there is something to gain by tuning it."""
TICKET_ACCURACY = 0.97
ANSWER_SECONDS = 1.5
FEEDBACK_SECONDS = 20.0

Texts = Mapping[str, Any]
"""The content of `sample_data.json`."""


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """A made-up request and its answer.

    `right` is the person's thumb, None without one, and `reason` why it is down. `route` is None
    where no route fits. `at` is in unix seconds.
    """

    text: str
    user: str
    at: float
    route: str | None
    kind: Kind | None = None
    data: Mapping[str, object] | None = None
    reply: str = ""
    right: bool | None = None
    reason: str = ""
    tokens: Mapping[str, int] | None = None
    channel_kind: ChannelKind = "public"


def sample_requests(
    now: float, people: int = 12, incidents: int = 240, seed: int = 7
) -> list[SampleRequest]:
    """Returns the requests of the two weeks before `now` (unix seconds), oldest first.

    The result is the same for the same arguments.
    """
    rng = random.Random(seed)  # noqa: S311  # sample data, no secret
    texts = _texts()
    drafts = [
        *_incidents(rng, texts, incidents),
        *_room_requests(rng, texts),
        *_tickets(rng, texts),
        *_wifi_questions(rng, texts),
        *_noise(texts),
    ]

    samples = []
    for number, draft in enumerate(drafts):
        user = f"U1PERSON{number % people:02}"
        # Nothing in the last hour, so that the demo's own requests are the newest.
        at = now - rng.uniform(0.05, DAYS) * DAY
        samples.append(replace(draft, user=user, at=at))

    return sorted(samples, key=lambda sample: sample.at)


def incident_reports(seed: int) -> Iterator[str]:
    """Yields incident reports as people would write them, without end."""
    rng = random.Random(seed)  # noqa: S311  # sample data, no secret
    while True:
        for draft in _incidents(rng, _texts(), 60):
            yield draft.text


def load_into(
    store: Store,
    team: str,
    channel: str,
    samples: Sequence[SampleRequest],
    encoder: Encoder | None = None,
) -> int:
    """Stores the samples as answered requests; returns how many there are.

    With an `encoder` each has its vector, as requests that were routed have.
    """
    versions: dict[str, str] = {}
    for route in {sample.route for sample in samples if sample.route}:
        live = store.versions.live(team, route)
        if live is not None:
            versions[route] = live.id

    vectors: list[tuple[str, bytes] | None] = [None] * len(samples)
    if encoder is not None:
        encoded = encoder.encode([normalise(sample.text) for sample in samples])
        vectors = [(encoder.model_id, vector.tobytes()) for vector in encoded]

    served = []
    for number, sample in enumerate(samples):
        # A DM's channel belongs to one person.
        place = channel if sample.channel_kind == "public" else f"D{sample.user}"
        request = _request(f"fortnight{number:04}", team, place, sample)
        record = _served(request, sample, versions.get(sample.route or ""))
        served.append(replace(record, vector=vectors[number]))

    store.request_history.insert(served)
    return len(samples)


@cache
def _texts() -> Texts:
    path = Path(__file__).with_name("sample_data.json")
    texts: Texts = json.loads(path.read_text("utf-8"))
    return texts


def _draft(text: str, route: str | None = None, **fields: Any) -> SampleRequest:
    """Returns a sample whose author and time are still to be drawn."""
    return SampleRequest(text=text, user="", at=0.0, route=route, **fields)


def _incidents(rng: random.Random, texts: Texts, count: int) -> Iterator[SampleRequest]:
    """Yields incident reports, each with the record that one schema describes.

    Every third report has a thumb, up for `INCIDENT_ACCURACY` of them.
    """
    for number in range(count):
        start = rng.randrange(7 * 60, 20 * 60, 5)
        end = start + rng.randrange(10, 180, 5)
        slots = {
            "service": rng.choice(texts["services"]),
            "fault": rng.choice(texts["faults"]),
            "whom": rng.choice(texts["whom"]),
            "start": f"{start // 60}:{start % 60:02}",
            "end": f"{end // 60}:{end % 60:02}",
        }

        record = {
            "service": slots["service"],
            "impact": f"{slots['whom']}: {slots['fault']}",
            "started": slots["start"],
            "ended": slots["end"],
            "severity": texts["severity"].get(slots["whom"], "minor"),
        }

        # The order of the draws is part of the data: a seed must always give the same requests.
        text = rng.choice(texts["openings"]).format(**slots)
        right = None
        if number % 3 == 0:
            right = rng.random() < INCIDENT_ACCURACY

        tokens = {"system": 310, "few_shot": 620, "query": 34, "output": 62}
        yield _draft(text, "incident", kind="prompt", data=record, right=right, tokens=tokens)


def _room_requests(rng: random.Random, texts: Texts) -> Iterator[SampleRequest]:
    """Yields what repeats and has no route yet."""
    for number in range(ROOM_REQUESTS):
        slots = {
            "n": rng.randrange(2, 14),
            "day": rng.choice(texts["weekdays"]),
            "hour": f"{rng.randrange(8, 18)}:00",
        }
        yield _draft(texts["rooms"][number % len(texts["rooms"])].format(**slots))


def _tickets(rng: random.Random, texts: Texts) -> Iterator[SampleRequest]:
    """Yields what the triage prompt does well enough, as the thumbs say."""
    for number in range(TICKETS):
        slots = {"n": rng.randrange(2, 40), "day": rng.choice(texts["weekdays"])}
        yield _draft(
            texts["tickets"][number % len(texts["tickets"])].format(**slots),
            "triage",
            kind="prompt",
            data={"queue": "it", "urgency": "normal"},
            right=rng.random() < TICKET_ACCURACY,
            tokens={"system": 280, "few_shot": 200, "query": 14, "output": 20},
        )


def _wifi_questions(rng: random.Random, texts: Texts) -> Iterator[SampleRequest]:
    """Yields questions that the documents do not answer."""
    for _ in range(WIFI_QUESTIONS):
        yield _draft(
            rng.choice(texts["wifi"]),
            "handbook",
            kind="rag",
            data={"answered": False},
            reply="Not found.",
        )


def _noise(texts: Texts) -> Iterator[SampleRequest]:
    """Yields requests that occur once, some of them in DMs."""
    for number, text in enumerate(texts["one_offs"]):
        yield _draft(text, channel_kind="dm" if number % 9 == 0 else "public")


def _request(key: str, team: str, channel: str, sample: SampleRequest) -> Request:
    return Request(
        id=key,
        team=team,
        channel=channel,
        user=sample.user,
        ts=f"{sample.at:.6f}",
        event_id=f"{SIMULATED_EVENT}{key}",
        text=sample.text,
        received_at=sample.at,
        channel_kind=sample.channel_kind,
        state="answered",
    )


def _served(request: Request, sample: SampleRequest, version: str | None) -> ServedRequest:
    answered_at = sample.at + ANSWER_SECONDS
    confidence = 0.95 if sample.route else 0.2
    decision = Decision(
        verb="route" if sample.route else "out_of_scope",
        route=sample.route,
        confidence=confidence,
        margin=confidence / 2,
        in_scope=confidence,
        scores=(),
        router_version="simulated",
        version=version,
        seconds=0.002,
    )

    outcome = Outcome(
        sample.reply,
        sample.data,
        tokens=Tokens(**(sample.tokens or {})),
        seconds=1.4,
        model="local" if sample.route else "",
        route=sample.route or "",
        kind=sample.kind,
        version=version,
    )

    feedback = []
    if sample.right is not None:
        value = "up" if sample.right else "down"
        thumb_at = answered_at + FEEDBACK_SECONDS
        feedback.append(Feedback(request.id, sample.user, "thumb", value, thumb_at))
        if sample.reason:
            feedback.append(Feedback(request.id, sample.user, "reason", sample.reason, thumb_at))

    return ServedRequest(request, decision, outcome, sample.at + 0.1, answered_at, feedback)
