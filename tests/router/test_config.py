"""Wrong settings stop the start; all are named at once, without secrets."""

from __future__ import annotations

import pytest

from router.config import Settings, read_settings
from router.errors import SettingsError


def test_every_default_lets_the_demo_run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    settings = read_settings()
    assert settings.model == "local"
    assert settings.store_url == f"sqlite:///{tmp_path / '.beagle' / 'beagle.db'}"


def test_all_problems_are_named_at_once(monkeypatch):
    monkeypatch.setenv("BEAGLE_PORT", "x")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "secret-value")
    monkeypatch.setenv("BEAGLE_CONCURENCY", "3")

    with pytest.raises(SettingsError) as problems:
        read_settings()

    said = str(problems.value)
    assert "BEAGLE_PORT" in said
    assert "SLACK_BOT_TOKEN: expected a token that starts with 'xoxb-'" in said
    assert "BEAGLE_CONCURENCY: no such setting; did you mean BEAGLE_CONCURRENCY?" in said
    assert "secret-value" not in said


def test_a_list_is_written_with_commas(monkeypatch):
    monkeypatch.setenv("BEAGLE_ADMINS", "U1, U2,")
    assert read_settings().admins == ("U1", "U2")


@pytest.mark.parametrize(
    ("client_id", "admins", "problem"),
    [
        ("1.2", "T1:U1, U2,U3", "U2, U3 may be in any workspace; write each admin as WORKSPACE"),
        ("", "T1:U1:U2", "T1:U1:U2: expected USER or WORKSPACE:USER"),
        ("1.2", ":U1", ":U1: expected USER or WORKSPACE:USER"),
        ("", "T1:", "T1:: expected USER or WORKSPACE:USER"),
    ],
)
def test_an_admin_of_many_workspaces_is_named_with_one(monkeypatch, client_id, admins, problem):
    monkeypatch.setenv("SLACK_CLIENT_ID", client_id)
    monkeypatch.setenv("BEAGLE_ADMINS", admins)

    with pytest.raises(SettingsError, match="BEAGLE_ADMINS") as refused:
        read_settings()

    assert problem in str(refused.value)


def test_an_empty_variable_counts_as_left_out(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "")
    monkeypatch.setenv("BEAGLE_ROUTES", "")
    assert read_settings().routes is None


def test_a_secret_is_not_printed():
    assert "xoxb-123" not in repr(Settings(slack_bot_token="xoxb-123"))
