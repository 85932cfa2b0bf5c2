"""Whatever fact of a message a form has lost is named beside the form, or in a field for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from router.catalog.version import PromptStep, Version
from router.types import Outcome
from workers import texts
from workers.context import Work
from workers.llm.fakes import ScriptedModel
from workers.paths import prompt
from workers.ports import Message
from workers.prompting.fact_fields import with_facts
from workers.prompting.message_facts import find_facts
from workers.prompting.unplaced_facts import MAX_NAMED, added_text, earlier_facts, facts_line

OPTIONAL = {"type": ["string", "null"]}
TICKET: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "summary": {"type": "string", "maxLength": 120},
        "queue": {"enum": ["network", "hardware"]},
    },
}
ABSENCE: Mapping[str, Any] = {
    "type": "object",
    "properties": {"type": {"enum": ["vacation"]}, "from": OPTIONAL, "to": OPTIONAL},
}
TASK = {"task": {"type": "string"}, "owner": {"type": "string"}, "due": {"type": "string"}}
TASKS: Mapping[str, Any] = {
    "type": "object",
    "properties": {"items": {"type": "array", "items": {"type": "object", "properties": TASK}}},
}
Serve = Callable[..., Outcome]


@pytest.fixture
def serve(make_context: Any, make_request: Any, make_decision: Any) -> Serve:
    def run(
        form: Mapping[str, Any], message: str, schema: Mapping[str, Any], *history: Message
    ) -> Outcome:
        version = Version(
            route="triage",
            kind="prompt",
            prompt="Fill in.",
            steps=(PromptStep(),),
            output=dict(schema),
            grounding="words",
        )
        context = make_context(model=ScriptedModel([json.dumps(form)]))
        return prompt.run(context, Work(make_request(message), make_decision(), version, history))

    return run


def thread(answer: str) -> tuple[Message, ...]:
    return ({"role": "user", "content": "…"}, {"role": "assistant", "content": answer})


def not_in_form(*facts: str) -> str:
    return texts.NOT_IN_FORM.format(facts="; ".join(facts))


@pytest.mark.parametrize(
    ("message", "facts"),
    [
        ("the gate is stuck for the whole Oslo site", ["the whole Oslo site"]),
        ("the gate is stuck, account number 88120", ["account number 88120"]),
        ("the gate is stuck since Tuesday, tell Nora Lind", ["since Tuesday", "Nora Lind"]),
    ],
)
def test_what_no_field_has_is_named(serve: Serve, message: str, facts: list[str]) -> None:
    outcome = serve({"summary": "Gate is stuck", "queue": "hardware"}, message, TICKET)

    assert outcome.text.splitlines()[-1] == not_in_form(*facts)


@pytest.mark.parametrize(
    ("summary", "message"),
    [
        ("Stuck for EU customers at 15:00", "it is stuck for all EU customers at 15:00"),
        ("Invoice 7781 of Joanna is wrong", "Joanna Lind says that invoice no. 7781 is wrong"),
        ("Off between 6 pm and 9 pm", "it was off between 6 pm and 9 pm"),
        ("Gate is stuck", "the gate is stuck, please hurry"),
    ],
)
def test_what_a_field_has_is_not_named(serve: Serve, summary: str, message: str) -> None:
    outcome = serve({"summary": summary, "queue": "hardware"}, message, TICKET)

    assert texts.NOT_IN_FORM.partition("{")[0] not in outcome.text


def test_of_many_facts_the_first_are_named() -> None:
    facts = [f"INC-{number}" for number in range(100, 101 + MAX_NAMED)]

    assert facts_line(facts[:MAX_NAMED]) == not_in_form(*facts[:MAX_NAMED])
    assert facts_line(facts) == texts.NOT_IN_FORM_MORE.format(facts="; ".join(facts[:MAX_NAMED]))


def test_an_empty_field_that_is_called_after_a_fact_has_it() -> None:
    names = ("account", "room_number", "cost", "affected", "who", "to", "from")
    schema = {"properties": dict.fromkeys(names, OPTIONAL)}
    message = (
        "account no. 88120, room 4.12, cost centre 33, all EU users, for Nora, until Friday at 9:00"
    )
    facts = find_facts(message)

    filled = with_facts(dict.fromkeys(names), schema, facts, facts)

    assert filled == {
        "account": "88120",
        "room_number": "4.12",
        "cost": None,
        "affected": "all EU users",
        # It could be the one as well as the other.
        "who": None,
        "to": "Friday at 9:00",
        "from": None,
    }


def test_a_field_that_has_a_value_keeps_it() -> None:
    schema = {"properties": {"account": OPTIONAL}}
    facts = find_facts("account 88120")

    assert with_facts({"account": "Lind"}, schema, facts, facts) == {"account": "Lind"}
    assert with_facts({"account": None}, schema, facts, ()) == {"account": None}
    assert with_facts({"account": None}, schema, facts * 2, facts) == {"account": None}


def test_a_list_lacks_facts_of_its_own_tasks_alone(serve: Serve) -> None:
    message = "12 badges are left says Omar. Ida prints 40 badges. We meet Tuesday 10:00."
    items = [{"task": "Ida prints badges", "owner": "Ida", "due": ""}]

    assert serve({"items": items}, message, TASKS).text.endswith("\n" + not_in_form("40 badges"))


def test_a_day_that_the_model_gave_the_wrong_task_is_named(serve: Serve) -> None:
    message = "Ida prints the badges. Next meeting Tuesday 10:00."
    items = [{"task": "Print the badges", "owner": "Ida", "due": "Tuesday 10:00"}]

    outcome = serve({"items": items}, message, TASKS)

    assert outcome.data == {"items": [{"task": "Print the badges", "owner": "Ida", "due": ""}]}
    assert outcome.text.splitlines()[-1] == not_in_form("Tuesday 10:00")


def test_a_follow_up_that_changes_nothing_is_shown(serve: Serve) -> None:
    before = thread("Summary: VPN drops\nQueue: network")
    form = {"summary": "happens on my tablet", "queue": "network"}

    outcome = serve(form, "happens on my tablet too btw", TICKET, *before)

    added = not_in_form("“happens on my tablet too btw”")
    assert outcome.text == f"Summary: VPN drops\nQueue: network\n{added}"


@pytest.mark.parametrize("message", ["thanks!", "no, that's wrong", "who looks at it now?"])
def test_a_remark_on_a_form_adds_nothing(message: str) -> None:
    form = {"summary": "VPN drops", "queue": "network"}

    assert added_text(message, form, form) is None


def test_what_an_earlier_form_lacked_stays_named_until_it_is_in_one(serve: Serve) -> None:
    line = not_in_form("Nora Lind", "back on Monday")
    before = thread(f"Type: vacation\nFrom: Monday\n{line}")

    outcome = serve(
        {"type": "vacation", "from": None, "to": "Friday"}, "to Friday", ABSENCE, *before
    )

    lines = ["Type: vacation", "From: Monday", "To: Friday", not_in_form("Nora Lind")]
    assert outcome.text.splitlines() == lines
    assert earlier_facts(thread("Nothing."), {}) == []


@pytest.mark.parametrize("closed", [{"enum": ["33921"]}, {"pattern": "^A"}, {"format": "uuid"}])
def test_a_field_that_does_not_take_every_text_is_left_empty(closed: Mapping[str, Any]) -> None:
    schema = {"properties": {"account": {"type": ["string", "null"], **closed}}}
    facts = find_facts("It is account number 33921")

    assert with_facts({"account": None}, schema, facts, facts) == {"account": None}
