"""With the included model a summary consists of the text's own sentences, and of nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.ui import blocks
from router.catalog.catalog import read_route
from router.catalog.installed import builtin_routes_folder
from router.config import Settings
from router.encoder.lazy import LazyEncoder
from router.errors import WeakAnswerError
from router.store import Store
from router.store.versions.versions import StoredVersion
from router.types import Outcome, Request
from tests.fixtures.router import TrigramEncoder
from workers import texts
from workers.context import Context, Work
from workers.fakes import MemoryQueue, MemoryReplies
from workers.jobs import answer, queue_of_job
from workers.llm.fake_server import FakeServer, fake_model_server
from workers.llm.litellm_client import open_model
from workers.paths import get_path
from workers.paths._extractive_summary import MAX_SENTENCES
from workers.ports import Message
from workers.runtime.leases import Leases

VERSION = read_route(builtin_routes_folder() / "summarise").version
REPORT = (
    "The summer campaign ran for six weeks. It was planned in Porto. We sent 48,000 mails and 900 "
    "letters. The mails brought 310 orders. A letter costs 1.40 and a mail nearly nothing. Some "
    "customers complained. The budget has to be approved by Nina before 20 September."
)
CHAT = (
    "Tom: the shop page loads in nine seconds since Monday\nIda: the images are not compressed "
    "any more\nTom: can you roll that back please?\nIda: I switch it on again tonight\nTom: then I "
    "tell the shops tomorrow\nIda: and I add a test for it on Friday"
)
Serve = Callable[..., Outcome]


@pytest.fixture
def make_context(store: Store, clock: Any) -> Callable[..., Context]:
    def make(server: FakeServer, model: str = "local", encoder: bool = True) -> Context:
        url = server.url if model != "local" else ""
        settings = Settings(_env_file=None, model=model, model_url=url)  # type: ignore[call-arg]
        return Context(
            settings=settings,
            store=store,
            queue=MemoryQueue(queue_of_job()),
            model=open_model(settings, server, clock, lambda: 0.0),
            replies=MemoryReplies(),
            leases=Leases(store.requests, "me", clock, 20.0),
            now=clock,
            random=lambda: 0.0,
            encoder=LazyEncoder(TrigramEncoder if encoder else None),
        )

    return make


@pytest.fixture
def serve(make_context: Any, make_request: Any, make_decision: Any) -> Serve:
    def run(
        text: str,
        history: tuple[Message, ...] = (),
        model: str = "local",
        *,
        encoder: bool = True,
    ) -> Outcome:
        with fake_model_server(text="the model's own words") as server:
            context = make_context(server, model, encoder)
            request: Request = make_request(text)
            outcome = get_path("prompt").run(
                context, Work(request, make_decision(), VERSION, history)
            )
            assert bool(server.requests) is (model != "local")

        return outcome

    return run


def shown(outcome: Outcome) -> list[str]:
    lines = outcome.text.splitlines()
    return [line.removeprefix("> ") for line in lines if line.startswith("> ")]


@pytest.mark.parametrize("encoder", [True, False])
def test_the_sentences_are_the_texts_own_and_cost_nothing(serve: Serve, encoder: bool) -> None:
    outcome = serve(f"summarise this: {REPORT}", encoder=encoder)

    places = [REPORT.index(sentence) for sentence in shown(outcome)]
    assert 2 <= len(places) <= MAX_SENTENCES
    assert places == sorted(set(places))
    assert outcome.text.startswith(texts.SUMMARY_INTRO)
    assert (outcome.usd, outcome.model, outcome.version) == (0.0, "extractive", VERSION.id)


def test_everybody_keeps_their_own_words(serve: Serve) -> None:
    lines = shown(serve(f"what is the gist of this chat?\n\n{CHAT}"))

    assert lines
    assert set(lines) <= set(CHAT.splitlines())


def test_a_short_text_comes_back_whole_and_says_so(serve: Serve) -> None:
    outcome = serve("tl;dr please", ({"role": "user", "content": "We met. Tom waits. We ship."},))

    assert outcome.text.startswith(texts.SUMMARY_SHORT)
    assert shown(outcome) == ["We met.", "Tom waits.", "We ship."]


def test_a_model_of_ones_own_writes_the_summary(serve: Serve) -> None:
    assert serve(f"summarise this: {REPORT}", model="openai/x").text == "the model's own words"


@pytest.mark.parametrize(
    ("order", "count"),
    [("in two sentences", 2), ("tl;dr, one line", 1), ("summary in a sentence or two", 2)],
)
def test_as_many_sentences_come_as_are_asked_for(serve: Serve, order: str, count: int) -> None:
    assert len(shown(serve(f"{order} please: {REPORT}"))) == count


def test_a_number_in_the_text_is_no_wish(serve: Serve) -> None:
    assert len(shown(serve(f"summarise this: One point is open. {REPORT}"))) == MAX_SENTENCES


def test_a_follow_up_is_shorter_until_it_cannot_be(serve: Serve) -> None:
    order = f"summarise this: {REPORT}"
    first = serve(order)
    history: tuple[Message, ...] = (
        {"role": "user", "content": order},
        {"role": "assistant", "content": first.text},
    )
    second = serve("shorter please", history)

    assert len(shown(second)) == len(shown(first)) - 1
    with pytest.raises(WeakAnswerError):
        serve("again please", history)


def test_a_huge_text_is_answered_in_a_few_lines_and_says_what_was_read(serve: Serve) -> None:
    text = " ".join(f"Lorry {number} left at {number} past noon." for number in range(5000))
    endless = "word " * 50_000

    assert texts.SUMMARY_PART in serve(f"summarise this: {text}").text
    assert len(serve(f"summarise this: {endless}").text) < 1000


def test_marks_and_mentions_in_the_text_are_words(serve: Serve) -> None:
    hostile = "<!channel> pays 5 today. [Click](http://evil.example) now to win. - We *ship* it."
    outcome = serve(f"summarise this: {hostile}")

    elements = str(blocks.outcome_elements(outcome, tables=True))

    assert "'type': 'link'" not in elements
    assert "'type': 'broadcast'" not in elements
    assert "[Click](http://evil.example) now to win." in elements


def test_a_request_is_answered_although_the_model_would_decline(
    store: Store, clock: Any, make_context: Any, make_request: Any, make_decision: Any
) -> None:
    body = VERSION.model_dump(mode="json")
    store.versions.insert(
        StoredVersion("", VERSION.route, VERSION.id, "prompt", "live", body, clock())
    )
    request = make_request(f"summarise this: {REPORT}")
    store.requests.insert(request, clock())
    decision = make_decision("summarise", version=VERSION.id)
    store.decisions.insert_first(request.id, decision, clock())

    with fake_model_server(text="I cannot help with that.") as server:
        context = make_context(server)
        answer.run(context, request.id)

    outcome = context.replies.answers[request.id][1]
    assert outcome.error is None
    assert "$0" in blocks.closing_line(decision, outcome)
    assert shown(outcome)
    assert outcome.usd == 0.0
