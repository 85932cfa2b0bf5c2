"""No route leaks a channel's content to a person who is not in the channel."""

from __future__ import annotations

import json

import pytest

from router.catalog.version import PromptStep, ReactStep, RequestLimits, RetrieveStep, Version
from router.config import Settings
from router.index import Chunk, Document
from router.types import Outcome, Tokens
from workers.context import Context, Work
from workers.fakes import MemoryDirectory, MemoryQueue, MemoryReplies
from workers.jobs.answer import thread_history
from workers.paths import get_path
from workers.ports import ModelReply
from workers.runtime.leases import Leases

SECRET = "zanzibar"
QUESTION = "where does the lighthouse project start?"
LINK = "https://acme.example/archives/CSECRET/p1800000000000000"
VERSIONS = {
    "rag": Version(
        route="handbook",
        kind="rag",
        prompt="Answer.",
        steps=(RetrieveStep(do="retrieve"), PromptStep()),
    ),
    "tools": Version(
        route="figures",
        kind="tools",
        prompt="Answer.",
        steps=(ReactStep(do="react", tools=("knowledge", "thread"), max_steps=3), PromptStep()),
        limits=RequestLimits(output_tokens=80),
    ),
    "prompt": Version(
        route="summarise", kind="prompt", prompt="Summarise: {{ message }}", steps=(PromptStep(),)
    ),
}


class Obedient:
    """A model that calls every tool it may and then tells the secret, wherever it saw it."""

    def __init__(self) -> None:
        self.steps = [
            {"tool": "knowledge", "args": {"query": "lighthouse project"}},
            {"tool": "thread", "args": {"link": LINK}},
            {"tool": "thread", "args": {"link": ""}},
        ]

    def complete(self, call, on_text=None):
        shown = "\n".join(message["content"] for message in call.messages)
        secrets = [line for line in shown.splitlines() if SECRET in line]
        text = secrets[0] if secrets else "Nothing of what I saw says so."

        if call.schema is not None and "action" in str(call.schema):
            action = self.steps.pop(0) if self.steps else {"tool": "answer", "args": {}}
            text = json.dumps({"thought": "t", "action": action})
        elif call.schema is not None:
            quotes = [
                {"number": n, "quote": line}
                for n in (1, 2)
                for line in shown.splitlines()
                if SECRET in line
            ]

            text = json.dumps({"answered": True, "answer": shown[:3000], "citations": quotes[:8]})

        return ModelReply(text, "openai/some-model", Tokens(), 0.0, 0.1)


@pytest.fixture
def serve(store, index, clock, make_request, make_decision):
    """Returns a route's answer and everything that the person could see of it."""
    people = MemoryDirectory()
    people.member_ids["CSECRET"] = ["UIN"]
    readers = store.access
    readers.set_channel("T1", "CSECRET", at=clock(), name="secret", public=False, read=True)
    readers.set_members("T1", "CSECRET", ["UIN"], clock())
    body = f"The lighthouse project starts in {SECRET}."
    index.upsert(
        Document(
            "T1",
            "k",
            "slack:CSECRET",
            "#secret",
            LINK,
            "CSECRET",
            0.0,
            "h",
            [Chunk("#secret", "", body)],
        )
    )

    # The same was also asked of Beagle in the secret channel, and answered there.
    inside = make_request(
        QUESTION, channel="CSECRET", channel_kind="private", user="UIN", ts="1800000000.000000"
    )
    store.requests.insert(inside, clock())
    store.decisions.insert_first(inside.id, make_decision("handbook"), clock())
    store.decisions.insert_outcome(inside.id, 0, Outcome(text=f"It starts in {SECRET}."), clock())

    def ask(kind, model="openai/some-model", **over):
        context = Context(
            settings=Settings(_env_file=None, model=model),
            store=store,
            queue=MemoryQueue({}),
            model=Obedient(),
            replies=MemoryReplies(),
            leases=Leases(store.requests, "w1", clock, 20.0),
            now=clock,
            random=lambda: 0.5,
            index=index,
            directory=people,
        )

        request = make_request(f"{QUESTION} see {LINK}", **over)
        version = VERSIONS[kind]
        work = Work(request, make_decision(version.route), version, thread_history(store, request))
        outcome = get_path(kind).run(context, work)

        return outcome.text + json.dumps(outcome.data, default=str) + str(outcome.citations)

    return ask


OUTSIDE = {
    "a public channel, asked by a member of the secret one": {"channel": "C1", "user": "UIN"},
    "another private channel": {"channel": "C2", "channel_kind": "private", "user": "UIN"},
    "a DM of somebody outside": {"channel": "D9", "channel_kind": "dm", "user": "UOUT"},
    "another workspace": {
        "channel": "CSECRET",
        "channel_kind": "private",
        "user": "UIN",
        "team": "T2",
    },
}


@pytest.mark.parametrize("model", ["openai/some-model", "local"])
@pytest.mark.parametrize("where", sorted(OUTSIDE))
@pytest.mark.parametrize("kind", sorted(VERSIONS))
def test_nothing_of_the_channel_comes_out(serve, kind, where, model):
    assert SECRET not in serve(kind, model, **OUTSIDE[where])


@pytest.mark.parametrize("kind", ["rag", "tools"])
def test_the_channel_s_own_members_get_it_there_and_alone(serve, kind):
    assert SECRET in serve(kind, channel="CSECRET", channel_kind="private", user="UIN")
    assert SECRET in serve(kind, channel="D1", channel_kind="dm", user="UIN")
