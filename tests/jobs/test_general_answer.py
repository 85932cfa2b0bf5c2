"""What no route serves is answered by a capable model, labelled so, within a budget of its own."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest

from bot.ui import blocks
from router.config import Settings
from router.errors import ModelError, StoreAwayError
from router.types import SMALL_TALK
from tests.fixtures.delivery import make_context
from workers.jobs import answer
from workers.llm.fakes import ScriptedModel

__all__ = ["make_context"]

WORDS = "Water boils at 100 degrees Celsius at sea level."


class Broken:
    def complete(self, call, on_text=None):
        raise ModelError("it is away", retry=True)


@pytest.fixture
def ask(store, make_context, make_request, make_decision, clock):
    """Asks something that no route serves; returns request and outcome."""

    def asked(speaker=None, reason=None, files="", **settings):
        chosen = {"model": "gpt-5.4-mini"} | settings
        context = make_context(
            settings=Settings(_env_file=None, **chosen),
            model=speaker or ScriptedModel(default=WORDS),
        )
        request = make_request("at what temperature does water boil?", files=files)
        store.requests.insert(request, clock())
        decision = make_decision(None, verb="out_of_scope", reason=reason or {})
        store.decisions.insert_first(request.id, decision, clock())
        answer.run(context, request.id)
        return request, store.decisions.outcome(request.id, 0)

    return asked


def shown(request, decision, outcome) -> str:
    return blocks.answer(request, decision, outcome, []).text


def test_it_is_labelled_and_stays_out_of_scope(ask, store, make_decision) -> None:
    request, outcome = ask()
    decision = store.decisions.newest(request.id)

    assert (outcome.text, outcome.route, decision.verb) == (WORDS, "", "out_of_scope")
    text = shown(request, decision, outcome)
    assert text.startswith("General answer.")
    assert WORDS in text


def test_no_money_for_it_means_no_general_answer(ask) -> None:
    assert ask(general_usd=0)[1].text == ""
    # Less than one answer may cost.
    assert ask(general_usd=0.01)[1].text == ""
    assert ask(general_usd=0.05)[1].text == WORDS


def test_the_included_model_gives_none(ask) -> None:
    assert ask(model="local")[1].text == ""


@pytest.mark.parametrize("over", [{"reason": {SMALL_TALK: "thanks"}}, {"files": "F1"}], ids=str)
def test_manners_and_files_get_none(ask, over) -> None:
    assert ask(**over)[1].text == ""


def test_a_model_that_fails_leaves_the_line_of_before(ask, store) -> None:
    request, outcome = ask(speaker=Broken())

    assert (outcome.text, outcome.error) == ("", None)
    decision = store.decisions.newest(request.id)
    assert "outside what I have been set up for" in shown(request, decision, replace(outcome))
    # Nothing was paid, so nothing of the budget is gone.
    assert ask(general_usd=0.02)[1].text == WORDS


class Crashing:
    def complete(self, call, on_text=None):
        raise TypeError("a bug, or an answer that no code expects")


def test_a_crash_leaves_the_line_of_before(ask) -> None:
    _, outcome = ask(speaker=Crashing())

    assert (outcome.text, outcome.error) == ("", None)


class Deadly:
    """Takes the worker with it."""

    def complete(self, call, on_text=None):
        raise KeyboardInterrupt


def test_what_ends_workers_is_given_up(ask, make_context, clock) -> None:
    settings = Settings(_env_file=None, model="gpt-5.4-mini")
    context = make_context(settings=settings, model=Deadly())
    with pytest.raises(KeyboardInterrupt):
        ask(speaker=Deadly())

    for _ in range(settings.max_attempts):
        clock.forward(3600)
        with contextlib.suppress(KeyboardInterrupt):
            answer.answer_next(context)

    (_, outcome), *_ = context.replies.answers.values()
    assert outcome.text == ""


def test_a_store_that_is_away_uses_up_no_try(ask, store, monkeypatch, make_context, clock) -> None:
    def away(*_: object) -> None:
        monkeypatch.undo()
        raise StoreAwayError("reserving: the database does not answer")

    monkeypatch.setattr(type(store.spend), "reserve", away)
    request, outcome = ask()
    assert outcome is None

    clock.forward(60)
    settings = Settings(_env_file=None, model="gpt-5.4-mini")
    context = make_context(settings=settings, model=ScriptedModel(default=WORDS))
    answer.run(context, request.id)
    assert store.decisions.outcome(request.id, 0).text == WORDS
