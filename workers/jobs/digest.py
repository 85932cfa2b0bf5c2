"""The weekly step: what was asked is mined, each candidate judged and stored, and the digest of the week written.

A week is written once. Running the step again for a week that has a digest does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from router.catalog.lint import BULLET, ORDER
from router.errors import LifecycleError
from router.lifecycle import BEFORE_APPROVAL, SYSTEM
from router.log import get_log
from router.store import Store
from router.types import Candidate
from workers.context import Context
from workers.drift.summary import lines
from workers.knowledge.gaps import knowledge_signals
from workers.llm.litellm_client import LiteLLM
from workers.llm.pricing import Price
from workers.mining.admin_corrections import corrected, corrections_of, halves, released
from workers.mining.gate_feedback import taught_gate
from workers.mining.llm_naming import Namer
from workers.mining.pipeline import Finding, Mined, Past, mine
from workers.mining.requests import Remembering, remarks_of, rows_of
from workers.mining.trend import WEEK, WEEKS
from workers.ports import Payer
from workers.readiness import thresholds as limits
from workers.readiness.evidence import Prices, Prompt, evidence

QUEUE = "compute"

MOST = 8
"""Candidates in one digest; the rest come up when these are decided."""
GAPS = 5


def key_of(team: str, week: str) -> str:
    """What the queue carries for a workspace's week."""
    return f"{team} {week}"


def run(context: Context, key: str) -> None:
    """The workspace's digest of that week is in the store. `key` is what `key_of` gave."""
    team, week = key.split(" ", 1)
    store = context.store
    if store.digests.get(team, week) is not None:
        return

    now = context.now()
    asked = store.minable.asked(team, now - WEEKS * WEEK, now)
    assert context.encoder is not None
    remembering = Remembering(context.encoder, store.minable, now)
    # The requests first: what only was overheard has no request behind it.
    rows = rows_of(asked) + remarks_of(store.overheard.of(team, now - WEEKS * WEEK, now))
    encoder = remembering.encoder().model_id
    mined = mine(
        rows, remembering.encode(), limits.shown(context.settings), past=_past(store, team, encoder)
    )
    places = {row: place for place, row in enumerate(mined.places)}
    prices = _prices(context)
    namer = Namer(
        context.model,
        context.settings,
        Payer(team, context.settings.admin_channel, SYSTEM, requests=0),
    )

    for finding in mined.findings:
        own = mined.vectors[[places[row] for row in finding.rows]]
        prompt = _prompt(store, finding.route)
        record = evidence(
            finding, [rows[i] for i in finding.rows], own, context.settings, prices, now, prompt
        )
        requests = [asked[i].id for i in finding.rows if i < len(asked)]
        record |= {
            "requests": requests,
            "route": finding.route,
            "overheard": len(finding.rows) - len(requests),
        }

        record |= {"halves": halves(own)} if finding.shown else {}

        given = namer.name(finding, store.candidates.get(f"{team}:{finding.id}"))
        if given is not None:
            finding = replace(finding, label=given.label, definition=given.definition)
            record["named"] = given.record()

        _keep(store, team, finding, record, encoder, now)

    shown = _to_show(store, team, mined, now)

    body = _body(store, team, week, now, mined, shown, context)
    if store.digests.write(team, week, body, now):
        get_log(step="digest", team=team, week=week).info(
            "digest_written", candidates=len(shown), rows=mined.mined
        )

    if context.settings.keep_days:
        store.minable.drop_vectors(now - context.settings.keep_days * 86_400.0)


def _past(store: Store, team: str, encoder: str) -> Past:
    """Where earlier candidates lay, the gate as admins' verdicts have taught it, and what they said is not the same."""
    known = store.candidates.of(team)
    centres = {
        one.id.removeprefix(f"{team}:"): np.frombuffer(one.centroid, np.float32)
        for one in known
        if one.centroid and one.encoder == encoder and not one.evidence.get("route")
        if released(store, one) or not corrected(store, one)
    }

    gate = taught_gate(store, team, {one.id: one for one in known})
    return Past(
        candidates=centres, gate=gate, corrections=corrections_of(store, team, known, encoder)
    )


def _prompt(store: Store, route: str | None) -> Prompt | None:
    """How many rules and words the prompt has that serves it now."""
    live = None if route is None else store.versions.live(route)
    if live is None:
        return None

    steps = [step for step in live.body.get("steps") or () if isinstance(step, Mapping)]
    texts = [
        str(part.get(name) or "") for part in (live.body, *steps) for name in ("role", "prompt")
    ]
    lines = [line for text in texts for line in text.splitlines()]
    rules = sum(bool(BULLET.match(line) or ORDER.search(line)) for line in lines)

    return Prompt(rules=rules, words=sum(len(text.split()) for text in texts))


def _prices(context: Context) -> Prices:
    listed = LiteLLM(context.settings.connect_seconds)
    settings = context.settings

    def price(name: str) -> Price | None:
        found = listed.price(name)
        if found is None and name == settings.model and settings.usd_per_million_input:
            read = settings.usd_per_million_input / 1e6
            return Price(read, read, settings.usd_per_million_output / 1e6)

        return found

    return Prices(price, listed.ends)


def _keep(
    store: Store, team: str, finding: Finding, record: Mapping[str, Any], encoder: str, now: float
) -> None:
    """The candidate is known with this week's evidence; one that was put aside comes up again when its time is over."""
    found = Candidate(
        id=f"{team}:{finding.id}",
        team=team,
        label=finding.label,
        definition=finding.definition,
        state="detected",
        route=finding.route,
        evidence=record,
        centroid=np.asarray(finding.centroid, np.float32).tobytes(),
        encoder=encoder,
    )

    kept = store.candidates.put(found, now)
    why = _comes_back(store, kept, now) if kept.state in ("snoozed", "rejected") else ""
    if why:
        _advance(store, kept, "digested", {"why": why}, now)


def _comes_back(store: Store, kept: Candidate, now: float) -> str:
    """Why a candidate that was put aside comes up again; empty when it stays where it is.

    A rejected one stays away, because what has moved far from it is another candidate, with an id
    of its own; unless it was counted to one that was divided since.
    """
    if kept.state == "rejected":
        return "what it belonged to was divided" if released(store, kept) else ""

    told = store.candidates.history(kept.id)[-1].evidence
    if told.get("until") is not None and now >= float(told["until"]):
        return "the time is over"

    doubled = told.get("until_count")
    return "asked twice as often" if doubled and kept.evidence["count"] >= int(doubled) else ""


def _to_show(store: Store, team: str, mined: Mined, now: float) -> list[Candidate]:
    """The candidates of this week's digest, best first: they may be shown and wait for a verdict."""
    ready = {f"{team}:{finding.id}" for finding in mined.shown}
    waiting = [
        one for one in store.candidates.of(team, ("detected", "digested")) if one.id in ready
    ]
    waiting.sort(key=lambda one: (-float(one.evidence["score"]), one.id))
    shown = []

    for one in waiting[:MOST]:
        moved = (
            _advance(store, one, "digested", {"why": "in the digest"}, now)
            if one.state == "detected"
            else one
        )
        if moved is not None:
            shown.append(moved)

    return shown


def _advance(
    store: Store, one: Candidate, to: Any, told: Mapping[str, Any], now: float
) -> Candidate | None:
    """The candidate in its new state; None when somebody was faster."""
    try:
        return store.candidates.advance(
            one.id, to, actor=SYSTEM, at=now, evidence=told, version=one.version
        )
    except LifecycleError as error:
        get_log(step="digest").info("not_moved", candidate=one.id, error=type(error).__name__)
        return None


def _body(
    store: Store,
    team: str,
    week: str,
    now: float,
    mined: Mined,
    shown: Sequence[Candidate],
    context: Context,
) -> dict[str, Any]:
    """All that the digest shows besides the candidates, whose state is read when it is rendered."""
    since = now - WEEK
    period = store.stats.since(team, since)
    signals = knowledge_signals(store, team, since, now, GAPS)
    settings = context.settings

    return {
        "week": week,
        "since": since,
        "until": now,
        "numbers": {
            "requests": period.requests,
            "answered": period.answered,
            "asked": period.asked,
            "out_of_scope": period.out_of_scope,
            "corrected": period.corrected,
            "failed": period.failed,
            "usd": round(period.usd, 6),
            "p50_seconds": round(period.p50_seconds, 3),
        },
        "routes": [[route.route, route.requests] for route in period.routes[:12]],
        "mined": mined.mined,
        "overheard": [
            asdict(one) for one in store.overheard.channels(team, now - WEEKS * WEEK, now)
        ],
        "withheld": len(mined.findings) - len(mined.shown),
        "candidates": [one.id for one in shown],
        "gaps": [asdict(gap) for gap in signals.gaps],
        "cap_usd": settings.cap_team_usd,
        "decided": _decided(store, team, since),
        "drift": lines(store, team, week),
    }


def _decided(store: Store, team: str, since: float) -> list[dict[str, Any]]:
    """What became of the candidates that admins have decided on, newest change first."""
    out: list[dict[str, Any]] = []
    for one in store.candidates.of(team):
        history = store.candidates.history(one.id)

        person = [edge for edge in history if edge.actor != SYSTEM]
        if person and (one.state not in BEFORE_APPROVAL or person[-1].at >= since):
            out.append(
                {
                    "label": one.label,
                    "state": one.state,
                    "by": person[-1].actor,
                    "at": history[-1].at,
                }
            )

    return sorted(out, key=lambda each: -float(each["at"]))[:10]
