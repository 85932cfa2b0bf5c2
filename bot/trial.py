"""`beagle route`: one message decided in the terminal, with the reasons."""

from __future__ import annotations

import json
from dataclasses import asdict

from bot.app import catalog, encoder, train
from bot.why import explain
from router.config import Settings
from router.decide import Signals


def decide_once(settings: Settings, text: str, *, as_json: bool) -> str:
    """What the installation's router makes of `text`, in words or as one JSON object."""
    routes = catalog(settings)
    router = train(settings, routes, encoder(settings), [])
    decision, _ = router.decide(text, Signals())
    return json.dumps(asdict(decision)) if as_json else "\n".join(explain(decision))
