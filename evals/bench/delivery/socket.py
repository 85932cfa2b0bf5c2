"""Counts reconnects under slow pongs, and times how soon a dead connection is noticed."""

from __future__ import annotations

import time
from typing import Annotated

import typer
from slack_bolt import App
from slack_sdk import WebClient

from bot.sandbox.server import Sandbox, SandboxConfig
from bot.transport.deliveries.places import Deliveries
from bot.transport.socket_mode import HeartbeatHandler
from evals.figures import print_figures
from workers.runtime.processes import wait_until

NOTICE_SECONDS = 60.0
DELIVERIES = 100


def main(
    pong: Annotated[float, typer.Option(help="Seconds that Slack takes for a pong.")] = 5.0,
    minutes: Annotated[float, typer.Option(help="For how long reconnects are counted.")] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Count reconnects under slow pongs; time how soon a dead connection is noticed."""
    with Sandbox(SandboxConfig(limits=False, pong_seconds=pong)) as sandbox:
        client = WebClient(token=sandbox.bot_token, base_url=sandbox.api_url)
        bolt = App(client=client, signing_secret="", token_verification_enabled=False)
        handler = HeartbeatHandler(
            bolt,
            sandbox.app_token,
            WebClient(base_url=sandbox.api_url),
            time.time,
            Deliveries(DELIVERIES),
        )
        opened: list[float] = []
        handler.client.on_open_listeners.append(lambda _: opened.append(time.monotonic()))
        handler.connect()  # type: ignore[no-untyped-call]  # Bolt leaves it so
        wait_until(lambda: bool(opened), NOTICE_SECONDS)

        wait_until(lambda: False, minutes * 60)
        reconnects = len(opened) - 1
        sandbox.inject_fault("stale")
        start = time.monotonic()
        is_back = wait_until(lambda: len(opened) > reconnects + 1, NOTICE_SECONDS)
        noticed = round(time.monotonic() - start, 1) if is_back else None
        handler.client.auto_reconnect_enabled = False

    figures = {"pong_seconds": pong, "reconnects": reconnects, "noticed_seconds": noticed}
    print_figures(figures, as_json=as_json, width=16)
    raise typer.Exit(0 if reconnects == 0 and noticed is not None else 1)
