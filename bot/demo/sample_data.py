"""A simulated fortnight: what a workspace might have asked, with answers, thumbs and costs, for the demo and for tests.

Every row is made up from the lists in `fortnight.json` and a seed. One type is structured (incident
reports into a record), one repeats and has no route yet (meeting rooms), one prompt is good enough
as it is, the rest is what else people say.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from router.store import Store
from router.store.base.tables import decision, feedback, outcome, request

DAY = 86_400.0
DAYS = 14


@dataclass(frozen=True, slots=True)
class Said:
    """One made-up request and what became of it. `right` is a person's thumb, None where nobody said."""

    text: str
    user: str
    at: float
    route: str | None
    kind: str | None = None
    data: Any = None
    reply: str = ""
    right: bool | None = None
    tokens: Mapping[str, int] | None = None
    channel_kind: str = "public"


def happenings(now: float, people: int = 12, incidents: int = 240, seed: int = 7) -> list[Said]:
    """The fortnight before `now` (unix seconds), oldest first; the same for the same seed."""
    chance, words = random.Random(seed), _words()  # noqa: S311  # a made-up past, no secret
    made = [
        *_incidents(chance, words, incidents),
        *_rooms(chance, words),
        *_tickets(chance, words),
        *_wifi(chance, words),
        *_rest(words),
    ]

    out = []
    for number, one in enumerate(made):
        at = now - chance.uniform(0.05, DAYS) * DAY
        out.append(Said(**{**one, "user": f"U1PERSON{number % people:02}", "at": at}))

    return sorted(out, key=lambda one: one.at)


def reports(seed: int) -> Iterator[str]:
    """Incident reports as people would write them, without end."""
    chance, words = random.Random(seed), _words()  # noqa: S311  # made-up reports, no secret
    while True:
        yield from (str(one["text"]) for one in _incidents(chance, words, 60))


def fill(store: Store, team: str, channel: str, said: list[Said]) -> int:
    """How many requests stand in the store, answered, as if that fortnight had been."""
    versions = {
        one.route: live.id for one in said if one.route and (live := store.versions.live(one.route))
    }
    tables: dict[Any, list[dict[str, Any]]] = {request: [], decision: [], outcome: [], feedback: []}

    for number, one in enumerate(said):
        key, done = f"fortnight{number:04}", one.at + 1.5
        place = {
            "team": team,
            "channel": channel if one.channel_kind == "public" else f"D{one.user}",
        }
        ts = f"{one.at:.6f}"
        tables[request].append(
            {
                **place,
                "id": key,
                "user": one.user,
                "ts": ts,
                "thread": ts,
                "event_id": f"Ev{key}",
                "text": one.text,
                "received_at": one.at,
                "channel_kind": one.channel_kind,
                "source": "mention",
                "state": "answered",
                "fence": 1,
                "tries": 1,
                "wake_at": done,
                "done_at": done,
            }
        )

        version = versions.get(one.route or "")
        tables[decision].append(_decision(key, one, version))
        tables[outcome].append(_outcome(key, one, version))

        if one.right is not None:
            word = {
                "request": key,
                "user": one.user,
                "aspect": "thumb",
                "value": "up" if one.right else "down",
            }

            tables[feedback].append({**word, "at": done + 20})

    with store.begin() as connection:
        for table, rows in tables.items():
            if rows:
                connection.execute(insert(table), rows)

    return len(said)


def _words() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(
        Path(__file__).with_name("sample_data.json").read_text("utf-8")
    )
    return found


def _incidents(
    chance: random.Random, words: Mapping[str, Any], count: int
) -> Iterator[dict[str, Any]]:
    """Reports with a record each: an extraction that one schema holds. The prompt gets about three of four right."""
    for number in range(count):
        start = chance.randrange(7 * 60, 20 * 60, 5)
        end = start + chance.randrange(10, 180, 5)
        slots = {
            "service": chance.choice(words["services"]),
            "fault": chance.choice(words["faults"]),
            "whom": chance.choice(words["whom"]),
            "start": f"{start // 60}:{start % 60:02}",
            "end": f"{end // 60}:{end % 60:02}",
        }

        record = {
            "service": slots["service"],
            "impact": f"{slots['whom']}: {slots['fault']}",
            "started": slots["start"],
            "ended": slots["end"],
            "severity": words["severity"].get(slots["whom"], "minor"),
        }

        yield {
            "text": chance.choice(words["openings"]).format(**slots),
            "route": "incident",
            "kind": "prompt",
            "data": record,
            "right": None if number % 3 else chance.random() < 0.77,
            "tokens": {"system": 310, "few_shot": 620, "query": 34, "output": 62},
        }


def _rooms(chance: random.Random, words: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for number in range(48):
        slots = {
            "n": chance.randrange(2, 14),
            "day": chance.choice(words["weekdays"]),
            "hour": f"{chance.randrange(8, 18)}:00",
        }

        yield {"text": words["rooms"][number % len(words["rooms"])].format(**slots), "route": None}


def _tickets(chance: random.Random, words: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What the triage prompt does well enough: people say so."""
    for number in range(75):
        slots = {"n": chance.randrange(2, 40), "day": chance.choice(words["weekdays"])}
        yield {
            "text": words["tickets"][number % len(words["tickets"])].format(**slots),
            "route": "triage",
            "kind": "prompt",
            "data": {"queue": "it", "urgency": "normal"},
            "right": chance.random() < 0.97,
            "tokens": {"system": 280, "few_shot": 200, "query": 14, "output": 20},
        }


def _wifi(chance: random.Random, words: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Asked of the documents, which do not say."""
    for _ in range(9):
        found = {"answered": False}
        yield {
            "text": chance.choice(words["wifi"]),
            "route": "handbook",
            "kind": "rag",
            "data": found,
            "reply": "Not found.",
        }


def _rest(words: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for number, text in enumerate(words["one_offs"]):
        yield {"text": text, "route": None, "channel_kind": "dm" if number % 9 == 0 else "public"}


def _decision(key: str, one: Said, version: str | None) -> dict[str, Any]:
    sure = 0.95 if one.route else 0.2
    return {
        "request": key,
        "revision": 0,
        "verb": "route" if one.route else "out_of_scope",
        "route": one.route,
        "version": version,
        "confidence": sure,
        "margin": sure / 2,
        "in_scope": sure,
        "scores": [],
        "reason": {},
        "router_version": "simulated",
        "seconds": 0.002,
        "at": one.at + 0.1,
    }


def _outcome(key: str, one: Said, version: str | None) -> dict[str, Any]:
    return {
        "request": key,
        "revision": 0,
        "text": one.reply,
        "data": one.data,
        "citations": [],
        "tokens": dict(one.tokens or {}),
        "usd": 0.0,
        "seconds": 1.4,
        "model": "local" if one.route else "",
        "route": one.route or "",
        "kind": one.kind,
        "version": version,
        "error": None,
        "at": one.at + 1.5,
    }
