"""No secret of any setting leaves the process in a text, however wrong the settings are."""

from __future__ import annotations

import json
import logging
import pickle
import subprocess
import sys
import traceback
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import SecretStr
from sqlalchemy.exc import OperationalError

from bot.cli.doctor import run_checks
from router import config, errors
from router.config import Settings, child_environment, environment_names, read_settings
from router.errors import BeagleError, SettingsError, StoreError
from router.log import get_log, set_up_logs
from router.secret_values import hide_secrets
from router.store import open_store
from router.text.printable import printable
from workers.llm.gateway import Gateway
from workers.llm.litellm_client import open_model

CANARY = "Canary7secret"
BROKEN = CANARY + "/%40 x"
"""With what has to be written otherwise in an address."""
PREFIXES = {"slack_bot_token": "xoxb-", "slack_app_token": "xapp-", "webhook_secrets": "desk="}
ADDRESSES = {
    "database_url": "postgresql+psycopg://beagle:{}@127.0.0.1:9/beagle",
    "redis_url": "redis://:{}@127.0.0.1:9/0",
    "slack_api_url": "http://beagle:{}@127.0.0.1:9/api/",
    "model_url": "http://beagle:{}@127.0.0.1:9/v1",
    "adapter_server_url": "http://beagle:{}@127.0.0.1:9/v1",
    "otel_url": "http://beagle:{}@127.0.0.1:9",
}
BROKEN_URLS = [
    "postgresql+psycopg//beagle:{}@db/beagle",
    "postgresql+psycopg:/beagle:{}@db/beagle",
    "postgresql+psycopg://beagle:{}@db:port/beagle",
    "postgresql+psycopg://beagle@db:{}/beagle",
    "postgresql+nothing://beagle:{}@db/beagle",
    "mysql://beagle:{}@db/beagle",
    "beagle:{}@db",
    "{}",
    "postgresql+psycopg://beagle@127.0.0.1:9/beagle?password={}",
]


def canary_values() -> dict[str, str]:
    """A value with the canary for every setting that holds a secret or an address."""
    values = {}
    for name, info in Settings.model_fields.items():
        if info.annotation is SecretStr:
            values[name] = PREFIXES.get(name, "") + CANARY
        if name in ADDRESSES:
            values[name] = ADDRESSES[name].format(CANARY)
        elif name.endswith("_url"):
            pytest.fail(f"{name} may hold a password: add it to the addresses")

    return values


def variable(field: str) -> str:
    return next(name for name, known in environment_names().items() if known == field)


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for field, value in canary_values().items():
        monkeypatch.setenv(variable(field), value)

    return read_settings(data=tmp_path / "data", slack_mode="http")


@pytest.mark.parametrize("field", sorted(Settings.model_fields))
def test_what_is_named_like_a_secret_is_one(field):
    words = set(field.split("_"))
    info = Settings.model_fields[field]

    if words & {"token", "secret", "password", "key", "credentials"}:
        assert info.annotation is SecretStr
    if words & {"url", "uri", "dsn"}:
        assert info.annotation is SecretStr or field in config._ADDRESSES


def test_no_form_of_the_settings_shows_a_secret(settings):
    forms = [
        repr(settings),
        str(settings),
        f"{settings!r:.100000}",
        settings.model_dump_json(),
        str(settings.model_dump()),
        json.dumps(settings.model_dump(mode="json")),
        repr(dict(settings.__repr_args__())),
        repr(settings.model_copy(update={"seed": 2})),
    ]

    assert not [form for form in forms if CANARY in form]
    assert settings.store_url == ADDRESSES["database_url"].format(CANARY)


@pytest.mark.parametrize("field", sorted(Settings.model_fields))
def test_a_wrong_value_is_never_repeated(field, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    wrong = f"http://a:{CANARY}@b" if field in config._ADDRESSES else f"wrong-{CANARY}"
    monkeypatch.setenv(variable(field), wrong)

    try:
        shown = repr(read_settings()) if field in canary_values() else ""
    except SettingsError as error:
        # With its causes, as Python prints an error that nobody caught.
        shown = "".join(traceback.format_exception(error))

    assert CANARY not in shown


def test_a_secret_in_an_unknown_setting_is_not_repeated(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BEAGLE_DATABASE_URL", ADDRESSES["database_url"].format(CANARY))

    with pytest.raises(SettingsError) as caught:
        read_settings()

    assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("url", BROKEN_URLS)
@pytest.mark.parametrize("password", [CANARY, quote(BROKEN, safe="")])
def test_no_broken_database_url_is_repeated_by_doctor_or_error(url, password, tmp_path):
    settings = Settings(
        _env_file=None,
        data=tmp_path,
        database_url=url.format(password),
        slack_api_url="http://127.0.0.1:9/api/",
        slack_mode="http",
    )
    diagnosis = run_checks(settings)

    assert CANARY not in diagnosis.as_text() + json.dumps(diagnosis.as_dict())
    assert not next(check.ok for check in diagnosis.checks if check.part == "store")

    # A library's own error is masked by whoever prints or logs it.
    with pytest.raises((BeagleError, OperationalError)) as caught:
        open_store(settings.store_url)

    trace = "".join(traceback.format_exception(caught.value))
    assert CANARY not in printable(trace)
    assert CANARY not in trace or not isinstance(caught.value, BeagleError)


def test_doctor_shows_no_secret_in_any_form(settings):
    diagnosis = run_checks(settings)

    text = diagnosis.as_text() + json.dumps(diagnosis.as_dict())
    assert "WRONG" in text
    assert CANARY not in text


def every_error(kind: type[BaseException]) -> list[type[BaseException]]:
    return [kind, *(deeper for sub in kind.__subclasses__() for deeper in every_error(sub))]


OURS = [kind for kind in every_error(BeagleError) if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_no_error_of_ours_quotes_a_secret_that_a_library_named(kind, settings):
    text = f"connecting: {settings.store_url} refused, with {settings.model_key.get_secret_value()}"
    options = {
        "BudgetError": {"resets_at": 1.0},
        "PathError": {"retry": True},
        "FileError": {"reason": "gone"},
        "SendError": {"reason": "refused", "is_sure": True},
        "RateLimitError": {"resets_at": 1.0, "limit": 20, "is_first": True},
    }.get(kind.__name__, {})

    error = kind(text, **options)

    assert "connecting: [secret] refused" in str(error)
    assert CANARY not in str(error) + repr(error) + str(error.args)
    assert errors.BeagleError in kind.__mro__


def test_no_log_line_shows_a_secret_however_deep_it_is(settings, capsys):
    error = OperationalError(settings.store_url, {"password": CANARY}, Exception(CANARY))
    set_up_logs("json", "debug")
    log = get_log(part="test", bound=settings)
    values = {"url": settings.store_url, "nested": {"a": [settings.store_url, {CANARY: error}]}}
    try:
        raise error
    except OperationalError:
        log.exception("failed", **values, bytes=CANARY.encode(), path=Path(CANARY))

    log.warning(" ".join(["started with", CANARY]))
    logging.getLogger("sqlalchemy").error("at %s: %s", settings.store_url, error)
    logging.getLogger("waitress").exception("broken by %r", CANARY, exc_info=error)

    for style in ("json", "pretty"):
        set_up_logs(style, "debug")
        get_log().error("failed", error=str(error), values=values)

    lines = capsys.readouterr().err
    assert lines.count("failed") >= 3
    assert CANARY not in lines


def test_a_gateway_and_its_endpoints_show_no_key(settings):
    gateway = open_model(settings, None, lambda: 1.0, lambda: 0.0)
    assert isinstance(gateway, Gateway)
    from workers.ports import ModelCall

    endpoint = gateway._endpoint(
        settings.model if settings.model != "local" else "local", ModelCall([])
    )
    assert endpoint.key is not None
    assert CANARY not in repr(endpoint).replace(str(endpoint.url), "")


STARTS = [["doctor"], ["serve"], ["worker", "--queue", "answer"], ["replay", "all"]]


@pytest.mark.parametrize("command", STARTS, ids=lambda command: command[0])
def test_a_start_that_fails_prints_no_secret(command, tmp_path):
    environment = {variable(field): value for field, value in canary_values().items()}
    environment["DATABASE_URL"] = f"postgresql+psycopg://beagle:{CANARY}@127.0.0.1:9/{CANARY}"
    root = Path(config.__file__).parents[1]

    result = subprocess.run(
        [sys.executable, "-m", "bot.cli", *command],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=child_environment(
            **environment,
            PYTHONPATH=str(root),
            BEAGLE_DATA=str(tmp_path / "d"),
            BEAGLE_LOG="pretty",
        ),
        check=False,
    )

    assert result.returncode != 0
    assert result.stdout + result.stderr
    assert CANARY not in result.stdout + result.stderr


def test_short_words_stay_readable(tmp_path):
    Settings(_env_file=None, model_key="none", data=tmp_path)

    assert hide_secrets("loaded: none") == "loaded: none"


def test_masking_keeps_an_error_picklable():
    # Errors cross process borders.
    error = pickle.loads(pickle.dumps(StoreError("no such store")))  # our own bytes
    assert str(error) == "no such store"
