"""Plays the first half of the weekly loop by clicks alone: from chat to a route that is live.

People ask each other for the same thing in chat, and no route serves it. The digest finds it, one
click drafts a route, and further clicks take it live. Nobody writes a file. In between, the digest
names a rule that a prompt does not obey, and a colleague's answer is kept for the next person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from bot.console import CleanConsole
from bot.demo import chat_data
from bot.demo.answers_script import keep_answer, quote_answer, remedy_failures
from bot.demo.demo import Demo
from bot.demo.rollout_actors import RolloutActors, ScriptFailedError
from bot.demo.rollout_script import (
    CLICK_SECONDS,
    DIGEST_SECONDS,
    MAX_ROUNDS,
    Figures,
    play_steps,
    step_figures,
)
from bot.sandbox.seed_data import TEAM_ID, user_id
from router.canary import in_rollout
from router.catalog.version import Version
from router.lifecycle_evidence import DraftedEvidence
from router.types import Candidate
from workers.runtime.processes import wait_until

QUESTION = "please book a meeting room on Tuesday at 11:00, we are 4 people"
WANTED = "meeting room"
SEED = 29
DRAFT_SECONDS = 600.0
"""The small model answers twenty held-out requests meanwhile."""
LEARN_SECONDS = 120.0
"""Within which every process has trained its router with the new route."""
SHADOW_REQUESTS = 2


class DiscoveryActors(RolloutActors):
    """Acts for the people who need a room; the candidate is the one that no route serves."""

    def questions(self) -> Iterator[str]:
        """Returns what people ask, without end."""
        return chat_data.room_requests(SEED)

    def candidate(self) -> Candidate | None:
        """Returns the candidate without a route, or the one whose route was drafted."""
        known = self.store.candidates.for_team(TEAM_ID)
        shown = [one for one in known if one.evidence.route is None and one.state != "detected"]
        # As Ada would: she knows what people ask for, and reads the cards.
        wanted = [one for one in shown if any(WANTED in text for text in one.evidence.examples)]
        if not wanted:
            return None

        candidate = max(wanted, key=lambda one: (one.evidence.count, one.id))
        self.route = candidate.route or self.route
        return candidate


def play(demo: Demo, *, as_json: bool = False) -> bool:
    """Plays the steps until one fails; returns whether all succeeded.

    The transcript, or one JSON object, is on stdout.
    """
    console = CleanConsole(stderr=as_json, soft_wrap=True, highlight=False)
    return play_steps(STEPS, DiscoveryActors(demo, console), as_json=as_json)


def _wait_for_digest(actors: DiscoveryActors) -> Figures:
    actors.wait_for_state("digested", seconds=DIGEST_SECONDS)
    if not wait_until(lambda: actors.card("candidate_draft") is not None, CLICK_SECONDS):
        raise ScriptFailedError("the digest is not in #leads")

    candidate = actors.candidate()
    if candidate is None:
        raise ScriptFailedError("the digest's candidate is gone")

    messages = actors.store.channel_messages.mined_channels(TEAM_ID, 0.0, float("inf"))
    return {
        "candidate": candidate.label,
        "requests": candidate.evidence.count,
        "people": candidate.evidence.people,
        "messages": sum(channel.count for channel in messages),
    }


def _ask_before(actors: DiscoveryActors) -> Figures:
    """Nothing serves the request yet."""
    user = actors.users["grace"]
    ts = user.ask(QUESTION)
    user.wait(ts)
    decision, _, _ = user.facts(ts)
    if decision is None or decision.verb == "route":
        raise ScriptFailedError(f"before there is a route, {QUESTION!r} was served by one")

    return {"decided": decision.verb}


def _draft(actors: DiscoveryActors) -> Figures:
    actors.press("candidate_draft")
    actors.wait_for_state("drafted", seconds=DRAFT_SECONDS)

    def evidence() -> DraftedEvidence | None:
        candidate = actors.candidate()
        if candidate is None:
            return None

        last = actors.store.candidates.history(candidate.id)[-1].evidence
        return last if isinstance(last, DraftedEvidence) and last.evaluated else None

    wait_until(lambda: evidence() is not None, DRAFT_SECONDS)
    found = evidence()
    drafted = actors.store.drafted_routes.get(TEAM_ID, actors.route)
    if found is None or drafted is None:
        raise ScriptFailedError("the draft was not tried in time")

    stored = actors.store.versions.get(TEAM_ID, drafted.name, drafted.version)
    assert stored is not None
    version = Version.model_validate(dict(stored.body))
    properties = (version.output or {}).get("properties")
    report = actors.report()
    for part in drafted.previews:
        actors.console.print(f"   {part.text}\n   -> {part.answer}", markup=False)

    return {
        "route": drafted.name,
        "kind": version.kind,
        "fields": list(properties) if isinstance(properties, dict) else [],
        "notes": list(drafted.notes),
        "utterances": len(drafted.utterances),
        "accuracy": None if report is None else report.body["figures"]["new"]["accuracy"],
        "routing": dict(found.routing),
        "open_points": list(found.open_points),
        "passed": found.passed,
    }


def _run_shadow(actors: DiscoveryActors) -> Figures:
    """Starts the shadow test; people ask, and the draft answers unseen."""
    actors.press("rollout_shadow")
    actors.wait_for_state("shadow", seconds=CLICK_SECONDS)
    names = list(actors.users)

    def is_tried() -> bool:
        actors.ask(names[:1])
        wait_until(actors.is_idle, CLICK_SECONDS)
        return actors.shadow_metrics().calls >= SHADOW_REQUESTS

    # The routers of the bot learn the route within seconds; until then nothing is tried.
    if not wait_until(is_tried, LEARN_SECONDS):
        raise ScriptFailedError("in shadow, the route was never chosen")

    metrics = actors.shadow_metrics()
    return {"calls": metrics.calls, "valid": metrics.valid}


def _start_canary(actors: DiscoveryActors) -> Figures:
    actors.press("rollout_canary")
    actors.wait_for_state("canary", seconds=CLICK_SECONDS)
    return {"share": actors.share()}


def _run_canary(actors: DiscoveryActors) -> Figures:
    """The people in the canary ask until the route is live."""
    count = actors.settings.canary_min_requests
    shares = []
    for _ in range(MAX_ROUNDS):
        candidate = actors.candidate()
        if candidate is None or candidate.state == "live":
            break

        share = actors.share()
        shares.append(share)
        inside = [name for name in actors.users if in_rollout(actors.route, user_id(name), share)]
        actors.ask(inside, count=count)
        wait_until(lambda step=share: actors.left_share(step), CLICK_SECONDS)  # type: ignore[misc]

    state = actors.wait_for_state("live", seconds=CLICK_SECONDS)
    return {"state": state, "shares": shares, "answers": actors.answered_count()}


def _ask_after(actors: DiscoveryActors) -> Figures:
    user = actors.users["grace"]
    ts = user.ask(QUESTION)
    step = user.step("after", QUESTION, ts, True, user.wait(ts))
    actors.repeated_question["after"] = step
    if not step.ok or step.route != actors.route:
        raise ScriptFailedError(f"asked {QUESTION!r}, it was answered by {step.route}")

    return step_figures(step)


STEPS: Mapping[str, Callable[[DiscoveryActors], Figures]] = {
    "the digest finds a request that nobody serves": _wait_for_digest,
    "the digest says what keeps going wrong, and why": remedy_failures,
    "a colleague answers, and an admin saves it": keep_answer,
    "the next one who asks is quoted that answer": quote_answer,
    "the request, before": _ask_before,
    "one click drafts a route": _draft,
    "in shadow, people ask": _run_shadow,
    "the canary starts": _start_canary,
    "people ask until it is live": _run_canary,
    "the request, after": _ask_after,
}
"""By name; the names are in the JSON output, too."""
