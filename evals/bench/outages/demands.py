"""Outages by what people send: a message that ends its worker, and too many at once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, select

from evals.bench.outages.scene import TEXT, Scene
from evals.bench.stacks.message_stack import post_messages
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
    # An earlier outage on the same product has had a first message too.
    began = time.time()

    def reply(body: Mapping[str, Any]) -> str:
        # The first message may be in work with others: only its own worker ends.
        if any(POISON in str(message.get("content")) for message in body["messages"]):
            pid = _holder(scene, began)
            for name, child in [*stack.children.items()]:
                if child.pid == pid:
                    stack.kill(name)

        return scene.model.text

    scene.model.reply = reply
    scene.pause()
    wait_until(lambda: _holder(scene, began) is None and _is_closed(scene, began), POISON_SECONDS)
    scene.model.reply = None


def _holder(scene: Scene, began: float) -> int | None:
    """Returns the id of the process that holds the first message of this outage."""
    owner = _of_first_message(scene, began, request.c.owner)
    return int(owner.rpartition(":")[2]) if owner else None


def _is_closed(scene: Scene, began: float) -> bool:
    return _of_first_message(scene, began, request.c.state) in ("dead", "answered")


def _of_first_message(scene: Scene, began: float, column: Column[Any]) -> Any:
    is_first = request.c.text.contains(POISON) & (request.c.received_at >= began)
    with scene.stack.store.engine.connect() as connection:
        return connection.execute(select(column).where(is_first)).scalar()


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
