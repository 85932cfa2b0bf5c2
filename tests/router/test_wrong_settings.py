"""Whatever a setting is given, no traceback: the setting, its value and what to do are named."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.app import open_backend
from bot.cli.doctor import run_checks
from router.config import Settings, environment_names, read_settings
from router.errors import BeagleError, SettingsError

WRONG = [
    *("x", " ", "-1", "1e400", "nan", "inf", "-inf", "1" * 40, "0x10", "1,5", "yes please"),
    *("[]", "{}", "null", "☃", "a\tb", "$HOME", "../..", "http://", "\udcff"),
]
TEXT = {
    # Any text may be right: a name that only another program can judge, or a secret.
    *("host", "health_host", "slack_client_id", "model", "reranker", "encoder", "vision_models"),
    "trial_models",
    *(
        "teacher_model",
        "reflection_model",
        "tuned_model",
        "reference_model",
        "data",
        "routes",
        "encoder_folder",
    ),
}


@pytest.fixture
def give(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def give(name, value):
        """Returns what is said of the setting's value, None where it is taken."""
        monkeypatch.setenv(name, value)
        try:
            read_settings()
        except SettingsError as error:
            return str(error)
        finally:
            monkeypatch.delenv(name)

        return None

    return give


def test_each_setting_with_twenty_wrong_values_names_setting_value_and_remedy(give):
    assert len(WRONG) == 20
    refused: Counter[str] = Counter()
    for name, field in environment_names().items():
        is_secret = Settings.model_fields[field].annotation is SecretStr
        for value in WRONG:
            problem = give(name, value)
            if problem is None:
                continue

            refused[field] += 1
            assert name in problem
            assert "correct it, or remove it" in problem
            assert "Value error" not in problem
            # Another setting of this process may have made it a secret.
            is_shown = repr(value[:100]) in problem or "[secret]" in problem
            assert is_secret or is_shown, (name, value)

    assert refused.total() > 300
    # Whatever is no free text refuses most of what is wrong for it.
    checked = set(Settings.model_fields) - TEXT
    checked -= {name for name in checked if Settings.model_fields[name].annotation is SecretStr}
    assert [name for name in sorted(checked) if refused[name] < len(WRONG) / 2] == []


@pytest.mark.parametrize(
    ("name", "field", "value", "used"),
    [
        ("REDIS_URL", "redis_url", "localhost:6379", "redis://localhost:6379"),
        ("REDIS_URL", "redis_url", "rediss://db:1/2", "rediss://db:1/2"),
        ("DATABASE_URL", "database_url", "postgres://a@h/b", "postgresql+psycopg://a@h/b"),
        ("DATABASE_URL", "database_url", "postgresql://a@h/b", "postgresql+psycopg://a@h/b"),
    ],
)
def test_usual_spellings_of_addresses_are_understood(monkeypatch, name, field, value, used):
    monkeypatch.setenv(name, value)
    assert getattr(read_settings(), field).get_secret_value() == used


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("BEAGLE_ADMINS", "@ada,bob", "@ada, bob: expected USER or WORKSPACE:USER"),
        ("BEAGLE_ALLOWED_TEAMS", "acme", "such as T0123ABCD"),
        ("BEAGLE_ADMIN_CHANNEL", "#leads", "the id of a channel"),
        ("BEAGLE_DIGEST_TIMEZONE", "Berlin", "'Europe/Berlin'"),
        ("REDIS_URL", "http://localhost", "redis://HOST:PORT"),
        ("REDIS_URL", "redis://localhost:6379/x", "the number of a database"),
        ("REDIS_URL", "redis://localhost:x", "redis://HOST:PORT"),
        ("BEAGLE_MODEL_URL", "127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("SLACK_API_URL", "slack.com/api", "expected an address"),
    ],
)
def test_a_usual_mistake_is_told_with_what_is_expected(give, name, value, words):
    assert words in (give(name, value) or "")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("BEAGLE_PORT", "x", "expected a whole number; found 'x'; correct it, or remove it for"),
        ("BEAGLE_PORT", "70000", "expected 65535 or less"),
        ("BEAGLE_CAP_TEAM_USD", "much", "expected a number; found 'much'"),
        ("BEAGLE_LEASE_SECONDS", "0", "expected a number above 0; found '0'"),
        ("BEAGLE_LEASE_SECONDS", "-1", "remove it for the default, 20"),
        ("BEAGLE_FALSE_REJECT", "0.5", "expected a number below 0.5"),
        ("BEAGLE_SLACK_MODE", "carrier pigeon", "expected 'socket' or 'http'"),
        ("BEAGLE_SLACK_UNLISTED", "perhaps", "expected true or false"),
        ("SLACK_BOT_TOKEN", "secret", "'xoxb-'; correct it, or remove it to leave it unset"),
    ],
)
def test_what_a_setting_expects_is_told_in_our_words(give, name, value, words):
    assert words in (give(name, value) or "")


def test_no_setting_answers_with_the_sentences_of_a_library(give):
    for name in environment_names():
        for value in WRONG:
            problem = give(name, value) or ""
            assert "Input should be" not in problem, (name, value)
            assert "unable to parse" not in problem, (name, value)


def test_an_env_file_that_is_no_text_is_told(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(b"BEAGLE_PORT=\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"'\.env' cannot be read"):
        read_settings()


BROKEN = [
    {"data": Path("/proc/no/such")},
    {"data": Path("/dev/null/beagle")},
    {"database_url": SecretStr("sqlite:////dev/null/beagle.db")},
    {"database_url": SecretStr("sqlite:////proc/beagle.db")},
    {"database_url": SecretStr("postgresql+psycopg://beagle@127.0.0.1:9/beagle")},
    {"database_url": SecretStr("mysql://beagle@127.0.0.1:9/beagle")},
    {"redis_url": SecretStr("redis://127.0.0.1:9")},
    {"redis_url": SecretStr("redis://no.such.host.invalid:6379")},
    {"routes": Path("/dev/null/routes")},
    {"model": "opnai/gpt-4o"},
]


@pytest.mark.parametrize("changes", BROKEN, ids=[str(index) for index in range(len(BROKEN))])
def test_what_only_the_machine_can_judge_is_no_traceback_either(short_folder, changes):
    values = {
        "data": short_folder,
        "slack_api_url": "http://127.0.0.1:9/api/",
        "slack_bot_token": SecretStr("xoxb-1"),
        "model": "openai/x",
    }
    settings = Settings(_env_file=None).model_copy(update=values | changes)
    assert not run_checks(settings).ok

    try:
        open_backend(settings).close()
    except BeagleError as error:
        problem = str(error)
    else:
        problem = ""

    assert "data" not in changes or str(changes["data"]) in problem
