"""A version that drifts, as a card: each figure and its meaning, what acting and what waiting costs, the buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from bot.ui import rich_text
from bot.ui.blocks import Block, Shown, button, clipped, clock, money
from bot.ui.dialogs import dialog, question
from bot.ui.stats import header
from router.lifecycle import SYSTEM
from router.store.weekly.candidates import Edge
from router.store.weekly.drift_checks import Drift
from router.types import Candidate
from workers.drift.cost import CORRECTION_MINUTES

KEEP_VIEW = "drift_keep_view"
TITLE, TEXT = "A live version drifts", "{label}: the live version drifts: {figures}"
STANDS = "  route {route}, version {version} ({kind})"
FINE = "Also measured"
COSTS = "What it costs"
OVER = "{label}: the alarm is over. Nothing of it was found in week {week}, so it counts as live again."
ENDS = "{model} is switched off by its provider on {date} ({days} days). It answers for: {routes}. Name another model."
ENDED = "{model} was switched off by its provider on {date}. It answers for: {routes}. Name another model."
KEEP_TITLE, KEEP_WHY = "Keep it as it is", "Why is it fine?"
KEEP_HINT = "Later weeks are compared with what was found in this one."
DONE: Mapping[str, str] = {
    "live": "Kept as it is",
    "dataset": "Back to the dataset; this version answers until a new one is promoted",
    "rolled_back": "Rolled back: the version before it answers",
    "approved": "The prompt is made the most of again; this version answers until a better one is let in",
    "retired": "Retired: the prompted version answers",
}
RETIRE_NOTE = "Retired, prompted version {version} answers in its place."
NO_PROMPT = "No prompted version is known that could answer in its place, so it cannot be retired."


def card(seen: Drift, one: Candidate, after: Edge | None, instead: str | None) -> Shown:
    """The card of a record with alarms. `after` is the step that ended the drift, None while it waits for a word.

    `instead` is the version that would answer if this one was retired. Words of people stand in it
    as plain text only.
    """
    body = seen.body
    figures = [alarm["figure"] for alarm in body["alarms"]]
    stands = STANDS.format(route=body["route"], version=body["version"], kind=body["kind"])
    blocks: list[Block] = [
        header(f"{TITLE}, week {seen.week}"),
        rich_text.block([rich_text.section([*_bold(one.label), *rich_text.text(stands)])]),
        rich_text.block([rich_text.bullets(_alarm(alarm) for alarm in body["alarms"])]),
        _list(FINE, fine(body)),
        _list(COSTS, [*costs(body["cost"]), _instead(instead)]),
    ]

    blocks.append(
        _decided(after) if after is not None else {"type": "actions", "elements": buttons(one)}
    )
    label = escape(rich_text.visible(one.label), quote=False)
    return Shown(
        clipped(TEXT.format(label=label, figures=escape("; ".join(figures), quote=False)), 2900),
        blocks,
    )


def buttons(one: Candidate) -> list[Block]:
    """What an admin can do with a version that drifts."""
    ids = {"candidate": one.id, "version": one.version}
    return [
        button("Retune", "drift_retune", ids, style="primary"),
        button("Keep it", "drift_keep", ids),
        button("Roll back", "drift_back", ids, style="danger"),
        button("Retire", "drift_retire", ids, style="danger"),
    ]


def stop(one: Candidate) -> Block:
    """The way back from *Retune*, as long as the examples wait."""
    return button("Stop training anew", "drift_stop", {"candidate": one.id, "version": one.version})


def over(seen: Drift, one: Candidate) -> Shown:
    """The note that an alarm is over."""
    return _plain(OVER.format(label=rich_text.visible(one.label), week=seen.week))


def ending(body: Mapping[str, Any]) -> Shown:
    """The warning of a model that is switched off soon, or was."""
    words = ENDS if body["days"] > 0 else ENDED
    routes = ", ".join(body["routes"])
    return _plain(
        words.format(model=body["model"], date=body["date"], days=body["days"], routes=routes)
    )


def keep_dialog(one: Candidate) -> Block:
    """A dialog that asks for the reason."""
    why = question(
        "why",
        KEEP_WHY,
        {"type": "plain_text_input", "multiline": True, "max_length": 500},
        hint=KEEP_HINT,
    )

    about = {"candidate": one.id, "version": one.version}
    return dialog(KEEP_VIEW, KEEP_TITLE, ("Keep it", "Cancel"), about, [why])


def fine(body: Mapping[str, Any]) -> list[str]:
    """Everything that was measured and rang no alarm, each with its figure."""
    found, rang = body["measured"], {alarm["kind"] for alarm in body["alarms"]}
    lines = []

    for name, rows in (
        ("reviewed test rows", found["own"]),
        ("test rows of the route", found["golden"]),
    ):
        if rows["rows"] and not ("accuracy" in rang and rows["high"] < 0):
            change = f"{100 * rows['low']:+.1f} to {100 * rows['high']:+.1f} points"
            lines.append(
                f"{name}: {rows['now']:.1%} of {rows['rows']} right, {rows['then']:.1%} before ({change})"
            )

    if "inputs" not in rang:
        lines.append(f"what is asked: {_shift(found['shift'])}")

    lines += _corrections(found) if found["weeks"] else []
    if "base" not in rang:
        lines.append("the model beneath it: the same, as far as it says")

    return lines


def costs(cost: Mapping[str, Any]) -> list[str]:
    """A new training, and each week without one."""
    took = (
        f"; the last one took {cost['cpu_seconds']:,.0f} CPU s"
        if cost["cpu_seconds"] is not None
        else ""
    )

    review = f"{cost['review_hours']:g} h of review {money(cost['review_usd'])}"
    training = f"training {money(cost['training_usd'])}{took}"
    lines = [f"Retune: about {money(cost['retune_usd'])} ({review}, {training})"]

    if cost["wrong_a_week"] > 0:
        lost = f"{cost['wrong_a_week']:.1f} more wrong answers a week"
        each = f"if each costs somebody {CORRECTION_MINUTES:g} minutes"
        return [*lines, f"Wait: about {lost}, {money(cost['waiting_usd_a_week'])} {each}"]

    return [*lines, "Wait: nothing that was measured; what is not measured may differ"]


def _corrections(found: Mapping[str, Any]) -> list[str]:
    weeks, promoted = found["weeks"], found["promoted"]
    trend = " ".join(f"{week['share']:.0%}" for week in weeks)
    last = weeks[-1]
    then = f", {promoted['share']:.1%} when it was let in" if promoted["answers"] else ""

    return [
        f"corrected, week by week: {trend} (last: {last['corrected']} of {last['answers']}, "
        f"{last['low']:.1%} to {last['high']:.1%}{then})"
    ]


def _shift(shift: Mapping[str, Any]) -> str:
    if shift["psi"] is None:
        return str(shift["why"])
    return f"PSI {shift['psi']:.2f} over {shift['requests']} requests; chance alone seldom exceeds {shift['chance']:.2f}"


def _alarm(alarm: Mapping[str, str]) -> list[rich_text.Element]:
    return [*_bold(f"{alarm['figure']}. "), *rich_text.text(alarm["meaning"])]


def _instead(version: str | None) -> str:
    return (
        NO_PROMPT
        if version is None
        else f"Retire: prompted version {version} answers instead, from the next request"
    )


def _decided(edge: Edge) -> Block:
    said = [
        *_bold(DONE.get(edge.after, edge.after.replace("_", " "))),
        *rich_text.text(f", {clock(edge.at)}"),
    ]
    if edge.actor != SYSTEM:
        said += [*rich_text.text(" by "), {"type": "user", "user_id": edge.actor}]

    why = edge.evidence.get("reason") or (edge.evidence.get("why") if edge.actor == SYSTEM else "")
    return rich_text.block(
        [rich_text.section([*said, *rich_text.text(f": {clipped(str(why), 300)}" if why else "")])]
    )


def _list(title: str, lines: Sequence[str]) -> Block:
    return rich_text.block(
        [
            rich_text.section(_bold(title)),
            rich_text.bullets(rich_text.text(clipped(line, 400)) for line in lines),
        ]
    )


def _bold(content: str) -> list[rich_text.Element]:
    return rich_text.text(content, bold=True)


def _plain(content: str) -> Shown:
    return Shown(
        escape(content, quote=False),
        [rich_text.block([rich_text.section(rich_text.text(content))])],
    )
