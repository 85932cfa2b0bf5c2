"""`beagle serve`: the bot process."""

from __future__ import annotations

import signal
import sys

from bot.cli.terminal import load_settings
from workers.runtime.heap import limit_heap
from workers.runtime.tracing import traced_process

SWITCH_SECONDS = 0.0005
"""How long a thread may compute while another one waits to. By default it is ten times as much, and
a message that passes twenty threads waits that often for a training of the router."""


def main() -> None:
    """Run the bot: receive from Slack, store, decide."""
    limit_heap()
    sys.setswitchinterval(SWITCH_SECONDS)
    from bot.app import BotProcess

    settings = load_settings()
    with traced_process(settings.otel_url, "bot"):
        process = BotProcess(settings)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: process.stop())

        process.run()
