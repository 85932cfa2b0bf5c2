"""Posts messages during an outage and counts what became of them."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import replace

from evals.bench.outages.scene import TEXT, Outage, Scene
from evals.bench.outages.signs import FirstSigns
from evals.bench.stacks.message_stack import count_answers, post_messages, wait_for_answers
from router.text.printable import printable
from workers.runtime.processes import wait_until

STALLED_SECONDS = 400.0
"""Slack sends an event that was not acknowledged again after one minute, and after five."""
SCRAPE_SECONDS = 15.0
MAX_DEAD = 100_000
DOCTOR_AT = 0.4
"""The share of the outage after which `beagle doctor` is asked."""


def measure(scene: Scene, outage: Outage, count: int) -> Mapping[str, object]:
    """Posts `count` messages while the outage lasts; returns what became of them.

    `lost`, `doubled` and `stuck` are requests; `failed` ones are answered with an error. `untold`
    are people who saw nothing at all, and `told_seconds` is the longest time until somebody saw the
    first sign. `metrics_unanswered` counts scrapes, and `doctor` names the parts that it called
    wrong in the middle of the outage.
    """
    scene = replace(scene, examined=threading.Event())
    stack = scene.stack
    start, dead_before = time.monotonic(), _count_dead(scene)
    with FirstSigns(stack.sandbox) as signs:
        earlier = outage.prepare(scene) if outage.prepare is not None else []
        fault = threading.Thread(target=outage.run, args=(scene,), name="outage", daemon=True)
        fault.start()
        watch = _Watch(scene, fault)
        watch.start()

        timestamps = post_messages(stack, 0, count, scene.seconds, TEXT)
        fault.join()
        end = time.monotonic()
        watch.join()
        wait_for_answers(stack, earlier + timestamps, STALLED_SECONDS)
        waits = signs.waits(timestamps, end if outage.silences else 0.0)

    counts = count_answers(stack, earlier + timestamps)
    return {
        "lost": len(earlier) + count - counts.answered,
        "doubled": counts.duplicates,
        "stuck": stack.store.requests.open_count(time.time())[0],
        "failed": _count_dead(scene) - dead_before,
        "untold": count - len(waits),
        "told_seconds": round(max(waits, default=0.0), 1),
        "metrics_unanswered": watch.unanswered,
        "doctor": watch.wrong_parts,
        "seconds": round(time.monotonic() - start, 1),
    }


def _count_dead(scene: Scene) -> int:
    return len(scene.stack.store.requests.dead_letters(limit=MAX_DEAD))


class _Watch:
    """Looks at the metrics page each second of an outage, and asks the doctor once."""

    def __init__(self, scene: Scene, fault: threading.Thread) -> None:
        self._scene = scene
        self._fault = fault
        self.unanswered = 0
        self.wrong_parts: list[str] = []
        self._threads = [
            threading.Thread(target=self._scrape, name="scrape", daemon=True),
            threading.Thread(target=self._ask_doctor, name="doctor", daemon=True),
        ]

    def start(self) -> None:
        """Begins to look."""
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Waits until the outage is over and the doctor has answered."""
        for thread in self._threads:
            thread.join()

    def _scrape(self) -> None:
        url = f"http://127.0.0.1:{self._scene.stack.health_port}/metrics"
        while self._fault.is_alive():
            try:
                with urllib.request.urlopen(url, timeout=SCRAPE_SECONDS) as page:  # our own process
                    is_answered = page.status == 200 and b"beagle_store_up" in page.read()
            except OSError:
                is_answered = False

            self.unanswered += not is_answered
            wait_until(lambda: not self._fault.is_alive(), 1.0)

    def _ask_doctor(self) -> None:
        self._scene.pause(DOCTOR_AT)
        output = self._scene.stack.output_of("doctor", "--json")
        self._scene.examined.set()
        try:
            parts = json.loads(output)["parts"]
        except (ValueError, KeyError):
            self.wrong_parts = [f"no answer: {printable(output)[-200:]}"]
            return

        self.wrong_parts = [part for part, check in parts.items() if not check["ok"]]
