"""Plays the second half of the weekly loop by clicks alone: from the digest to a live version.

Then it rolls the version back. Nothing is prepared: the model is trained and measured meanwhile,
and the people ask questions, so that there is traffic.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rich.console import Console

from bot.console import CleanConsole
from bot.demo.demo import Demo
from bot.demo.demo_settings import DEMO_THRESHOLDS
from bot.demo.rollout_actors import RolloutActors, ScriptFailedError
from bot.demo.script_user import ScriptStep
from router.canary import CANARY_SHARES
from router.text.printable import print_line
from workers.evaluation.report_markdown import report_markdown
from workers.runtime.processes import wait_until

QUESTION = "incident report: the VPN was very slow for EU customers from 9:05 to 10:20"
DIGEST_SECONDS = 300.0
CLICK_SECONDS = 60.0
NEXT_DIALOG_SECONDS = 6.0
"""After so long without another dialog the whole sample has been reviewed."""
ADVANCE_SECONDS = 25.0
"""Within which a canary is checked again."""
ROLLBACK_SECONDS = 10.0
"""How soon a version that was rolled back must answer nobody any more."""
MAX_ROUNDS = 12
"""Review dialogs, or waves of questions, after which something is wrong."""

Actors = TypeVar("Actors", bound=RolloutActors)
Figures = dict[str, Any]
"""What a step measured, by name; the names are keys of the JSON output."""


@dataclass(frozen=True, slots=True)
class RolloutStep:
    """The result of one step."""

    name: str
    ok: bool
    seconds: float
    figures: Mapping[str, Any] = field(default_factory=dict)


def play(demo: Demo, *, as_json: bool = False) -> bool:
    """Plays the steps until one fails; returns whether all succeeded.

    The transcript, or one JSON object, is on stdout.
    """
    console = CleanConsole(stderr=as_json, soft_wrap=True, highlight=False)
    return play_steps(STEPS, RolloutActors(demo, console), as_json=as_json)


def play_steps(
    story: Mapping[str, Callable[[Actors], Figures]], actors: Actors, *, as_json: bool
) -> bool:
    """Plays the steps of a story until one fails; see `play`."""
    console = actors.console
    lowered = ", ".join(f"{name}={value}" for name, value in DEMO_THRESHOLDS.items())
    console.print(f"Lowered for the demo: {lowered}", style="dim")

    steps: list[RolloutStep] = []
    start = time.monotonic()

    for name, run_step in story.items():
        step = _run(name, run_step, actors)
        steps.append(step)
        _print_step(console, step)

        if not step.ok:
            break

    ok = all(step.ok for step in steps)
    minutes = (time.monotonic() - start) / 60
    repeated = {name: step_figures(step) for name, step in actors.repeated_question.items()}

    if as_json:
        report = {
            "ok": ok,
            "minutes": round(minutes, 1),
            "steps": [_to_json(step) for step in steps],
            **repeated,
            "settings": DEMO_THRESHOLDS,
        }
        print_line(json.dumps(report))
        return ok

    for name, figures in repeated.items():
        console.print(f"{name:7} {figures}", markup=False)

    console.print(f"\n{len(steps)} of {len(story)} steps in {minutes:.1f} minutes.")
    return ok


def _run(name: str, run_step: Callable[[Actors], Figures], actors: Actors) -> RolloutStep:
    start = time.monotonic()
    try:
        figures = run_step(actors)
        ok = True
    except ScriptFailedError as error:
        figures = {"why": str(error)}
        ok = False

    return RolloutStep(name, ok, round(time.monotonic() - start, 1), figures)


def _wait_for_digest(actors: RolloutActors) -> Figures:
    """Waits for the digest: mining reads the past requests as soon as the demo runs."""
    actors.wait_for_state("digested", seconds=DIGEST_SECONDS)
    if not wait_until(lambda: actors.card("candidate_approve") is not None, CLICK_SECONDS):
        raise ScriptFailedError("the digest is not in #leads")

    candidate = actors.candidate()
    if candidate is None:
        raise ScriptFailedError("the digest's candidate is gone")

    evidence = candidate.evidence
    return {"recommendation": evidence.recommendation, "requests": evidence.count}


def _ask_before(actors: RolloutActors) -> Figures:
    return _ask_repeated(actors, "before", "prompt")


def _ask_after(actors: RolloutActors) -> Figures:
    return _ask_repeated(actors, "after", "tuned")


def _ask_repeated(actors: RolloutActors, when: str, kind: str) -> Figures:
    """Asks the question that is asked twice, and expects an answer by a version of that kind."""
    user = actors.users["grace"]
    ts = user.ask(QUESTION)
    step = user.step(when, QUESTION, ts, True, user.wait(ts))
    actors.repeated_question[when] = step

    if not step.ok or step.kind != kind:
        raise ScriptFailedError(
            f"asked {QUESTION!r}, it was answered by {step.route} ({step.kind}); expected {kind}"
        )

    return step_figures(step)


def _approve(actors: RolloutActors) -> Figures:
    """Fills in the dialog about cost, training and data; its defaults are good."""
    actors.press("candidate_approve")
    if not wait_until(lambda: bool(actors.ada.views()), CLICK_SECONDS):
        raise ScriptFailedError("the dialog of the approval did not open")

    view = actors.ada.views()[-1]["id"]
    values = {"consent": ["yes"], "reason": "asked every day"}
    errors = actors.ada.submit_view(view, values)
    if errors:
        raise ScriptFailedError(f"the approval was refused: {errors}")

    actors.wait_for_state("optimised", "dataset", "kept_prompt", "rag")
    return {"state": actors.wait_for_state("dataset", "kept_prompt", "rag")}


def _review(actors: RolloutActors) -> Figures:
    """Reviews the sample, eight rows a dialog, then accepts the rest at once."""
    reviewed = 0
    for _ in range(MAX_ROUNDS):
        actors.press("rollout_review")
        if not wait_until(lambda: bool(actors.ada.views()), NEXT_DIALOG_SECONDS):
            # No dialog, but a note to Ada: the whole sample has been reviewed.
            break

        places = json.loads(actors.ada.views()[-1]["private_metadata"])["places"]
        actors.submit(**{f"verdict{place}": "accepted" for place in places})
        reviewed += len(places)

    actors.press("rollout_accept")
    # The next steps start by themselves and may be through before we look.
    actors.wait_for_state(
        "reviewed", "tuned", "evaluated", "shadow", "kept_prompt", seconds=CLICK_SECONDS
    )
    return {"looked_at": reviewed}


def _train(actors: RolloutActors) -> Figures:
    actors.wait_for_state("tuned", "evaluated", "shadow", "kept_prompt")
    return dict(actors.training_bill())


def _evaluate(actors: RolloutActors) -> Figures:
    state = actors.wait_for_state("shadow", "kept_prompt")
    report = actors.report()
    if report is None:
        raise ScriptFailedError("by rule the prompt stays: there is no report")
    if state != "shadow":
        raise ScriptFailedError(f"by rule the prompt stays: {report.body['reasons']}")

    markdown = report_markdown(report.route, report.version, report.body)
    actors.console.print(markdown, markup=False)
    measured = {name: _rounded(figures) for name, figures in report.body["figures"].items()}
    return {"rows": report.body["rows"], **measured, "settings": report.body["settings"]}


def _run_shadow(actors: RolloutActors) -> Figures:
    """Asks until the new version has answered often enough, unseen, beside the live one."""
    needed = actors.settings.shadow_min_requests
    for _ in range(MAX_ROUNDS):
        actors.ask(list(actors.users), at_once=2)
        wait_until(actors.is_idle, CLICK_SECONDS)
        if actors.shadow_metrics().calls >= needed:
            break

    metrics = actors.shadow_metrics()
    if metrics.calls < needed:
        raise ScriptFailedError(
            f"it ran beside the live version {metrics.calls} times; {needed} are needed"
        )

    return {"calls": metrics.calls, "agreed": round(metrics.agreed, 3)}


def _start_canary(actors: RolloutActors) -> Figures:
    actors.press("rollout_canary")
    actors.wait_for_state("canary", seconds=CLICK_SECONDS)
    return {"share": actors.share()}


def _canary(share: float) -> Callable[[RolloutActors], Figures]:
    """Returns the step in which the new version answers `share` of the people."""

    def run_step(actors: RolloutActors) -> Figures:
        """Checks that exactly the people in the rollout get the new version, the same each time."""
        if not wait_until(lambda: actors.share() == share, CLICK_SECONDS):
            raise ScriptFailedError(
                f"it should answer {share:.0%} of the people and answers {actors.share():.0%}"
            )

        inside = actors.names_in_rollout(share)
        outside = [name for name in actors.users if name not in inside]
        # One question is enough: the bucket of a person never changes.
        answers = actors.ask(outside[:1])

        for _ in range(MAX_ROUNDS):
            answers += actors.ask(inside, count=actors.settings.canary_min_requests)
            if wait_until(lambda: actors.left_share(share), ADVANCE_SECONDS):
                break

        # None means that the router chose another route, so that no version is wrong.
        wrong = [answer for answer in answers if answer.new not in (None, answer.name in inside)]
        if wrong:
            names = ", ".join(answer.name for answer in wrong)
            raise ScriptFailedError(f"the wrong version answered {names}")

        if not actors.left_share(share):
            raise ScriptFailedError(
                f"{actors.answered_count()} answers came "
                f"and it still answers {share:.0%} of the people"
            )

        return {
            "people": inside,
            "new": sum(answer.new is True for answer in answers),
            "old": sum(answer.new is False for answer in answers),
        }

    return run_step


def _wait_for_live(actors: RolloutActors) -> Figures:
    actors.wait_for_state("live", seconds=CLICK_SECONDS)
    return {"version": actors.version()}


def _roll_back(actors: RolloutActors) -> Figures:
    """Rolls back with one click; the previous version answers the next question."""
    start = time.monotonic()
    actors.press("rollout_rollback")
    is_back = wait_until(lambda: actors.live_version() != actors.version(), ROLLBACK_SECONDS)
    seconds = time.monotonic() - start

    # The proof is an answer, not only the state in the store.
    (answer,) = actors.ask(["grace"])
    if not is_back or answer.new:
        raise ScriptFailedError(f"{seconds:.1f} s after the rollback the version still answers")

    return {"effective_seconds": round(seconds, 2), "next_answer": answer.kind}


STEPS: Mapping[str, Callable[[RolloutActors], Figures]] = {
    "the digest comes up in #leads": _wait_for_digest,
    "the same question, before": _ask_before,
    "approved: the prompt first, then a dataset": _approve,
    "the dataset is reviewed": _review,
    "an adapter is trained": _train,
    "it is measured against the live version": _evaluate,
    "in shadow, people ask": _run_shadow,
    "let in": _start_canary,
    **{f"it answers {share:.0%} of the people": _canary(share) for share in CANARY_SHARES},
    "live": _wait_for_live,
    "the same question, after": _ask_after,
    "taken back with one click": _roll_back,
}
"""By name; the names are in the JSON output, too."""


def _rounded(figures: Mapping[str, Any]) -> Figures:
    """Returns an evaluation's figures, rounded for display, without the cached tokens."""
    tokens = sum(count for name, count in figures["tokens"].items() if name != "cached")
    low, high = figures["ci95"]
    return {
        "accuracy": round(figures["accuracy"], 4),
        "ci95": [round(low, 4), round(high, 4)],
        "schema_valid": round(figures["schema_valid"], 4),
        "tokens": round(tokens),
        "p50_ms": round(figures["p50_ms"]),
        "p95_ms": round(figures["p95_ms"]),
    }


def step_figures(step: ScriptStep) -> Figures:
    """Returns what an answer took, by name."""
    return {
        "route": step.route,
        "kind": step.kind,
        "ms": step.ms,
        "tokens": step.tokens,
        "usd": step.usd,
        "answer": step.answer,
    }


def _to_json(step: RolloutStep) -> Figures:
    return {
        "name": step.name,
        "ok": step.ok,
        "seconds": step.seconds,
        "told": dict(step.figures),  # the key of earlier releases
    }


def _print_step(console: Console, step: RolloutStep) -> None:
    mark = "[green]ok[/]" if step.ok else "[red]FAILED[/]"
    console.print(f"\n{mark} [bold]{step.name}[/]  {step.seconds:.1f} s")

    for name, value in step.figures.items():
        console.print(f"   {name}: {value}", markup=False, style="dim")
