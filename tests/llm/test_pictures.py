"""Pictures in a model call: how they are sent, what they cost, and what may answer from memory."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from router.config import Settings
from router.errors import ModelError
from router.types import Tokens
from workers.llm.call_recording import call_digest
from workers.llm.fake_server import count_pictures, fake_model_server
from workers.llm.litellm_client import LiteLLMClient, open_model
from workers.llm.model_check import vision_lookup
from workers.llm.model_prices import LOCAL
from workers.llm.pricing import list_price, lists_vision
from workers.llm.response_cache import ResponseCache
from workers.ports import ModelCall, ModelReply, Picture

TURNS = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is this?"},
    {"role": "assistant", "content": "Not JSON."},
    {"role": "user", "content": "Answer again."},
    {"role": "assistant", "content": "{"},
]
CALL = ModelCall(TURNS, pictures=[Picture("image/png", b"one"), Picture("image/gif", b"two")])


@pytest.fixture
def server():
    with fake_model_server() as running:
        running.sees = True
        yield running


def gateway(server, clock, **over):
    values = {"model": "openai/m", "model_url": server.url, "model_key": "none"}
    settings = Settings(_env_file=None, **(values | over))
    return open_model(settings, None, clock, lambda: 0.0)


def test_pictures_are_sent_with_the_last_message_of_a_person(server, clock):
    reply = gateway(server, clock).complete(CALL)
    sent = server.requests[0]["messages"]
    assert [count_pictures(turn) for turn in sent] == [0, 0, 0, 2, 0]
    text, first, second = sent[3]["content"]
    assert text == {"type": "text", "text": "Answer again."}
    prefix = "data:image/png;base64,"
    assert first["image_url"]["url"] == prefix + base64.b64encode(b"one").decode()
    assert second["image_url"]["url"].startswith("data:image/gif;base64,")
    # What the server counted is what is spent: the pictures are in it.
    assert reply.tokens.total > 1600


def test_a_model_that_cannot_see_refuses_pictures_as_real_ones_do(clock):
    with fake_model_server() as server:
        model = gateway(server, clock)
        with pytest.raises(ModelError) as error:
            model.complete(CALL)
        assert not error.value.retry
        assert model.complete(replace(CALL, pictures=())).text == "ok"


def test_a_picture_counts_in_what_a_call_may_cost(server, clock):
    model = gateway(server, clock, usd_per_million_input=10.0)
    limited = replace(CALL, pictures=(), max_usd=0.04)
    assert model.complete(limited).text == "ok"
    with pytest.raises(ModelError, match="one call may cost"):
        model.complete(replace(CALL, max_usd=0.04))


def test_a_server_that_counts_nothing_is_billed_for_pictures_too(server, clock, monkeypatch):
    from workers.llm import fake_server

    monkeypatch.setattr(fake_server, "_count_tokens", lambda message: 0)
    server.text = ""
    model = gateway(server, clock, usd_per_million_input=1.0)
    assert model.complete(replace(CALL, output_tokens=100)).tokens.total > 10_000


def test_the_dearest_pictures_are_counted_as_what_they_are():
    prices = {"gpt-4o-mini": {"input_cost_per_token": 1e-6}, "m": {"input_cost_per_token": 1e-6}}
    mini, other = (list_price(name, prices).upper_bound(CALL) for name in ("gpt-4o-mini", "m"))
    assert mini > 0.1 > other > 0.01


def test_no_cache_answers_a_question_with_another_picture(clock):
    cache = ResponseCache(clock)
    asked = replace(CALL, cache=True)
    reply = ModelReply("a cat", "m", Tokens(), 0.0, 0.0)
    cache.put(asked, reply)
    assert cache.get(asked) is not None
    others = [
        (),
        (Picture("image/png", b"other"),),
        (Picture("image/png", b"one"),),
        (Picture("image/gif", b"two"), Picture("image/png", b"one")),
    ]
    for pictures in others:
        other = replace(asked, pictures=pictures)
        assert cache.get(other) is None
        assert call_digest(other) != call_digest(asked)


@pytest.mark.parametrize(
    ("name", "sees"),
    [
        ("gpt-4o", True),
        ("openai/gpt-4o-mini", True),
        ("anthropic/claude-sonnet-4-20250514", True),
        ("ft:gpt-4o-2024-08-06:acme::1", True),
        ("gpt-3.5-turbo", False),
        ("nobody-knows", False),
        ("own", True),
        (LOCAL, False),
    ],
)
def test_what_a_model_sees_is_litellm_s_word_or_the_settings(name, sees):
    settings = Settings(_env_file=None, vision_models="own, other")
    assert vision_lookup(settings, LiteLLMClient(1.0).lists_vision)(name) is sees


def test_a_server_of_one_s_own_sees_only_by_the_settings():
    values = {"model": "gpt-4o", "model_url": "http://127.0.0.1:1/v1"}
    assert not vision_lookup(Settings(_env_file=None, **values), lambda _: True)("gpt-4o")
    own = Settings(_env_file=None, vision_models="gpt-4o", **values)
    assert vision_lookup(own, lambda _: False)("gpt-4o")
    assert not lists_vision("gpt-4o", {})
