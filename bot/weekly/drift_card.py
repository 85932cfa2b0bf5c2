"""What the admin channel shows of a look at a version: rendered from the store each time, to say what holds now."""

from __future__ import annotations

from slack_sdk import WebClient

from bot.ui.blocks import Shown
from bot.weekly import drift_view as drift_blocks
from bot.weekly.digest import plainest
from router.store import Store
from router.store.weekly.candidates import Edge
from router.store.weekly.drift_checks import Drift
from workers.drift.live_version import lived
from workers.drift.replacement import best_prompted


def rendered(store: Store, seen: Drift) -> Shown | None:
    """The message of a record as things stand now; None when its candidate is gone."""
    if seen.candidate is None:
        return drift_blocks.ending(seen.body)

    one = store.candidates.get(seen.candidate)
    if one is None:
        return None
    if not seen.body["alarms"]:
        return drift_blocks.over(seen, one)

    of = lived(store, one)
    instead = best_prompted(store, of) if of is not None else None
    newest = store.drifts.newest(one.id)
    waits = one.state == "drifting" and newest is not None and newest.id == seen.id
    after = None if waits else _after(store, seen)

    return drift_blocks.card(seen, one, after, instead.id if instead is not None else None)


def show_again(store: Store, client: WebClient, candidate: str) -> None:
    """Every card of the candidate that stands somewhere says what holds now; best effort: the store is what counts."""
    for seen in store.drifts.of(candidate):
        if (
            seen.telling
            and seen.ts is not None
            and seen.channel is not None
            and seen.body["alarms"]
        ):
            _update(store, client, seen, seen.channel, seen.ts)


def _update(store: Store, client: WebClient, seen: Drift, channel: str, ts: str) -> None:
    shown = rendered(store, seen)
    plainest(
        lambda what: client.chat_update(channel=channel, ts=ts, text=what.text, blocks=what.blocks),
        shown,
    )


def _after(store: Store, seen: Drift) -> Edge | None:
    """The step that led out of the drift which the record is of."""
    steps = store.candidates.history(str(seen.candidate))
    return next((edge for edge in steps if edge.before == "drifting" and edge.at >= seen.at), None)
