"""Ada asked in #general, the answer is there, and people press *Send to…*."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from bot.admins import Admins
from bot.listeners.sending.actions import SendActions, SendRules
from bot.listeners.sending.replies import HandedOverReplies
from bot.replies.sending import SlackSender
from bot.sandbox import seed_data
from bot.sandbox.server import Sandbox, SandboxConfig
from bot.transport.clients import Clients
from bot.transport.directory import SlackDirectory
from router.catalog.catalog import load_routes
from router.config import Settings
from router.types import Outcome, SlackPerson
from tests.fixtures.delivery import make_context
from workers.jobs import send_answer, show_again

__all__ = ["make_context"]

ADA, GRACE, MAE, OMAR = (seed_data.user_id(name) for name in ("ada", "grace", "mae", "omar"))
JOBS = {"send_answer": send_answer, "show_again": show_again}
TICKET = {"summary": "The printer jams", "queue": "hardware", "urgency": "high"}
ROUTE = """---
name: desk
description: Sorts a ticket.
utterances: [the printer jams]
actions:
  - channel
  - {{to: person, owner: {owner}}}
  - reminder
  - to: webhook
    name: Desk
    url: "{url}"
    secret: desk
    body: {{title: "{{{{ summary }}}}", all: "{{{{ data }}}}"}}
  - {{to: webhook, name: Flow, url: "{url}", idempotent: true, authorization: flow, who: anyone}}
output: {{type: object, properties: {{summary: {{type: string}}}}}}
---
Sort it.
"""


class Receiver(ThreadingHTTPServer):
    """Takes webhooks; `statuses` are answered in turn, then 200. 0 closes without an answer."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        if status not in (429, 503):
            self.server.got.append((dict(self.headers), body))
        if status:
            self.send_response(status)
            self.end_headers()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(limits=False)) as running:
        running.actor("ada").invite_bot("random")
        yield running


class Desk:
    """The answer in #general, and everybody's clicks on it."""

    def __init__(self, sandbox: Sandbox, context: Any, routes: Path, parts: Any) -> None:
        self.sandbox, self.context, self.store = sandbox, context, context.store
        request, decision, clock = parts
        self.request, self.clock = request, clock
        self.store.requests.insert(request, clock())
        self.store.decisions.insert_first(request.id, decision, clock(), None)
        # Slack's list of reminders knows their text and second alone: each test has its own text.
        ticket = TICKET | {"summary": f"{TICKET['summary']} {request.ts}"}
        answer = Outcome(text="", data=ticket, model="m", route="desk", kind="prompt")
        self.store.decisions.insert_outcome(request.id, 0, answer, clock())

        clients = Clients.single(sandbox.bot_token, sandbox.api_url)
        self.client = clients.for_team("").retrying
        admins = Admins(context.settings, self.store.audit, clock)
        rules = SendRules(self.store, admins, lambda _: load_routes(routes), self._may_serve)
        directory = SlackDirectory(lambda _: self.client)
        self.actions = SendActions(rules, context.queue, directory)
        self.replies = HandedOverReplies(self.store, context.queue, admins)
        self.usable = {ADA, GRACE, MAE, OMAR}
        self.said: list[str] = []
        self.acked: list[dict[str, Any]] = []

    def _may_serve(self, route: str, request: Any, person: SlackPerson) -> bool:
        return person.user in self.usable

    def press(self, user: str = ADA, home: str = "") -> dict[str, Any] | None:
        """Presses *Send to…*; returns the dialog that opened."""
        value = {"request": self.request.id, "revision": 0}
        return self._click(self.actions.choose, value, user, home)

    def pick(self, label: str, user: str = ADA) -> dict[str, Any] | None:
        """Presses *Send to…* and then the button of that label; returns the second dialog."""
        view = self.press(user)
        if view is None:
            return None

        buttons = view["blocks"][-1]["elements"]
        (button,) = [b for b in buttons if b["text"]["text"] == label]
        body = self._body(user) | {"view": {"id": view["id"]}}
        del body["channel"]
        self.actions.show(self.ack, {"value": button["value"]}, body, self.client)
        return self.view(user)

    def submit(self, view: dict[str, Any], user: str = ADA, **answers: Any) -> None:
        values = {name: {name: answer} for name, answer in answers.items()}
        body = self._body(user)
        del body["channel"]
        sent = {
            "id": view["id"],
            "private_metadata": view["private_metadata"],
            "state": {"values": values},
        }
        self.actions.send(self.ack, body | {"view": sent}, sent, self.client)

    def work(self) -> None:
        """Runs what waits in the queue."""
        while self.context.queue.jobs:
            job, key = self.context.queue.jobs.popleft()
            JOBS[job].run(self.context, key)

    def ack(self, **answer: Any) -> None:
        self.acked.append(answer)

    def respond(self, text: str, **_: Any) -> None:
        self.said.append(text)

    def view(self, user: str) -> dict[str, Any]:
        name = next(n for n in ("ada", "grace", "mae", "omar") if seed_data.user_id(n) == user)
        return self.sandbox.actor(name).views()[-1]

    def told(self, name: str = "ada") -> list[str]:
        return [m["text"] for m in self.sandbox.actor(name).ephemerals("general")]

    def passed_on(self, channel: str, name: str = "ada") -> list[dict[str, Any]]:
        """Returns what was passed on to that channel."""
        actor = self.sandbox.actor(name)
        conversation = actor.channel(channel)
        stored = self.sandbox.call(
            lambda: list(self.sandbox.workspace.messages[conversation].values())
        )
        marked = []
        for message in stored:
            payload = (message.get("metadata") or {}).get("event_payload") or {}
            sending = self.store.sendings.get(str(payload.get("key")))
            if sending is not None and sending.request == self.request.id:
                marked.append(message)

        return marked

    def _click(
        self, listener: Callable[..., None], value: Any, user: str, home: str = ""
    ) -> dict[str, Any] | None:
        before = len(self.said)
        body = self._body(user, home)
        listener(self.ack, {"value": json.dumps(value)}, body, self.client, self.respond)
        return None if len(self.said) > before else self.view(user)

    def _body(self, user: str, home: str = "") -> dict[str, Any]:
        context = self.sandbox.context
        trigger = self.sandbox.call(lambda: context.short_lived_tokens.issue("trigger", user=user))
        return {
            "team": {"id": self.request.team},
            "user": {"id": user, "team_id": home or self.request.team},
            "channel": {"id": self.request.channel},
            "trigger_id": trigger,
        }


@pytest.fixture
def desk(sandbox, receiver, tmp_path, clock, make_context, make_request, make_decision) -> Desk:
    routes = tmp_path / "routes"
    (routes / "desk").mkdir(parents=True)
    (routes / "desk" / "route.md").write_text(ROUTE.format(url=receiver.url, owner=GRACE))
    settings = Settings(
        _env_file=None,
        admins=OMAR,
        routes=routes,
        webhook_secrets="desk=correct-horse, flow=Basic YTpi",
        webhook_private_hosts="127.0.0.1",
    )
    store_context = make_context(settings=settings)
    store = store_context.store
    sender = SlackSender(
        Clients.single(sandbox.bot_token, sandbox.api_url),
        store.sendings.is_current,
        store.reminders,
    )
    context = make_context(
        settings=settings, sender=sender, queue=store_context.queue, store=store_context.store
    )
    clock.time = sandbox.call(sandbox.context.clock.now)
    ada = sandbox.actor("ada")
    words = "the printer jams <!here> & smokes"
    ts = ada.say("general", words)
    request = make_request(
        words,
        # The tests of a file share one Slack: what is sent in one is not the other's.
        id=f"r{ts}",
        ts=ts,
        channel=ada.channel("general"),
        user=ADA,
        team=seed_data.TEAM_ID,
    )
    made = (request, make_decision("desk"), clock)
    return Desk(sandbox, context, routes, made)
