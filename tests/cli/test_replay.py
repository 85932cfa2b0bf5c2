"""`beagle replay`: a request that was given up is tried again, with all its attempts."""

from __future__ import annotations

import pytest

from bot.cli import replay
from bot.cli.replay import requeue
from router.config import Settings
from router.errors import InputError
from tests.fixtures.stores import open_sqlite


@pytest.fixture
def settings(tmp_path):
    return Settings(_env_file=None, data=tmp_path)


@pytest.fixture
def store(tmp_path):
    opened = open_sqlite(tmp_path / "beagle.db")
    yield opened
    opened.close()


def dead(store):
    return sorted(letter.id for letter in store.requests.dead_letters())


def test_one_request_is_tried_again_and_the_others_stay(settings, store, give_up):
    for key in ("r1", "r2"):
        give_up(store, key)

    assert requeue(settings, "r1") == 1

    assert dead(store) == ["r2"]
    assert store.requests.get("r1").state == "decided"
    lease = store.requests.acquire("r1", "another worker", 10_000_000_000.0, 20.0)
    assert lease.tries == 1, "the attempts before do not count any more"


def test_all_are_tried_again(settings, store, give_up, make_request):
    for key in ("r1", "r2", "r3"):
        give_up(store, key)
    store.requests.insert(make_request(id="open"), 1.0)

    assert requeue(settings, "all") == 3

    assert dead(store) == []
    assert store.requests.get("open").state == "received"


def test_where_nothing_was_given_up_all_is_none(settings, store):
    assert requeue(settings, "all") == 0


def test_an_unknown_id_is_refused_with_the_way_to_the_known_ones(settings, store, give_up):
    give_up(store, "r1")

    with pytest.raises(InputError, match=r"'r9': no given-up request .* `beagle doctor` lists"):
        requeue(settings, "r9")

    assert dead(store) == ["r1"]


@pytest.mark.parametrize(
    ("keys", "words"),
    [(["r1"], "1 request will be tried again"), (["r1", "r2"], "2 requests will be tried again")],
)
def test_the_command_says_how_many(settings, store, give_up, monkeypatch, capsys, keys, words):
    for key in keys:
        give_up(store, key)
    monkeypatch.setattr(replay, "load_data_settings", lambda: settings)

    replay.main("all")

    assert capsys.readouterr().out.strip() == words
