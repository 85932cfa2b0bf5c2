"""A model's name, key and answer are judged before people meet a wrong one."""

from __future__ import annotations

import pytest

from router.config import Settings
from router.errors import ModelError
from workers.llm.fake_server import fake_model_server
from workers.llm.litellm_client import LiteLLMClient, open_model
from workers.llm.model_check import check_model
from workers.ports import ModelCall

KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch):
    for key in KEYS:
        monkeypatch.delenv(key, raising=False)


def problems(name, **over):
    settings = Settings(_env_file=None, model=name, **over)
    return " ".join(check_model(name, settings, LiteLLMClient(1.0)).problems)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gpt-99-nonsense", "no provider is known"),
        ("opnai/gpt-4o", "no provider is known"),
        ("gpt-4o-mini", "OPENAI_API_KEY"),
        ("anthropic/claude-3-5-haiku-latest", "ANTHROPIC_API_KEY"),
        ("openai/gpt-4o-minni", "did you mean"),
    ],
)
def test_a_misspelt_name_or_a_missing_key_is_found_without_a_call(name, words):
    assert words in problems(name)


@pytest.mark.parametrize("name", ["local", "ollama_chat/llama3.1", "hosted_vllm/own"])
def test_a_model_that_needs_no_key_has_no_problem(name):
    assert problems(name) == ""


def test_a_key_in_the_settings_is_a_key(monkeypatch):
    assert problems("gpt-4o-mini", model_key="sk-1") == ""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert problems("gpt-4o-mini") == ""


def ask(server, clock, key="right", name="openai/m"):
    settings = Settings(_env_file=None, model=name, model_url=server.url, model_key=key)
    model = open_model(settings, None, clock, lambda: 0.0)
    return settings, model


def test_with_a_call_the_server_s_own_words_are_told(clock):
    with fake_model_server() as server:
        server.key, server.models = "right", frozenset({"m"})
        settings, model = ask(server, clock)
        check = check_model("openai/m", settings, LiteLLMClient(1.0), model)
        assert (check.ok, check.called) == (True, True)
        assert server.requests[-1]["max_tokens"] == 1

        for key, name, words in (
            ("wrong", "openai/m", "Incorrect API key"),
            ("right", "openai/n", "does not exist"),
        ):
            settings, model = ask(server, clock, key, name)
            check = check_model(name, settings, LiteLLMClient(1.0), model)
            assert not check.ok
            assert words in check.problems[0]


def test_a_wrong_installation_is_told_apart_from_a_bad_moment(clock):
    call = ModelCall([{"role": "user", "content": "a secret question"}])
    with fake_model_server() as server:
        server.key = "right"
        _, model = ask(server, clock, key="wrong")
        with pytest.raises(ModelError) as error:
            model.complete(call)
        assert (error.value.setup, error.value.retry) == (True, False)

        server.key, server.fault = "", "500"
        _, model = ask(server, clock)
        with pytest.raises(ModelError) as error:
            model.complete(call)
        assert (error.value.setup, error.value.retry) == (False, True)
        assert "secret question" not in str(error.value)
