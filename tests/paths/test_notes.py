"""Notes: kept as they were written, and found again by whoever may read them. No model is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from router.catalog.version import PromptStep, ReactStep, RequestLimits, Version
from router.config import Settings
from router.store import Store
from router.types import SECOND_REQUEST, Outcome, Proposal, Request
from workers import texts
from workers.context import Context, Work
from workers.fakes import MemoryQueue, MemoryReplies
from workers.llm.fakes import ScriptedModel
from workers.paths import tools as tools_path
from workers.runtime.leases import Leases
from workers.tools import ToolCall, get_tool

KEYS = "the spare keys are with the janitor"
VERSION = Version(
    route="remember",
    kind="tools",
    prompt="Keep it.",
    steps=(ReactStep(do="react", tools=("note",), max_steps=2, must_use=True), PromptStep()),
    limits=RequestLimits(output_tokens=80),
)


class Notebook:
    """Serves requests of the route that keeps notes; a call of the model fails the test."""

    def __init__(self, store: Store, clock: Any, make_request: Any, make_decision: Any) -> None:
        self.waiting: list[Proposal] = []
        self._make_request, self._make_decision = make_request, make_decision
        self._context = Context(
            settings=Settings(_env_file=None),  # type: ignore[call-arg]  # it takes one
            store=store,
            queue=MemoryQueue({}),
            model=ScriptedModel([]),
            replies=MemoryReplies(),
            leases=Leases(store.requests, "me", clock, 20.0),
            now=clock,
            random=lambda: 0.0,
        )

    def ask(self, text: str, reason: dict[str, Any] | None = None, **over: Any) -> Outcome:
        request: Request = self._make_request(text, **over)
        decision = self._make_decision("remember", reason=reason or {})
        work = Work(request, decision, VERSION, (), propose=self.waiting.append)
        return tools_path.run(self._context, work)

    def keep(self, text: str, **over: Any) -> None:
        """Asks for a note and confirms it."""
        self.ask(text, **over)
        self.confirm(text, **over)

    def confirm(self, text: str = "", **over: Any) -> None:
        """Confirms the last proposal."""
        request: Request = self._make_request(text, **over)
        work = Work(request, self._make_decision("remember"), VERSION, ())
        args = self.waiting[-1].args
        get_tool("note").run(ToolCall(self._context, work, args, key=f"k{len(self.waiting)}"))


@pytest.fixture
def notebook(store: Store, clock: Any, make_request: Any, make_decision: Any) -> Notebook:
    return Notebook(store, clock, make_request, make_decision)


def test_what_was_kept_can_be_asked_for_in_plain_words(notebook: Notebook) -> None:
    notebook.keep(f"<@UBEAGLE> remember that {KEYS}")
    notebook.keep("please note that the demo is on Tuesday", user="U2")

    about = notebook.ask("<@UBEAGLE> what do you remember about the spare keys?").text
    assert (KEYS in about, "demo" in about) == (True, False)
    # Whose words they are, and the newest first.
    assert "demo" not in notebook.ask("what did I tell you to keep?").text
    every = notebook.ask("show me all notes").text
    assert every.index("demo") < every.index(KEYS)
    # A question that was taken for a note is not kept.
    assert "the demo is on Tuesday" in notebook.ask("when is the demo?").text
    assert len(notebook.waiting) == 2


def test_a_note_that_is_not_there_is_not_made_up(notebook: Notebook) -> None:
    assert notebook.ask("do you remember the door code?").text == texts.NOTES_NONE

    notebook.keep(f"remember that {KEYS}")
    assert notebook.ask("do you remember the door code?").text == texts.NOTES_NONE_ABOUT.format(
        count=1
    )


def test_a_note_is_read_by_nobody_outside_its_channel(notebook: Notebook) -> None:
    notebook.keep(f"remember that {KEYS}", channel="C1")

    assert notebook.ask("what do you remember?", channel="C2").text == texts.NOTES_NONE
    assert notebook.ask("what do you remember?", team="T2").text == texts.NOTES_NONE
    dm = notebook.ask("what did I tell you to keep?", channel="D9", channel_kind="dm")
    assert dm.text == texts.NOTES_NONE, "not known to be in the channel any more"


def test_in_a_direct_message_a_person_finds_the_notes_of_their_channels(
    notebook: Notebook, store: Store, clock: Callable[[], float]
) -> None:
    notebook.keep(f"remember that {KEYS}")
    store.access.set_channel("T1", "C1", at=clock(), name="desk", public=False, shared=False)
    store.access.set_members("T1", "C1", ["U1"], clock())
    store.access.set_users("T1", {"U1": False}, at=clock())

    own = notebook.ask("what did I tell you to keep?", channel="D9", channel_kind="dm")
    assert KEYS in own.text


def test_a_note_is_kept_for_a_channel_and_never_from_a_direct_message(notebook: Notebook) -> None:
    outcome = notebook.ask(f"remember that {KEYS}", channel="D9", channel_kind="dm")

    assert (outcome.text, notebook.waiting) == (texts.NOTE_NOT_HERE, [])


def test_another_request_of_the_message_is_no_part_of_the_note(notebook: Notebook) -> None:
    text = f"remember that {KEYS}. How many weeks of parental leave do we get?"
    second = {"route": "handbook", "start": text.index("How"), "end": len(text)}

    notebook.ask(text, {SECOND_REQUEST: second})
    assert [dict(one.args) for one in notebook.waiting] == [{"text": KEYS}]


def test_a_person_may_have_their_own_note_deleted(notebook: Notebook) -> None:
    notebook.keep(f"remember that {KEYS}")
    notebook.keep("remember that the demo is on Tuesday")

    outcome = notebook.ask("please forget the note about the spare keys")
    notebook.confirm()

    assert KEYS in outcome.text
    assert "demo" in notebook.ask("show me all notes").text
    assert KEYS not in notebook.ask("show me all notes").text


def test_nobody_deletes_what_another_person_wrote(notebook: Notebook) -> None:
    notebook.keep(f"remember that {KEYS}", user="U2")
    waiting = len(notebook.waiting)

    outcome = notebook.ask("delete the note about the spare keys")

    assert outcome.text == texts.NOTE_NOT_YOURS
    assert len(notebook.waiting) == waiting


def test_which_of_several_notes_is_meant_is_asked(notebook: Notebook) -> None:
    notebook.keep(f"remember that {KEYS}")
    notebook.keep("remember that the spare cables are in the drawer")

    outcome = notebook.ask("remove the note about spare things")

    assert outcome.text.startswith(texts.NOTE_WHICH)
    assert (KEYS in outcome.text, "drawer" in outcome.text) == (True, True)


def test_a_wish_to_be_reminded_is_no_note(notebook: Notebook) -> None:
    outcome = notebook.ask("please remind us on Friday at 3 to water the plants")

    assert (outcome.text, notebook.waiting) == (texts.NOTE_NO_REMINDER, [])
