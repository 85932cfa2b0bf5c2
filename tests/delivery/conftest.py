"""A real broker on a unix socket, and a context around in-memory stand-ins."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.replies.replies import SlackReplies
from bot.sandbox import seed_data
from bot.sandbox.server import Sandbox, SandboxConfig
from bot.transport.clients import Clients
from router.config import Settings
from workers.context import Context
from workers.fakes import MemoryQueue, MemoryReplies
from workers.jobs import queue_of_job
from workers.runtime.embedded_valkey import EmbeddedValkey, start_valkey
from workers.runtime.leases import Leases
from workers.runtime.queue import is_alive


@pytest.fixture
def broker() -> Iterator[EmbeddedValkey]:
    # A socket's path must be short; pytest's own folders are too deep on some machines.
    with tempfile.TemporaryDirectory(prefix="bg") as folder:
        started = start_valkey(Path(folder), is_alive)
        yield started
        started.stop()


class NoModel:
    """A model nobody should have asked."""

    def complete(self, call, on_text=None):
        raise AssertionError("no model was meant to be called")


@pytest.fixture
def make_context(store, clock) -> Callable[..., Context]:
    def make(**over: object) -> Context:
        values = {
            "settings": Settings(_env_file=None),
            "store": store,
            "queue": MemoryQueue(queue_of_job()),
            "model": NoModel(),
            "replies": MemoryReplies(),
            "leases": Leases(store.requests, "w1", clock, 20.0),
            "now": clock,
            "random": lambda: 0.5,
        }
        return Context(**(values | over))

    return make


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(limits=False)) as running:
        yield running


@pytest.fixture
def replies(sandbox, store, clock) -> SlackReplies:
    return SlackReplies(
        Clients.single(sandbox.bot_token, sandbox.api_url), store.replies, clock, lambda _: []
    )


@pytest.fixture
def asked(sandbox, store, clock, make_request):
    """Ada says something in a channel; she and the request that it made."""

    def ask(where="general", **over):
        ada = sandbox.actor("ada")
        ts = ada.say(where, "please do it")
        request = make_request(
            ts=ts, channel=ada.channel(where), user=seed_data.user_id("ada"), **over
        )
        store.requests.insert(request, clock())

        return ada, request

    return ask
