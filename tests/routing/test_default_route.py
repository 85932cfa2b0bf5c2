"""The default route of a channel."""

from __future__ import annotations

from dataclasses import replace

from bot.routing.default_route import apply_default_route
from router.store.workspace.channel_rules import ChannelRule
from router.types import TOPIC


def test_what_fits_no_route_goes_to_the_channel_s_own(make_decision):
    rule = ChannelRule("T1", "C1", default_route="triage")
    usable = {"triage": object(), "rewrite": object()}
    plain = ChannelRule("T1", "C1")

    assert apply_default_route(make_decision(None), rule, usable).route == "triage"
    assert apply_default_route(make_decision("rewrite"), rule, usable).route == "rewrite"
    assert apply_default_route(make_decision(None), plain, usable).verb == "out_of_scope"
    assert apply_default_route(make_decision(None), rule, {}).verb == "out_of_scope"


def test_the_channel_s_route_answers_in_place_of_the_line_about_a_topic(make_decision):
    rule = ChannelRule("T1", "C1", default_route="triage")
    errand = replace(make_decision(None), reason={TOPIC: "errand"})

    assert TOPIC not in apply_default_route(errand, rule, {"triage": object()}).reason
