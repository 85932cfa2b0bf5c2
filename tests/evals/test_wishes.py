"""Wishes are drafted as in production, and their messages are none that the draft learns from."""

from __future__ import annotations

import json

import pytest

from evals.stand_ins import HashingEncoder
from evals.weekly.wishes import WISHES, draft_wish, measure, summarise
from router.catalog.catalog import Catalog, builtin_routes_folder, load_routes
from router.text.redact import plain_words


@pytest.fixture(scope="module")
def wishes():
    return json.loads(WISHES.read_text("utf-8"))


def test_no_message_is_one_that_the_draft_learns_from(wishes):
    assert len(wishes) >= 12
    for wish in wishes:
        learned = {" ".join(plain_words(text)) for text in draft_wish(wish, ()).utterances}
        asked = {" ".join(plain_words(text)) for text in wish["messages"]}

        assert len(asked) == 10
        assert not asked & learned


def test_each_message_of_a_wish_is_counted_once(wishes):
    routes = load_routes(builtin_routes_folder()).routes
    catalog = Catalog({name: routes[name] for name in ("remember", "figures")})

    (result,) = measure(catalog, wishes[:1], HashingEncoder(trigrams=False))

    elsewhere = sum(result.elsewhere.values()) / result.messages
    assert result.taken + result.asked + result.turned_away + elsewhere == pytest.approx(1)
    assert summarise([result])["taken"] == result.taken
