"""What happens after a message was remembered and acknowledged: it is decided."""

from __future__ import annotations

from typing import Any

from slack_bolt import App

from bot.decider import Decider
from bot.intake import REQUEST


def listen(app: App, decider: Decider) -> None:
    """Messages and mentions are decided, on Bolt's threads, after the ack."""

    def decide(context: Any) -> None:
        request = context.get(REQUEST)
        if request is not None:
            decider.decide(request)

    app.event("app_mention")(decide)
    app.event("message")(decide)
