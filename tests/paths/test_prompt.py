"""The prompt and tuned paths: each step is bounded and checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from router.catalog.version import PromptStep, RequestLimits, Shot, Version
from router.config import Settings
from router.encoder.lazy import LazyEncoder
from router.errors import BudgetError, ModelError, WeakAnswerError
from router.store import Store
from router.types import Decision, Outcome, Request
from workers.context import Context, Work
from workers.fakes import MemoryQueue, MemoryReplies
from workers.llm.fakes import ScriptedModel
from workers.paths import get_path
from workers.ports import Message, ModelCall
from workers.runtime.leases import Leases

QUEUE = {
    "type": "object",
    "properties": {
        "note": {"type": "string", "maxLength": 40},
        "queue": {"enum": ["network", "hardware"]},
    },
    "required": ["note", "queue"],
    "additionalProperties": False,
}
NETWORK = json.dumps({"note": "wifi", "queue": "network"})
HARDWARE = json.dumps({"note": "mouse", "queue": "hardware"})
Serve = Callable[..., Outcome]


class Encoder:
    """A vector of letter counts: enough to be near or far."""

    model_id = "letters"

    def encode(self, texts: Sequence[str]) -> Any:
        import numpy as np

        rows = np.array(
            [[text.count(letter) for letter in "abcdefghij"] for text in texts], dtype=np.float32
        )

        return rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)


@pytest.fixture
def serve(store: Store, clock: Any, make_request: Any, make_decision: Any) -> Serve:
    def run(
        model: ScriptedModel,
        text: str = "the wifi is down",
        history: tuple[Message, ...] = (),
        emit: Callable[[str], None] | None = None,
        **version: Any,
    ) -> Outcome:
        context = Context(
            settings=Settings(_env_file=None),  # type: ignore[call-arg]  # it takes one
            store=store,
            queue=MemoryQueue({}),
            model=model,
            replies=MemoryReplies(),
            leases=Leases(store.requests, "me", clock, 20.0),
            now=clock,
            random=lambda: 0.0,
            encoder=LazyEncoder(Encoder),
        )

        made = Version(
            **({"route": "triage", "kind": "prompt", "prompt": "Sort the message."} | version)
        )
        request: Request = make_request(text)
        decision: Decision = make_decision()

        return get_path(made.kind).run(context, Work(request, decision, made, history, emit))

    return run


def roles(call: ModelCall) -> str:
    return " ".join(message["role"][0] for message in call.messages)


def test_the_role_and_the_rules_are_the_system_prompt_and_the_message_is_a_turn(
    serve: Serve,
) -> None:
    model = ScriptedModel()

    serve(model, role="You are a dispatcher.", prompt="Sort it. Today is {{ today }}.")

    system, user = model.calls[0].messages
    assert system["content"] == "You are a dispatcher.\n\nSort it. Today is 2027-01-15."
    assert user == {"role": "user", "content": "the wifi is down"}


def test_a_free_answer_is_streamed_and_counted_by_part(serve: Serve) -> None:
    heard: list[str] = []

    outcome = serve(ScriptedModel(["two words"]), emit=heard.append)

    assert outcome.text == "".join(heard) == "two words"
    assert outcome.tokens.output == 2
    assert outcome.tokens.system > 0
    assert outcome.tokens.query > 0


def test_a_structured_answer_is_data_and_words_for_people(serve: Serve) -> None:
    heard: list[str] = []

    outcome = serve(ScriptedModel([NETWORK]), output=QUEUE, emit=heard.append)

    assert outcome.data == {"note": "wifi", "queue": "network"}
    assert outcome.text == "Note: wifi\nQueue: network"
    assert not heard, "half of a JSON object helps nobody"


def test_examples_are_shown_as_earlier_turns(serve: Serve) -> None:
    model = ScriptedModel([NETWORK])
    shots = tuple(
        Shot(text=f"message {n}", answer={"note": "n", "queue": "hardware"}) for n in range(3)
    )

    serve(model, output=QUEUE, shots=shots, steps=(PromptStep(shots=2),))

    assert roles(model.calls[0]) == "s u a u a u"
    assert json.loads(model.calls[0].messages[2]["content"]) == {"note": "n", "queue": "hardware"}


def test_the_nearest_examples_are_shown_closest_last(serve: Serve) -> None:
    model = ScriptedModel()
    shots = tuple(Shot(text=text, answer="x") for text in ("aaaa", "bbbb", "aabb", "cccc"))

    serve(model, text="aaab", shots=shots, steps=(PromptStep(shots=2, pick="nearest"),))

    assert [m["content"] for m in model.calls[0].messages if m["role"] == "user"] == [
        "aabb",
        "aaaa",
        "aaab",
    ]


def test_reasoning_comes_before_the_answer_and_is_not_shown(serve: Serve) -> None:
    thought = json.dumps({"reasoning": "wifi is a network", "note": "wifi", "queue": "network"})
    model = ScriptedModel([thought])

    outcome = serve(model, output=QUEUE, steps=(PromptStep(reasoning="field"),))

    schema = model.calls[0].schema
    assert next(iter(schema["properties"])) == "reasoning"  # type: ignore[index]  # it has one
    assert outcome.data == {"note": "wifi", "queue": "network"}
    assert "reasoning" not in outcome.text.lower()


def test_reasoning_in_a_call_of_its_own_needs_no_schema(serve: Serve) -> None:
    model = ScriptedModel(["it is about wifi", "network"])

    outcome = serve(model, steps=(PromptStep(reasoning="call"),))

    assert outcome.text == "network"
    assert model.calls[1].messages[-2]["content"] == "it is about wifi"


def test_a_wrong_shape_is_asked_for_again_once_with_the_reason(serve: Serve) -> None:
    model = ScriptedModel(['{"note": "wifi", "queue": "plumbing"}', NETWORK])

    outcome = serve(model, output=QUEUE)

    assert outcome.data["queue"] == "network"
    assert "plumbing" in model.calls[1].messages[-1]["content"]
    assert len(model.calls) == 2


def test_two_wrong_answers_send_the_question_to_the_next_model(serve: Serve) -> None:
    model = ScriptedModel(["no json", "{", NETWORK])

    outcome = serve(model, output=QUEUE, models=("first", "second"))

    assert [call.models for call in model.calls] == [("first", "second"), ("first",), ("second",)]
    assert outcome.model == "second"


def test_no_valid_answer_at_all_is_an_error_with_a_remedy(serve: Serve) -> None:
    with pytest.raises(ModelError, match="simplify the output schema"):
        serve(ScriptedModel(["no", "no"]), output=QUEUE)


def test_a_cut_off_answer_is_never_read(serve: Serve) -> None:
    cut = '{"note": "a b c d e f", "queue": "network"}'
    model = ScriptedModel([cut, NETWORK])

    outcome = serve(model, output=QUEUE, limits=RequestLimits(output_tokens=4))

    assert outcome.data == {"note": "wifi", "queue": "network"}
    assert [call.output_tokens for call in model.calls] == [4, 8]
    assert roles(model.calls[1]) == "s u"


def test_the_vote_is_won_by_most_samples_and_ends_early(serve: Serve) -> None:
    model = ScriptedModel([HARDWARE, NETWORK, NETWORK, NETWORK, HARDWARE])
    steps = (PromptStep(samples=5, vote="queue"),)

    outcome = serve(model, output=QUEUE, steps=steps)

    assert outcome.data["queue"] == "network"
    assert len(model.calls) == 4
    assert len({call.seed for call in model.calls}) == 4
    assert all(call.temperature > 0 for call in model.calls)


def test_a_step_can_use_what_an_earlier_one_found(serve: Serve) -> None:
    model = ScriptedModel(["- wifi is down", "All fine."])
    steps = (
        PromptStep(into="points", prompt="List the points."),
        PromptStep(ask="Points:\n{{ points }}\nMessage: {{ message }}"),
    )

    outcome = serve(model, steps=steps)

    assert outcome.text == "All fine."
    assert model.calls[0].messages[0]["content"] == "List the points."
    assert (
        model.calls[1].messages[-1]["content"]
        == "Points:\n- wifi is down\nMessage: the wifi is down"
    )


def test_a_follow_up_sees_the_thread(serve: Serve) -> None:
    model = ScriptedModel()
    history = (
        {"role": "user", "content": "rewrite this"},
        {"role": "assistant", "content": "Done."},
    )

    serve(model, text="shorter please", history=history)

    assert roles(model.calls[0]) == "s u a u"
    assert model.calls[0].parts["context"] == "rewrite this\nDone."


def test_a_very_long_message_is_cut_in_the_middle(serve: Serve) -> None:
    model = ScriptedModel()

    serve(model, text="start " + "x" * 40_000 + " end", limits=RequestLimits(input_tokens=100))

    asked = model.calls[0].messages[-1]["content"]
    assert len(asked) <= 300
    assert asked.startswith("start")
    assert asked.endswith("end")


def test_only_the_first_call_counts_as_a_request(serve: Serve) -> None:
    model = ScriptedModel(["no json", NETWORK])

    serve(model, output=QUEUE)

    assert [call.payer.requests for call in model.calls if call.payer] == [1, 0]


def test_a_request_stops_when_its_seconds_are_over(serve: Serve, clock: Any) -> None:
    def late(call: ModelCall) -> str:
        clock.forward(31)
        return "no json"

    with pytest.raises(ModelError, match="its 30 s are over"):
        serve(ScriptedModel([late]), output=QUEUE)


def test_a_tuned_version_asks_its_adapter_without_examples(serve: Serve) -> None:
    model = ScriptedModel([NETWORK])
    shots = (Shot(text="a", answer={"note": "n", "queue": "hardware"}),)

    outcome = serve(
        model,
        kind="tuned",
        adapter="leave-1",
        output=QUEUE,
        shots=shots,
        steps=(PromptStep(shots=1),),
    )

    assert model.calls[0].adapter == "leave-1"
    assert model.calls[0].models == ("local",)
    assert roles(model.calls[0]) == "s u"
    assert (outcome.kind, outcome.data["queue"]) == ("tuned", "network")


def test_a_tuned_version_that_fails_falls_back_on_its_prompted_models(serve: Serve) -> None:
    model = ScriptedModel([ModelError("down", retry=True), NETWORK])
    shots = (Shot(text="a", answer={"note": "n", "queue": "hardware"}),)
    steps = (PromptStep(shots=1),)

    serve(
        model, kind="tuned", adapter="a-1", models=("big",), output=QUEUE, shots=shots, steps=steps
    )

    assert model.calls[1].models == ("big",)
    assert model.calls[1].adapter is None
    assert roles(model.calls[1]) == "s u a u"


def test_a_cap_is_never_answered_by_a_fall_back(serve: Serve) -> None:
    refusal = BudgetError("cap", resets_at=1.0)

    with pytest.raises(BudgetError):
        serve(ScriptedModel([refusal]), kind="tuned", adapter="a-1", models=("big",), output=QUEUE)


LOOP = "We are sorry for the delay. " * 40
LARGER = ("openai/larger",)


def test_a_text_that_repeats_itself_is_no_answer(serve: Serve) -> None:
    with pytest.raises(WeakAnswerError, match="repeats itself") as refused:
        serve(ScriptedModel([LOOP]))

    assert (refused.value.model, refused.value.reason) == ("local", "weak")
    with pytest.raises(WeakAnswerError, match="repeats itself"):
        serve(ScriptedModel([LOOP]), models=LARGER)


def test_the_included_model_that_comes_to_no_end_has_given_no_answer(serve: Serve) -> None:
    limits = RequestLimits(output_tokens=3)
    answer = "one two three four five"

    with pytest.raises(WeakAnswerError, match="no end"):
        serve(ScriptedModel([answer]), limits=limits)

    # A larger one had more to say.
    assert serve(ScriptedModel([answer]), limits=limits, models=LARGER).text.endswith("[…]")


def test_the_included_model_is_not_asked_for_another_language(serve: Serve) -> None:
    order = "translate to german: the delivery is late by two weeks"
    model = ScriptedModel([])

    with pytest.raises(WeakAnswerError) as refused:
        serve(model, order)

    assert (refused.value.reason, model.calls) == ("weak_language", [])
    german = "Die Lieferung kommt zwei Wochen zu spät."
    assert serve(ScriptedModel([german]), order, models=LARGER).text == german


def test_nobody_reads_what_the_included_model_writes_before_it_is_compared(serve: Serve) -> None:
    heard: list[str] = []
    answer = "the wifi is down today"

    with pytest.raises(WeakAnswerError, match="figures or days"):
        serve(ScriptedModel([answer]), grounding="words", emit=heard.append)

    assert heard == []


def test_what_the_message_does_not_say_is_left_out_and_the_answer_says_so(serve: Serve) -> None:
    schema = {
        "type": "object",
        "properties": {"part": {"type": "string"}, "place": {"type": "string"}},
        "required": ["part", "place"],
    }
    model = ScriptedModel([json.dumps({"part": "wifi", "place": "payment page"})])

    outcome = serve(model, output=schema, grounding="words")

    assert outcome.data == {"part": "wifi", "place": ""}
    assert outcome.text == "Part: wifi\nNot stated in the message, so left out: place."


def test_a_larger_model_may_find_words_of_its_own(serve: Serve) -> None:
    schema = {"type": "object", "properties": {"part": {"type": "string"}}, "required": ["part"]}
    answer = json.dumps({"part": "wireless network"})

    form = serve(ScriptedModel([answer]), output=schema, grounding="words", models=LARGER)
    text = serve(ScriptedModel(["Down since 9 on Monday."]), grounding="words", models=LARGER)

    assert form.data == {"part": "wireless network"}
    assert text.text == "Down since 9 on Monday."


def test_a_form_with_nothing_of_the_message_is_no_answer(serve: Serve) -> None:
    schema = {"type": "object", "properties": {"part": {"type": "string"}}, "required": ["part"]}

    with pytest.raises(WeakAnswerError, match="words of the message"):
        serve(ScriptedModel(['{"part": "payment page"}']), output=schema, grounding="words")


def test_a_tuned_route_keeps_what_a_correction_does_not_speak_of(serve: Serve) -> None:
    history: tuple[Message, ...] = (
        {"role": "user", "content": "the mouse of Ida is dead"},
        {"role": "assistant", "content": "Note: mouse of Ida\nQueue: hardware"},
    )

    outcome = serve(
        ScriptedModel([json.dumps({"note": "network", "queue": "network"})]),
        "sorry, that is one for the hardware people",
        history,
        kind="tuned",
        models=LARGER,
        output=QUEUE,
        grounding="words",
    )

    assert outcome.data == {"note": "mouse of Ida", "queue": "hardware"}
