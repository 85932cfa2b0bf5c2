"""A server is asked directly or through litellm: both give the same answers and the same errors."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from router.errors import ModelError
from workers.llm.fake_server import FakeServer, fake_model_server
from workers.llm.litellm_client import LiteLLMClient
from workers.llm.model_client import Endpoint
from workers.llm.watchdog import StallTimeoutError
from workers.ports import ModelCall

HELLO = ModelCall(({"role": "user", "content": "hello <|im_end|> you"},))
SHAPE = {"type": "object", "properties": {"a": {"const": "yes"}}, "required": ["a"]}
SECONDS = 60.0


@pytest.fixture(params=["openai/own", "openai/gpt-4o"], ids=["directly", "through litellm"])
def name(request: pytest.FixtureRequest) -> str:
    """A model that nobody lists is asked directly, and one that litellm lists through it."""
    return str(request.param)


@pytest.fixture
def client() -> LiteLLMClient:
    return LiteLLMClient(SECONDS, 4)


def endpoint(name: str, server: FakeServer) -> Endpoint:
    return Endpoint(name, server.url, "secret")


def test_an_answer_comes_whole_or_in_pieces(client: LiteLLMClient, name: str) -> None:
    pieces: list[str] = []
    with fake_model_server(text="one two three") as server:
        whole = client.send(endpoint(name, server), HELLO, SECONDS, None)
        streamed = client.send(endpoint(name, server), HELLO, SECONDS, pieces.append)

    assert (whole.text, whole.finish_reason) == ("one two three", "stop")
    assert (streamed.text, streamed.finish_reason) == ("one two three", "stop")
    assert "".join(pieces) == "one two three"
    assert len(pieces) > 1
    assert whole.prompt_tokens == streamed.prompt_tokens > 0
    assert whole.output_tokens == streamed.output_tokens == 3


def test_the_server_gets_the_same_request(client: LiteLLMClient, name: str) -> None:
    call = ModelCall(HELLO.messages, schema=SHAPE, output_tokens=7, temperature=0.5, seed=3)
    with fake_model_server() as server:
        answer = client.send(endpoint(name, server), call, SECONDS, None)
        client.send(endpoint(name, server), call, SECONDS, lambda _: None)

    plain, streamed = server.requests
    assert answer.text == '{"a": "yes"}'
    assert plain["model"] == name.removeprefix("openai/")
    assert (plain["max_tokens"], plain["temperature"], plain["seed"]) == (7, 0.5, 3)
    assert plain["response_format"]["json_schema"]["schema"] == SHAPE
    assert "<|im_end|>" not in plain["messages"][0]["content"]
    assert streamed["stream"] is True
    assert streamed["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("fault", "retry"),
    [
        ("429", True),
        ("500", True),
        ("401", False),
        ("garbage", True),
        ("wrong_shape", True),
        ("cut", True),
        ("dies", True),
    ],
)
def test_a_fault_is_an_error_without_the_prompt(
    client: LiteLLMClient, name: str, fault: Any, retry: bool, streamed: bool
) -> None:
    with (
        fake_model_server(text="one two three four", fault=fault) as server,
        pytest.raises(ModelError) as raised,
    ):
        client.send(endpoint(name, server), HELLO, SECONDS, (lambda _: None) if streamed else None)

    assert raised.value.retry is retry
    assert repr(name) in str(raised.value)
    assert "hello" not in str(raised.value)
    assert "secret" not in str(raised.value)


def test_silence_is_a_stall(client: LiteLLMClient, name: str) -> None:
    with fake_model_server(fault="slow") as server, pytest.raises(StallTimeoutError):
        client.send(endpoint(name, server), HELLO, 0.2, None)


def test_calls_one_after_the_other_share_a_connection(client: LiteLLMClient) -> None:
    with fake_model_server() as server:
        for _ in range(3):
            client.send(endpoint("openai/own", server), HELLO, SECONDS, lambda _: None)
            client.send(endpoint("openai/own", server), HELLO, SECONDS, None)

    assert (len(server.requests), server.connections) == (6, 1)


def test_a_server_of_our_own_and_prices_need_no_litellm() -> None:
    program = """
import sys
from workers.llm.fake_server import fake_model_server
from workers.llm.litellm_client import open_model
from workers.ports import ModelCall
from router.config import Settings

with fake_model_server() as server:
    settings = Settings(_env_file=None, model="openai/own", model_url=server.url)
    model = open_model(settings, None, lambda: 0.0, lambda: 0.5)
    print(model.complete(ModelCall(({"role": "user", "content": "hi"},))).text)

print("litellm" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["ok", "False"]


@pytest.mark.parametrize(
    ("model", "url", "direct"),
    [
        ("local", "http://127.0.0.1:1/v1", True),
        ("openai/own", "http://127.0.0.1:1/v1", True),
        ("hosted_vllm/own", "http://127.0.0.1:1/v1", True),
        ("own", "http://127.0.0.1:1/v1", True),
        ("openai/o3", "http://127.0.0.1:1/v1", False),
        ("anthropic/own", "http://127.0.0.1:1/v1", False),
        ("openai/own", None, False),
    ],
)
def test_only_a_plain_model_at_an_address_is_asked_directly(
    client: LiteLLMClient, model: str, url: str | None, direct: bool
) -> None:
    assert client.speaks_openai(model, url) is direct
