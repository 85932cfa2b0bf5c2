"""Outages of what is somebody else's: the model's server and Slack."""

from __future__ import annotations

from bot.sandbox.faults.faults import parse_fault
from evals.bench.outages.scene import Scene
from workers.llm.fake_server import Fault

BAD_MODELS: tuple[Fault, ...] = ("slow", "drip", "endless", "lies", "garbage", "cut")


def model_bad(scene: Scene) -> None:
    """Makes the model hang, drip, talk without end, lie about itself, and break off."""
    for fault in BAD_MODELS:
        scene.model.fault = fault
        scene.pause(1 / len(BAD_MODELS))

    scene.model.fault = "none"


def slack_away(scene: Scene) -> None:
    """Makes all of Slack unreachable for the bot."""
    sandbox = scene.stack.sandbox
    fault = parse_fault({"kind": "dead", "seconds": scene.seconds})
    sandbox.wait_for(sandbox.apply_fault(fault))
    scene.pause()
