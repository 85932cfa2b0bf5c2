"""Plays the second half of the weekly loop in the demo, by clicks alone: from the digest to a live version, and back.

Nothing is prepared: the model is trained and measured while one waits, and people ask so that there
is traffic.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console

from bot.demo.demo import LOWERED, Demo
from bot.demo.rollout_actors import BrokenOffError, Travellers
from bot.demo.script import Step
from router.rollout import SHARES
from workers.evaluation.report_markdown import markdown
from workers.runtime.processes import wait_until

QUESTION = "incident report: the VPN was very slow for EU customers from 9:05 to 10:20"
DIGEST_SECONDS = 300.0
CLICK_SECONDS = 60.0
MOVES_SECONDS = 25.0
"""Within which a canary is looked at again."""
BACK_SECONDS = 10.0
"""How soon a version that was taken back must answer nobody any more."""
ROUNDS = 12
"""Dialogs of examples, or waves of questions, after which something is wrong."""
Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scene:
    """One step of the road, how it came out and how long it took; `told` are its figures."""

    name: str
    ok: bool
    seconds: float
    told: Mapping[str, Any] = field(default_factory=dict)


def play(demo: Demo, *, as_json: bool = False) -> bool:
    """Whether the whole road was walked; the transcript, or one JSON object, is on stdout."""
    console = Console(stderr=as_json, soft_wrap=True, highlight=False)
    console.print(
        "Lowered for the demo: " + ", ".join(f"{name}={value}" for name, value in LOWERED.items()),
        style="dim",
    )
    all_of_us, scenes, start = Travellers(demo, console), [], time.monotonic()

    for name, act in SCENES.items():
        scene = _timed(name, act, all_of_us)
        scenes.append(scene)
        _show(console, scene)

        if not scene.ok:
            break

    ok, minutes = all(scene.ok for scene in scenes), (time.monotonic() - start) / 60
    same = {name: _brief(step) for name, step in all_of_us.same.items()}

    if as_json:
        steps = [asdict(scene) for scene in scenes]
        print(
            json.dumps(
                {
                    "ok": ok,
                    "minutes": round(minutes, 1),
                    "steps": steps,
                    **same,
                    "settings": LOWERED,
                }
            )
        )
    else:
        for name, told in same.items():
            console.print(f"{name:7} {told}", markup=False)

        console.print(f"\n{len(scenes)} of {len(SCENES)} steps in {minutes:.1f} minutes.")

    return ok


def _timed(name: str, act: Callable[[Travellers], Told], us: Travellers) -> Scene:
    start = time.monotonic()
    try:
        told, ok = act(us), True
    except BrokenOffError as error:
        told, ok = {"why": str(error)}, False

    return Scene(name, ok, round(time.monotonic() - start, 1), told)


def _digest(us: Travellers) -> Told:
    """It comes up by itself: mining reads the fortnight once the demo runs."""
    us.arrive("digested", seconds=DIGEST_SECONDS)
    if not wait_until(lambda: us.card("candidate_approve") is not None, CLICK_SECONDS):
        raise BrokenOffError("the digest does not stand in #leads")

    one = us.candidate()
    assert one is not None
    return {"recommendation": one.evidence["recommendation"], "requests": one.evidence["count"]}


def _before(us: Travellers) -> Told:
    return _ask_the_same(us, "before", "prompt")


def _after(us: Travellers) -> Told:
    return _ask_the_same(us, "after", "tuned")


def _ask_the_same(us: Travellers, when: str, kind: str) -> Told:
    player = us.players["grace"]
    ts = player.ask(QUESTION)
    step = player.step(when, QUESTION, ts, True, player.wait(ts))
    us.same[when] = step

    if not step.ok or step.kind != kind:
        raise BrokenOffError(
            f"asked {QUESTION!r}, it was answered by {step.route} ({step.kind}); expected {kind}"
        )

    return _brief(step)


def _approve(us: Travellers) -> Told:
    """A dialog asks what it may cost, train and learn from; as it is filled in it will do."""
    us.press("candidate_approve")
    if not wait_until(lambda: bool(us.ada.views()), CLICK_SECONDS):
        raise BrokenOffError("the dialog of the approval did not open")

    errors = us.ada.submit_view(
        us.ada.views()[-1]["id"], {"consent": ["yes"], "reason": "asked every day"}
    )
    if errors:
        raise BrokenOffError(f"the approval was refused: {errors}")

    us.arrive("optimised", "dataset", "kept_prompt", "rag")
    return {"state": us.arrive("dataset", "kept_prompt", "rag")}


def _review(us: Travellers) -> Told:
    """A sample is looked at, eight rows a dialog; then the rest is accepted at once."""
    looked = 0
    for _ in range(ROUNDS):
        us.press("road_review")
        if not wait_until(lambda: bool(us.ada.views()), CLICK_SECONDS / 10):
            break  # the whole sample was looked at, Ada is told so

        places = json.loads(us.ada.views()[-1]["private_metadata"])["places"]
        us.submit(**{f"verdict{place}": "accepted" for place in places})
        looked += len(places)

    us.press("road_accept")
    us.arrive("reviewed", "tuned", "evaluated", "shadow", "kept_prompt", seconds=CLICK_SECONDS)
    return {"looked_at": looked}


def _train(us: Travellers) -> Told:
    us.arrive("tuned", "evaluated", "shadow", "kept_prompt")
    return us.newest("bill")


def _measure(us: Travellers) -> Told:
    state, report = us.arrive("shadow", "kept_prompt"), us.report()
    if state != "shadow" or report is None:
        raise BrokenOffError(
            f"by rule the prompt stays: {report.body['reasons'] if report else 'there is no report'}"
        )

    us.console.print(markdown(report.route, report.version, report.body), markup=False)
    figures = {name: _measured(one) for name, one in report.body["figures"].items()}
    return {"rows": report.body["rows"], **figures, "settings": report.body["settings"]}


def _shadow(us: Travellers) -> Told:
    """People ask, the live version answers, and the new one answers too where nobody sees it."""
    wanted = us.settings.shadow_calls
    for _ in range(ROUNDS):
        us.ask(list(us.players), at_once=2)
        wait_until(us.quiet, CLICK_SECONDS)
        if us.beside().calls >= wanted:
            break

    if us.beside().calls < wanted:
        raise BrokenOffError(
            f"it ran beside the live version {us.beside().calls} times; {wanted} are needed"
        )

    return {"calls": us.beside().calls, "agreed": round(us.beside().agreed, 3)}


def _let_in(us: Travellers) -> Told:
    us.press("road_canary")
    us.arrive("canary", seconds=CLICK_SECONDS)
    return {"share": us.share()}


def _canary(share: float) -> Callable[[Travellers], Told]:
    def act(us: Travellers) -> Told:
        """Those who were let in get the new version, always the same people, and nobody else does."""
        if not wait_until(lambda: us.share() == share, CLICK_SECONDS):
            raise BrokenOffError(
                f"it should answer {share:.0%} of the people and answers {us.share():.0%}"
            )

        inside = us.let_in(share)
        asked = us.ask([name for name in us.players if name not in inside][:1])

        for _ in range(ROUNDS):
            asked += us.ask(inside, count=us.settings.canary_calls)
            if wait_until(lambda: us.moved_on(share), MOVES_SECONDS):
                break

        wrong = [one for one in asked if one.new not in (None, one.name in inside)]
        if wrong:
            raise BrokenOffError(
                f"the wrong version answered {', '.join(one.name for one in wrong)}"
            )

        if not us.moved_on(share):
            raise BrokenOffError(
                f"{us.answered()} answers came and it still answers {share:.0%} of the people"
            )

        told = {"people": inside, "new": sum(one.new is True for one in asked)}
        return told | {"old": sum(one.new is False for one in asked)}

    return act


def _live(us: Travellers) -> Told:
    us.arrive("live", seconds=CLICK_SECONDS)
    return {"version": us.version()}


def _back(us: Travellers) -> Told:
    """One click, and the next question is answered by the version before."""
    start = time.monotonic()
    us.press("road_back")
    gone = wait_until(lambda: us.answers() != us.version(), BACK_SECONDS)
    seconds = time.monotonic() - start

    asked = us.ask(["grace"])
    if not gone or asked[0].new:
        raise BrokenOffError(f"after {seconds:.1f} s the version that was taken back still answers")

    return {"effective_seconds": round(seconds, 2), "next_answer": asked[0].kind}


SCENES: Mapping[str, Callable[[Travellers], Told]] = {
    "the digest comes up in #leads": _digest,
    "the same question, before": _before,
    "approved: the prompt first, then a dataset": _approve,
    "the dataset is reviewed": _review,
    "an adapter is trained": _train,
    "it is measured against the live version": _measure,
    "in shadow, people ask": _shadow,
    "let in": _let_in,
    **{f"it answers {share:.0%} of the people": _canary(share) for share in SHARES},
    "live": _live,
    "the same question, after": _after,
    "taken back with one click": _back,
}


def _measured(one: Mapping[str, Any]) -> Told:
    tokens = sum(count for name, count in one["tokens"].items() if name != "cached")
    low, high = one["ci95"]
    return {
        "accuracy": round(one["accuracy"], 4),
        "ci95": [round(low, 4), round(high, 4)],
        "schema_valid": round(one["schema_valid"], 4),
        "tokens": round(tokens),
        "p50_ms": round(one["p50_ms"]),
        "p95_ms": round(one["p95_ms"]),
    }


def _brief(step: Step) -> Told:
    shown = ("route", "kind", "ms", "tokens", "usd")
    return {name: getattr(step, name) for name in shown} | {"answer": step.answer}


def _show(console: Console, scene: Scene) -> None:
    mark = "[green]ok[/]" if scene.ok else "[red]FAILED[/]"
    console.print(f"\n{mark} [bold]{scene.name}[/]  {scene.seconds:.1f} s")

    for name, value in scene.told.items():
        console.print(f"   {name}: {value}", markup=False, style="dim")
