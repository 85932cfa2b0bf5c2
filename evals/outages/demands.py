"""Outages by what people send: a message that ends its worker, and too many at once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from evals.bench.message_stack import post_messages
from evals.outages.scene import TEXT, Scene
from router.store.base.tables import request
from workers.runtime.processes import wait_until

POISON = "number 0 "
"""What the message that ends its worker has in common with no other one."""
POISON_SECONDS = 300.0
"""How long it may take until such a message is given up."""
FIRST_WAITING = 1_000
"""The number of the first message that waits at the start: no message of the outage has it."""
POSTS_PER_SECOND = 25.0
STORED_SECONDS = 600.0


def poison_message(scene: Scene) -> None:
    """Kills the worker that asks the model about the first message, each time; others go on.

    A supervisor starts the worker again, as an orchestrator does.
    """
    stack = scene.stack

    def reply(body: Mapping[str, Any]) -> str:
        # The first message may be in work with others: only its own worker ends.
        if any(POISON in str(message.get("content")) for message in body["messages"]):
            pid = _holder(scene)
            for name, child in [*stack.children.items()]:
                if child.pid == pid:
                    stack.kill(name)

        return scene.model.text

    scene.model.reply = reply
    scene.pause()
    wait_until(lambda: _holder(scene) is None and _is_closed(scene), POISON_SECONDS)
    scene.model.reply = None


def _holder(scene: Scene) -> int | None:
    """Returns the id of the process that holds the first message."""
    with scene.stack.store.engine.connect() as connection:
        query = select(request.c.owner).where(request.c.text.contains(POISON))
        owner = connection.execute(query).scalar()

    return int(owner.rpartition(":")[2]) if owner else None


def _is_closed(scene: Scene) -> bool:
    with scene.stack.store.engine.connect() as connection:
        query = select(request.c.state).where(request.c.text.contains(POISON))
        return connection.execute(query).scalar() in ("dead", "answered")


def many_waiting(scene: Scene) -> list[str]:
    """Lets messages pile up without a worker, then starts bot and workers; returns their ts."""
    stack = scene.stack
    workers = [name for name in stack.children if name.startswith("worker")]
    for name in workers:
        stack.children[name].kill()
        stack.children[name].wait()

    seconds = scene.waiting / POSTS_PER_SECOND
    timestamps = post_messages(stack, FIRST_WAITING, scene.waiting, seconds, TEXT)
    wait_until(lambda: stack.store.waiting.count(time.time()) >= scene.waiting, STORED_SECONDS)
    for name in ("bot", *workers):
        with contextlib.suppress(ProcessLookupError):
            stack.kill(name)

    wait_until(stack.ready, STORED_SECONDS)
    return timestamps
