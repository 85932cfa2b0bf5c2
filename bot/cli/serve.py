"""`beagle serve`: the bot process."""

from __future__ import annotations

import signal

from bot.cli.terminal import load_settings
from workers.runtime.heap import limit_heap


def main() -> None:
    """Run the bot: receive from Slack, store, decide."""
    limit_heap()
    from bot.app import BotProcess

    process = BotProcess(load_settings())
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: process.stop())

    process.run()
