"""Fills a store with a year of a busy workspace: bulk rows, spread over people and channels."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from router.encoder.onnx import RECIPE
from router.kinds import RETRIEVING_KINDS, Kind
from router.store import Store
from router.store.requests.history import ServedRequest
from router.store.usage.spend import DAY_SECONDS, Cap
from router.store.workspace.audit import AuditEntry
from router.types import (
    Citation,
    Decision,
    Feedback,
    Outcome,
    Request,
    RequestState,
    Score,
    Tokens,
    Verb,
)

TEAM, ADMIN, BUSIEST, PERSON = "T1", "UADMIN", "U0", "U7"
NOW = 1_800_000_000.0
YEAR = (365.0, 0.0)
"""Days before `NOW`, from the first request to the last."""
TEXT_SECONDS = 30.0 * DAY_SECONDS
"""Texts and vectors are this old at most: retention has blanked what came before."""

PEOPLE, CHANNELS = 400, 60
BUSIEST_SHARE = 0.02
"""Of all requests, from one person: somebody who scripts what they ask."""
DIMENSIONS = 384
ROUTES: tuple[tuple[str, Kind, float], ...] = (
    ("handbook", "rag", 0.35),
    ("rewrite", "prompt", 0.2),
    ("triage", "prompt", 0.15),
    ("leave", "tools", 0.1),
    ("incident", "prompt", 0.08),
    ("summarise", "prompt", 0.07),
    ("translate", "prompt", 0.05),
)
"""Name, kind and weight."""

BATCH = 2_000
AUDIT_SHARE = 0.01
SPENDERS = 20


@dataclass(slots=True)
class _Year:
    """Draws one request after the other; the same `seed` draws the same ones."""

    count: int
    days: tuple[float, float]
    rng: random.Random
    vectors: list[bytes]

    def requests(self) -> Iterator[ServedRequest]:
        """Yields them, oldest first."""
        oldest, newest = (NOW - days * DAY_SECONDS for days in self.days)
        for number in range(self.count):
            at = oldest + (newest - oldest) * (number + 1) / (self.count + 1)
            yield self._request(number, at)

    def _request(self, number: int, at: float) -> ServedRequest:
        rng = self.rng
        user = BUSIEST if rng.random() < BUSIEST_SHARE else f"U{rng.randrange(PEOPLE)}"
        if number == self.count - 1:
            user = PERSON
        channel = f"C{rng.randrange(CHANNELS)}"
        is_recent = NOW - at < TEXT_SECONDS
        name, kind, _ = rng.choices(ROUTES, [weight for *_, weight in ROUTES])[0]
        verb: Verb = rng.choices(("route", "ask", "out_of_scope"), (0.9, 0.06, 0.04))[0]
        failed = rng.random() < 0.005
        state: RequestState = "dead" if failed else "answered"
        seconds = rng.lognormvariate(0.7, 0.8)
        text = f"request {number}: please look at case {rng.randrange(10**6)} for me, thank you"

        request = Request(
            id=f"{int(at * 1000):011x}{number:013x}",
            team=TEAM,
            channel=channel,
            user=user,
            ts=f"{at:.6f}",
            event_id=f"Ev{at:.6f}",
            text=text if is_recent else "",
            received_at=at,
            state=state,
        )
        decision = self._decision(verb, name)
        outcome = self._outcome(number, name, kind, seconds) if verb == "route" else Outcome("?")
        if failed:
            outcome = Outcome("", error="model", route=name, kind=kind, version="v1")

        return ServedRequest(
            request,
            decision,
            outcome if is_recent else _blank(outcome),
            at + 0.05,
            at + seconds,
            tuple(self._feedback(request)),
            reply_ts=f"{at + 0.2:.6f}",
            vector=(RECIPE, rng.choice(self.vectors)) if is_recent else None,
        )

    def _decision(self, verb: Verb, name: str) -> Decision:
        return Decision(
            verb=verb,
            route=name if verb == "route" else None,
            confidence=0.91,
            margin=0.6,
            in_scope=0.97,
            scores=tuple(Score(route, round(self.rng.random(), 6)) for route, *_ in ROUTES),
            router_version="router-2027",
            version="v1" if verb == "route" else None,
            reason={"threshold": 0.62, "nearest": [f"{name}:{n}" for n in range(3)]},
            seconds=0.02,
        )

    def _outcome(self, number: int, route: str, kind: Kind, seconds: float) -> Outcome:
        citations: tuple[Citation, ...] = ()
        data = None
        if kind in RETRIEVING_KINDS:
            data = {"answered": number % 20 != 0}
            citations = (Citation(1, "Page", "https://handbook/page", "a sentence of that page"),)

        return Outcome(
            text=f"Answer {number}: " + "words that explain it. " * 8,
            data=data,
            citations=citations,
            tokens=Tokens(400, 200, 600, 40, 120, 300),
            usd=0.0004,
            seconds=seconds,
            model="openai/gpt-small",
            route=route,
            kind=kind,
            version="v1",
        )

    def _feedback(self, request: Request) -> Iterator[Feedback]:
        at = request.received_at + 60.0
        if self.rng.random() < 0.05:
            value = "up" if self.rng.random() < 0.8 else "down"
            yield Feedback(request.id, request.user, "thumb", value, at)
        if self.rng.random() < 0.01:
            yield Feedback(request.id, request.user, "route", "triage", at)


def fill(store: Store, count: int, seed: int, days: tuple[float, float] = YEAR) -> None:
    """Inserts `count` requests with what belongs to them, audit rows and spending.

    They are evenly spread from the first to the second of `days` before `NOW`.
    """
    rng = random.Random(seed)  # noqa: S311  # generates rows; nothing secret hangs on it
    drawn = np.random.default_rng(seed).standard_normal((500, DIMENSIONS)).astype(np.float32)
    vectors = [(row / np.linalg.norm(row)).tobytes() for row in drawn]

    batch: list[ServedRequest] = []
    for served in _Year(count, days, rng, vectors).requests():
        batch.append(served)
        if len(batch) == BATCH:
            store.request_history.insert(batch)
            batch = []

    store.request_history.insert(batch)
    store.usage_counts.count_events()
    _add_records(store, int(count * AUDIT_SHARE), rng, days)


def _add_records(store: Store, count: int, rng: random.Random, days: tuple[float, float]) -> None:
    oldest, newest = (NOW - age * DAY_SECONDS for age in days)
    for number in range(count):
        at = oldest + (newest - oldest) * number / count
        entry = AuditEntry(TEAM, ADMIN, "rule", f"C{rng.randrange(CHANNELS)}", "applied", at)
        store.audit.record(entry)

    for day in range(int(oldest // DAY_SECONDS), int(newest // DAY_SECONDS) + 1):
        caps = [Cap(("team", TEAM)), *(Cap(("user", f"{TEAM}/U{n}")) for n in range(SPENDERS))]
        store.spend.reserve(caps, day, 5, 0.01)


def _blank(outcome: Outcome) -> Outcome:
    """Returns the outcome as retention leaves it."""
    return Outcome(
        text="",
        tokens=outcome.tokens,
        usd=outcome.usd,
        seconds=outcome.seconds,
        model=outcome.model,
        route=outcome.route,
        kind=outcome.kind,
        version=outcome.version,
        error=outcome.error,
    )
