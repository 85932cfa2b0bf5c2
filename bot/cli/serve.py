"""`beagle serve`: the bot process."""

from __future__ import annotations

import signal

from bot.cli.terminal import load_settings


def main() -> None:
    """Run the bot: receive from Slack, store, decide."""
    from bot.app import BotProcess

    process = BotProcess(load_settings())
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: process.stop())

    process.run()
