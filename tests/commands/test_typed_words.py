"""Words that people type behind `/beagle`, right and wrong."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bot import commands
from bot.listeners.knowledge_view import render_sources
from bot.ui.texts import commands as texts
from bot.ui.texts import report as report_texts
from router.classifier.small_talk import COMMANDS
from router.config import Settings
from router.index import Chunk, Document
from router.store import Store
from tests.fixtures.command_context import make_command


@pytest.fixture
def typed(store: Store, clock: Any) -> Any:
    settings = Settings(_env_file=None)  # type: ignore[call-arg]  # pydantic-settings takes it

    def run(text: str) -> str:
        word, *words = text.split()
        reply = commands.answer(word, make_command(store, settings, clock, words=tuple(words)))
        assert reply is not None
        return reply.text

    return run


def test_only_a_clear_word_opts_somebody_out_or_in(typed: Any, store: Store) -> None:
    assert typed("optout maybe") == texts.OPT_OUT_WORDS
    assert not store.opt_outs.is_opted_out("T1", "UADA")

    assert typed("optout") == texts.LEFT_OUT
    assert typed("optout of everything") == texts.OPT_OUT_WORDS
    assert store.opt_outs.is_opted_out("T1", "UADA")
    assert typed("optout OFF") == texts.TAKES_PART
    assert not store.opt_outs.is_opted_out("T1", "UADA")


@pytest.mark.parametrize(("word", "meant"), [("hlep", "help"), ("stat", "stats"), ("whi", "why")])
def test_a_mistyped_command_is_recognised(typed: Any, word: str, meant: str) -> None:
    assert f"Did you mean `{meant}`?" in typed(word)


def test_every_command_is_recognised_in_a_message_too() -> None:
    assert set(commands.names()) == COMMANDS | {"help"}


@pytest.mark.parametrize("text", ["how many holidays do we get", "vacation", "42"])
def test_a_request_behind_the_command_is_sent_to_a_message(typed: Any, text: str) -> None:
    assert typed(text) == texts.NO_COMMAND.format(word=text.split()[0])


def test_a_report_of_no_route_or_an_unknown_one_names_the_routes(store: Store, clock: Any) -> None:
    settings = Settings(_env_file=None, admins="UADA")  # type: ignore[call-arg, arg-type]
    catalog = SimpleNamespace(routes=("reply", "handbook"))
    routing = SimpleNamespace(catalog_of=lambda _: catalog)

    def typed(text: str) -> str:
        words = tuple(text.split()[1:])
        reply = commands.answer(
            "report", make_command(store, settings, clock, words=words, routing=routing)
        )
        assert reply is not None
        return reply.text

    for command in ("report", "report nosuch", "report nosuch abc"):
        assert "handbook, reply" in typed(command)

    assert "There is no route of that name" in typed("report nosuch")
    assert typed("report reply") == typed("report reply abc") == report_texts.NONE


def test_why_without_a_link_says_where_links_come_from(typed: Any) -> None:
    assert typed("why") == typed("why that one") == texts.WHY_LINK
    assert typed("why https://w.slack.example/archives/C1/p1800000001000000") == (
        texts.NOT_FOUND_ANSWER
    )


def test_notes_are_listed_by_their_channels_name(store: Store, clock: Any) -> None:
    store.access.set_channel("T1", "C1", at=clock(), name="desk", public=True, shared=False)
    note = Chunk("Note", "", "the keys are with Kim", "U1", "")
    store.documents.upsert(
        Document("T1", "note:k1", "note:C1", "Note", "", "C1", clock(), "h", [note])
    )

    assert (
        "Notes of people in #desk: 1 document,"
        in render_sources(store, "T1", None, admin=False).text
    )


def help_of(store: Store, clock: Any, admins: str) -> str:
    settings = Settings(_env_file=None, admins=admins)  # type: ignore[call-arg, arg-type]
    routing = SimpleNamespace(offers=lambda *_: [])
    reply = commands.answer("help", make_command(store, settings, clock, routing=routing))
    assert reply is not None
    return reply.text


def test_help_is_short_for_people_and_has_all_for_admins(store: Store, clock: Any) -> None:
    for_people, for_admin = help_of(store, clock, ""), help_of(store, clock, "UADA")

    assert for_people.count("`/beagle ") <= 5
    for name in commands.names():
        assert f"`/beagle {name}`" in for_admin
        assert "admins" not in commands.load(name).HELP
    assert "For admins" not in for_people
    assert "stop` reading it" not in for_people
    assert "stop` reading it" in for_admin
