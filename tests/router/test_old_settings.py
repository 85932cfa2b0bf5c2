"""A renamed setting is read under its old name for one release, with one warning."""

from __future__ import annotations

import pytest

from router import config, old_names
from router.config import Settings, environment_names, read_settings
from router.old_names import OLD_NAMES

VALUES = {bool: ("false", False), int: ("11", 11), float: ("0.25", 0.25), str: ("UTC", "UTC")}
"""For each type, how a value is written and what is read. 11 and 0.25 are allowed everywhere but
where SPECIAL says otherwise."""
SPECIAL = {
    "BEAGLE_MINE_WEEKS": ("3", 3),
    "BEAGLE_ROLLBACK_TIMES": ("2.5", 2.5),
    "BEAGLE_ADAPTERS_URL": ("http://models", "http://models"),
}


@pytest.fixture(autouse=True)
def _nothing_warned_of_yet(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    old_names._warn_once.cache_clear()


def field_of(old):
    return environment_names()[OLD_NAMES[old]]


@pytest.mark.parametrize("old", OLD_NAMES)
def test_an_old_name_is_read_and_warned_of_once(old, monkeypatch, capsys):
    field = field_of(old)
    written, value = SPECIAL.get(old) or VALUES[Settings.model_fields[field].annotation]
    monkeypatch.setenv(old, written)

    first, second = read_settings(), read_settings()

    assert getattr(first, field) == getattr(second, field) == value
    warning = capsys.readouterr().err
    assert warning.count("\n") == 1
    assert old in warning
    assert OLD_NAMES[old] in warning


def test_the_new_name_wins_over_the_old_one(monkeypatch):
    monkeypatch.setenv("BEAGLE_KEEP_DAYS", "3")
    monkeypatch.setenv("BEAGLE_RETENTION_DAYS", "7")

    assert read_settings().retention_days == 7.0


def test_a_new_name_in_the_file_wins_over_an_old_one_in_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("BEAGLE_KEEP_DAYS", "3")
    (tmp_path / ".env").write_text("BEAGLE_RETENTION_DAYS=7\n", "utf-8")

    assert read_settings().retention_days == 7.0


def test_an_old_name_in_the_file_counts(tmp_path, capsys):
    (tmp_path / ".env").write_text("BEAGLE_DIGEST_ZONE=Europe/Berlin\n", "utf-8")

    assert read_settings().digest_timezone == "Europe/Berlin"
    assert "BEAGLE_DIGEST_TIMEZONE" in capsys.readouterr().err


def test_a_wrong_value_under_an_old_name_is_reported_under_the_new_one(monkeypatch):
    monkeypatch.setenv("BEAGLE_KEEP_DAYS", "soon")

    with pytest.raises(config.SettingsError, match="BEAGLE_RETENTION_DAYS"):
        read_settings()


def test_settings_under_their_own_names_are_not_warned_of(monkeypatch, capsys):
    monkeypatch.setenv("BEAGLE_RETENTION_DAYS", "7")
    read_settings()

    assert capsys.readouterr().err == ""


def test_no_old_name_is_a_setting_and_every_new_one_is():
    known = set(environment_names())

    assert not known & set(OLD_NAMES)
    assert set(OLD_NAMES.values()) <= known
