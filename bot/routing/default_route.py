"""The route that an admin set for a channel, where the router finds none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.ui.texts import explain as texts
from router.catalog.catalog import Route
from router.store.workspace.channel_rules import ChannelRule
from router.types import TOPIC, Decision


def apply_default_route(
    decision: Decision, rule: ChannelRule, usable: Mapping[str, Route]
) -> Decision:
    """Returns the decision, or the channel's default route in place of asking or giving up.

    The default route counts only where it is among the `usable` ones of the person who asked.
    """
    default = rule.default_route
    if decision.verb not in ("ask", "out_of_scope") or default not in usable:
        return decision

    confidence = 0.0
    for score in decision.scores:
        if score.route == default:
            confidence = score.confidence

    reason = {name: value for name, value in decision.reason.items() if name != TOPIC}
    reason["channel"] = texts.DEFAULT_ROUTE.format(route=default)
    return replace(
        decision, verb="route", route=default, confidence=confidence, margin=0.0, reason=reason
    )
