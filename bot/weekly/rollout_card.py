"""A candidate on its way to a live version as one message: where it stands, how far the step is, and who took it there.

Rendered from the store each time, so that the message in the channel and `/beagle road` say the
same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from bot.ui import rich_text
from bot.ui.blocks import Block, Shown, clipped, clock
from bot.ui.texts import common as texts
from bot.weekly.rollout_view import STATES, card
from router.config import Settings
from router.lifecycle import SYSTEM, State
from router.rollout import next_share
from router.store import Store
from router.store.versions.trials import Record
from router.store.weekly.candidates import Edge
from router.store.weekly.datasets import Report, StoredDataset
from router.store.weekly.rollout_cards import Doing
from router.types import Candidate
from workers.evaluation.guardrails import apart

NAMES = ("candidate_version", "version")
"""Under which a step tells of the version that it is about."""
TRAIL = 12
"""Steps that the message tells, the newest ones."""
BAR = 20
NOBODY = Record()


@dataclass(frozen=True, slots=True)
class Standing:
    """All that is shown of a candidate. `beside` is its version in shadow, `twice` the live one asked twice.

    `answered` is its version with people at the present step, `before` the version that it follows.
    """

    one: Candidate
    history: Sequence[Edge]
    wanted: Mapping[str, float]
    dataset: StoredDataset | None = None
    report: Report | None = None
    doing: Doing | None = None
    beside: Record = NOBODY
    twice: Record = NOBODY
    answered: Record = NOBODY
    before: Record = NOBODY

    @property
    def told(self) -> Mapping[str, Any]:
        """The evidence of the newest step."""
        return self.history[-1].evidence if self.history else {}


def standing(store: Store, settings: Settings, one: Candidate) -> Standing:
    """What the store knows of the candidate now."""
    history = store.candidates.history(one.id)
    every = {name: value for edge in history for name, value in edge.evidence.items()}
    named = [edge.evidence[name] for edge in history for name in NAMES if edge.evidence.get(name)]
    version, route = named[-1] if named else None, str(one.route)
    found: dict[str, Any] = {"doing": store.roads.doing(one.id)}

    if one.state == "dataset":
        found["dataset"] = store.datasets.of(one.id)

    if version:
        found["report"] = store.datasets.report(route, version)
        found["beside"] = store.trials.beside(route, version)
        live = store.versions.live(route)
        found["twice"] = store.trials.beside(route, live.id) if live is not None else NOBODY

    if version and one.state in ("canary", "live", "drifting"):
        found["answered"] = store.trials.answered(route, version, history[-1].at)
        found["before"] = store.trials.answered(route, str(every.get("before")))

    wanted = {"shadow": settings.shadow_calls, "canary": settings.canary_calls}
    return Standing(one, history, wanted, **found)


def render(now: Standing) -> Shown:
    """The message of the candidate."""
    edge = now.history[-1] if now.history else None
    head, *rest = card(now.one, edge, now.dataset, now.report)
    lines = [line for line in (_doing(now), *_shadow(now), *_answered(now)) if line]
    said = (
        [rich_text.block([rich_text.bullets(rich_text.text(line) for line in lines)])]
        if lines
        else []
    )

    line = STATES.get(now.one.state, now.one.state).format(share=float(now.told.get("share", 0.0)))
    text = escape(f"{rich_text.visible(now.one.label)}: {line}", quote=False)
    return Shown(text, [head, *said, *rest, *_trail(now.history)])


def mark(shown: Shown) -> str:
    """Two messages with the same mark say the same."""
    return hashlib.sha256(json.dumps(shown.blocks, sort_keys=True).encode()).hexdigest()[:16]


def _doing(now: Standing) -> str:
    """How far the step is that a worker has begun, as a bar and in words."""
    doing = now.doing
    begun = now.history[-1].at if now.history else 0.0
    if doing is None or doing.at < begun or STEP_OF.get(str(doing.body["doing"])) != now.one.state:
        return ""

    done, of = int(doing.body["done"]), max(1, int(doing.body["of"]))
    full = round(BAR * done / of)
    said = texts.DOING[str(doing.body["doing"])].format(done=done, of=of)
    more = (
        [texts.LOSS.format(loss=doing.body["loss"])] if doing.body.get("loss") is not None else []
    )

    if doing.body.get("dev_exact") is not None:
        more.append(texts.DEV_EXACT.format(share=doing.body["dev_exact"]))
    if doing.body.get("version"):
        more.append(str(doing.body["version"]))

    return " · ".join([f"{'▰' * full}{'▱' * (BAR - full)} {said}", *more])


STEP_OF: Mapping[str, State] = {
    "optimising": "approved",
    "training": "reviewed",
    "measuring": "tuned",
}


def _shadow(now: Standing) -> list[str]:
    """How the version does beside the live one, and how well the live one agrees with itself."""
    if now.one.state != "shadow":
        return []

    beside, wanted = now.beside, int(now.wanted["shadow"])
    lines = [texts.SHADOW_CALLS.format(calls=beside.calls, wanted=wanted)]

    if beside.calls:
        lines.append(
            texts.SHADOW_AGREED.format(
                agreed=beside.agreed, valid=beside.valid, seconds=beside.seconds
            )
        )

    if now.twice.calls:
        lines.append(texts.SHADOW_SELF.format(agreed=now.twice.agreed, calls=now.twice.calls))
    if apart(beside, now.twice):
        lines.append(texts.SHADOW_APART)

    return lines


def _answered(now: Standing) -> list[str]:
    """How the version does with people, beside the one before it."""
    new, old = now.answered, now.before
    if now.one.state not in ("canary", "live", "drifting"):
        return []

    lines = []
    if now.one.state == "canary":
        following = next_share(float(now.told.get("share", 0.0)))
        then = texts.THEN_LIVE if following is None else texts.THEN_SHARE.format(share=following)
        lines.append(
            texts.CANARY_CALLS.format(calls=new.calls, wanted=int(now.wanted["canary"]), then=then)
        )

    for name, one in ((texts.THIS_VERSION, new), (texts.VERSION_BEFORE, old)):
        if one.calls:
            lines.append(
                texts.ANSWERED.format(
                    who=name, calls=one.calls, corrected=one.corrected, seconds=one.seconds
                )
            )

    return lines


def _trail(history: Sequence[Edge]) -> list[Block]:
    """Who took it where, and when: the audit in one line."""
    steps = [edge for edge in history if edge.after not in ("detected", "digested")][-TRAIL:]
    if not steps:
        return []

    elements: list[rich_text.Element] = []
    for number, edge in enumerate(steps):
        share = f" {float(edge.evidence['share']):.0%}" if edge.after == "canary" else ""
        at = clock(edge.at).removesuffix(" UTC")
        said = f"{' → ' if number else ''}{edge.after.replace('_', ' ')}{share} {at}"
        elements += rich_text.text(clipped(said, 80), italic=True)

        if edge.actor != SYSTEM:
            elements += [
                *rich_text.text(f" {texts.BY.strip()} ", italic=True),
                {"type": "user", "user_id": edge.actor},
            ]

    elements += rich_text.text(" (UTC)", italic=True)
    return [rich_text.block([rich_text.section(elements)])]
