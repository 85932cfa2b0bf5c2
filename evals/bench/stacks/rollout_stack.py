"""A local stack for rollout tests: small routes with history, and a user who clicks."""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bot.demo import sample_data
from bot.demo.sample_data import SampleRequest
from bot.demo.stack import LocalStack, StackConfig
from bot.sandbox import seed_data
from bot.sandbox.element_values import ActionError
from router.canary import CANARY_SHARES, in_rollout
from router.candidate_evidence import CandidateEvidence
from router.errors import QueueError
from router.lifecycle import State
from router.lifecycle_evidence import ApprovalEvidence
from router.types import Candidate
from workers.jobs import queue_of_job
from workers.llm.fake_server import fake_model_server
from workers.runtime.queue import RqQueue

LEADS = "leads"
ROUTE = """---
name: {name}
description: Sort a message into a queue.
utterances: [sort this into a queue]
output: {{type: object, properties: {{queue: {{enum: [billing, network, people]}}}}}}
---
Sort it.
"""
TEXTS = {
    "billing": "invoice {n} was paid twice by {who} and has to be refunded",
    "network": "the wifi in room {n} is down again, {who} cannot connect",
    "people": "how many days of holiday has {who} left in month {n}",
}
FIRST_NAMES = ("Ann", "Bo", "Cy", "Dee", "Eli", "Fay", "Gus", "Hal")
ROWS = 60
HISTORY_AGE_SECONDS = 40 * 86_400.0
"""Age of the history in seconds: too old for mining to read it during the run."""
ASKERS = 8


def route_names(count: int) -> list[str]:
    """Returns names of routes for which some sandbox user is in the first canary share."""
    chosen: list[str] = []
    number = 0

    while len(chosen) < count:
        number += 1
        name = f"sort{number}"
        if any(
            in_rollout(name, seed_data.user_id(human[0]), CANARY_SHARES[0])
            for human in seed_data.HUMANS
        ):
            chosen.append(name)

    return chosen


@contextmanager
def rollout_stack(count: int) -> Iterator[tuple[LocalStack, list[str]]]:
    """Starts the whole stack with `count` routes, each with history and a candidate."""
    routes = route_names(count)
    with (
        fake_model_server(text='{"queue": "billing"}', seconds=0.02) as model,
        tempfile.TemporaryDirectory(prefix="bg") as folder,
    ):
        for name in routes:
            route_folder = Path(folder) / "routes" / name
            route_folder.mkdir(parents=True)
            (route_folder / "route.md").write_text(ROUTE.format(name=name), "utf-8")
            (route_folder / "examples.jsonl").write_text("", "utf-8")

        config = StackConfig(
            extra=_settings(model.url, Path(folder)), local_model=False, limits=False
        )
        with LocalStack(Path(folder) / "data", config) as stack:
            _load_history(stack, routes)
            yield stack, routes


def candidate_id(name: str) -> str:
    """Returns the id of a route's candidate."""
    return f"{seed_data.TEAM_ID}:{name}"


def approve_candidate(stack: LocalStack, name: str) -> None:
    """Approves the route's candidate as Ada; bot, workers and her clicks do the rest."""
    stored = stack.store.candidates.get(candidate_id(name))
    assert stored is not None
    evidence, ada = ApprovalEvidence(verdict="approve"), seed_data.user_id("ada")
    stack.store.candidates.advance(
        stored.id, evidence, actor=ada, at=time.time(), version=stored.version
    )

    with suppress(QueueError):
        queue = RqQueue(stack.broker.url, queue_of_job())
        queue.enqueue("advance", stored.id)
        queue.close()


def press_button(stack: LocalStack, name: str, action: str) -> bool:
    """Presses the candidate's button as Ada; returns whether there was one and it worked."""
    stored = stack.store.candidates.get(candidate_id(name))
    ada = stack.sandbox.actor("ada")
    if stored is None:
        return False

    value = json.dumps({"candidate": stored.id, "version": stored.version}, separators=(",", ":"))

    channel = ada.channel(LEADS)
    for message in stack.sandbox.call(
        lambda: list(stack.sandbox.workspace.messages[channel].values())
    ):
        if any(
            _is_button(element, action, value)
            for block in message.get("blocks", ())
            for element in _elements(block)
        ):
            with suppress(ActionError):
                return ada.click(LEADS, str(message["ts"]), action, value)

    return False


def accept_rows(stack: LocalStack) -> None:
    """Accepts the rows in the open dialog as Ada, if one is open."""
    ada = stack.sandbox.actor("ada")
    for view in ada.views()[-1:]:
        positions = json.loads(view["private_metadata"])["places"]
        with suppress(ActionError):
            ada.submit_view(
                view["id"], {f"verdict{position}": "accepted" for position in positions}
            )

        with suppress(ActionError):
            ada.close_view(view["id"], all=True)


def ask_route(stack: LocalStack, name: str, number: int) -> None:
    """Posts a request to that route, chosen by its prefix."""
    human = seed_data.HUMANS[number % len(seed_data.HUMANS)][0]
    kind = list(TEXTS)[number % len(TEXTS)]
    requests = TEXTS[kind].format(n=number, who=FIRST_NAMES[number % len(FIRST_NAMES)])
    stack.sandbox.actor(human).say("general", f"@beagle !{name} {requests}")


def candidate_state(stack: LocalStack, name: str) -> State:
    """Returns the candidate's state."""
    stored = stack.store.candidates.get(candidate_id(name))
    assert stored is not None
    return stored.state


def _settings(url: str, folder: Path) -> dict[str, str]:
    return {
        # Without cached byte code each of a hundred starts compiles every library: 5 CPU seconds
        # instead of 1.
        "PYTHONDONTWRITEBYTECODE": "",
        "BEAGLE_MODEL": "openai/stand-in",
        "BEAGLE_MODEL_URL": url,
        "BEAGLE_MODEL_KEY": "none",
        "BEAGLE_CAP_TEAM_USD": "0",
        "BEAGLE_ROUTES": str(folder / "routes"),
        "BEAGLE_ADMINS": seed_data.user_id("ada"),
        "BEAGLE_ADMIN_CHANNEL": seed_data.build_channel(LEADS, [])["id"],
        "BEAGLE_LEASE_SECONDS": "4",
        "BEAGLE_REAPER_INTERVAL_SECONDS": "1",
        "BEAGLE_MAX_ATTEMPTS": "50",
        "BEAGLE_RETENTION_DAYS": "0",
        # The history names the small local model, so a teacher would relabel every row with the
        # stand-in's only answer. A head refuses a single answer, and an adapter takes minutes.
        "BEAGLE_TEACHER_CALLS": "0",
        "BEAGLE_INTERFERENCE_ROWS": "0",
        "BEAGLE_TUNE_REPLAY": "0",
        "BEAGLE_DATASET_MIN_ROWS": "20",
        "BEAGLE_EVALUATION_MIN_ROWS": "5",
        "BEAGLE_DATASET_SAMPLE": "5",
        "BEAGLE_SHADOW_MIN_REQUESTS": "4",
        "BEAGLE_CANARY_MIN_REQUESTS": "3",
    }


def _load_history(stack: LocalStack, routes: list[str]) -> None:
    """Loads a history of correct answers for each route, and its candidate in the digest."""
    rng, now = random.Random(0), time.time()  # noqa: S311  # a made-up past, no secret
    requests: list[SampleRequest] = []
    keys: dict[str, list[str]] = {}

    for name in routes:
        first = len(requests)
        for number in range(ROWS):
            kind = list(TEXTS)[number % len(TEXTS)]
            text = TEXTS[kind].format(
                n=rng.randrange(10_000), who=FIRST_NAMES[rng.randrange(len(FIRST_NAMES))]
            )
            user = f"U1ASKER{number % ASKERS:02}"
            requests.append(
                SampleRequest(
                    f"{name}: {text}",
                    user,
                    now - HISTORY_AGE_SECONDS + len(requests),
                    name,
                    "prompt",
                    {"queue": kind},
                )
            )

        keys[name] = [f"fortnight{number:04}" for number in range(first, len(requests))]

    sample_data.load_into(
        stack.store, seed_data.TEAM_ID, stack.sandbox.actor("ada").channel("general"), requests
    )
    for name in routes:
        evidence = CandidateEvidence(requests=tuple(keys[name]), count=ROWS)
        stored = Candidate(
            candidate_id(name),
            seed_data.TEAM_ID,
            name,
            "d",
            "digested",
            route=name,
            evidence=evidence,
        )
        stack.store.candidates.upsert(stored, now)


def _elements(block: dict[str, Any]) -> list[Any]:
    return list(block.get("elements", ()))


def _is_button(element: Any, action: str, value: str) -> bool:
    return (
        isinstance(element, dict)
        and element.get("action_id") == action
        and element.get("value") == value
    )
