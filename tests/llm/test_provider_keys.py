"""Keys of providers come from the environment and `.env`, and go into model calls alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from router.config import Settings
from router.secret_values import hide_secrets
from router.setting_groups.provider_keys import ARGUMENTS, ProviderKeys
from workers.llm.fake_server import fake_model_server
from workers.llm.litellm_client import LiteLLMClient
from workers.llm.model_check import check_model
from workers.llm.model_client import Endpoint
from workers.ports import ModelCall

HELLO = ModelCall(({"role": "user", "content": "hello"},))
VARIABLES = tuple(name.upper() for name in ProviderKeys.model_fields)


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file `.env` of an empty folder that the process is in, with no key around it."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)

    monkeypatch.chdir(tmp_path)
    return tmp_path / ".env"


def test_litellm_loads_no_file_into_the_environment(env_file: Path) -> None:
    env_file.write_text("BEAGLE_TEST_MADE_UP=loaded\n")
    program = (
        "import os\n"
        "from workers.llm.litellm_client import LiteLLMClient\n"
        "LiteLLMClient(1.0).provider('openai/gpt-4o')\n"
        "import sys; print('litellm' in sys.modules, 'BEAGLE_TEST_MADE_UP' in os.environ)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=env_file.parent,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},  # noqa: TID251
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["True", "False"]


def test_a_key_in_the_file_goes_into_the_call_and_stands_nowhere_else(env_file: Path) -> None:
    env_file.write_text("OPENAI_API_KEY=sk-of-the-file\n")

    sent = LiteLLMClient(1.0)._arguments(Endpoint("openai/gpt-4o"), HELLO)

    assert sent["api_key"] == "sk-of-the-file"
    assert "OPENAI_API_KEY" not in os.environ  # noqa: TID251
    assert "sk-of-the-file" not in hide_secrets("it was sk-of-the-file")


def test_a_server_of_ones_own_gets_no_providers_key(env_file: Path) -> None:
    env_file.write_text("OPENAI_API_KEY=sk-of-the-file\n")

    sent = LiteLLMClient(1.0)._arguments(Endpoint("openai/own", "http://127.0.0.1:1/v1"), HELLO)

    assert sent["api_key"] is None


def test_the_key_of_the_settings_comes_first(env_file: Path) -> None:
    env_file.write_text("OPENAI_API_KEY=sk-of-the-file\n")
    with fake_model_server() as server:
        server.key = "sk-of-the-settings"
        endpoint = Endpoint("openai/gpt-4o", server.url, "sk-of-the-settings")

        assert LiteLLMClient(60.0).send(endpoint, HELLO, 60.0, None).text == "ok"


def test_the_environment_overrules_the_file(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file.write_text("OPENAI_API_KEY=sk-of-the-file\n")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")

    assert ProviderKeys().arguments("openai") == {"api_key": "sk-of-the-environment"}


@pytest.mark.parametrize("provider", sorted(ARGUMENTS))
def test_a_provider_gets_its_own_variables_only(env_file: Path, provider: str) -> None:
    env_file.write_text("".join(f"{name}=value-of-{name.lower()}\n" for name in VARIABLES))

    sent = ProviderKeys().arguments(provider)

    assert sent == {name: f"value-of-{field}" for name, field in ARGUMENTS[provider].items()}
    assert ProviderKeys().arguments("hosted_vllm") == {}


@pytest.mark.parametrize(
    ("name", "region"),
    [
        ("bedrock/eu.amazon.nova-2-lite-v1:0", "eu-central-1"),
        ("bedrock/arn:aws:bedrock:us-east-1:1:inference-profile/eu.amazon.nova", None),
    ],
)
def test_a_region_in_the_models_name_stays(env_file: Path, name: str, region: str | None) -> None:
    env_file.write_text("AWS_REGION_NAME=eu-central-1\n")

    sent = LiteLLMClient(1.0)._arguments(Endpoint(name), HELLO)

    assert sent.get("aws_region_name") == region


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("openai/gpt-4o", "OPENAI_API_KEY=x"),
        ("anthropic/claude-sonnet-5", "ANTHROPIC_API_KEY=x"),
        ("azure/own", "AZURE_API_KEY=x\nAZURE_API_BASE=https://a.example\nAZURE_API_VERSION=1"),
        ("bedrock/eu.amazon.nova-2-lite-v1:0", "AWS_ACCESS_KEY_ID=x\nAWS_SECRET_ACCESS_KEY=y"),
    ],
)
def test_the_check_of_a_model_sees_the_keys_of_the_file(
    env_file: Path, name: str, lines: str
) -> None:
    settings = Settings(_env_file=None, model=name)
    before = " ".join(check_model(name, settings, LiteLLMClient(1.0)).problems)
    env_file.write_text(lines + "\n")
    after = " ".join(check_model(name, settings, LiteLLMClient(1.0)).problems)

    assert "in the environment or .env" in before
    assert "needs" not in after


def test_the_page_names_every_variable_that_is_read(request: pytest.FixtureRequest) -> None:
    page = (request.config.rootpath / "docs/how-to/models.md").read_text("utf-8")

    assert [name for name in VARIABLES if name not in page] == []
