"""The model calls of one request: within its limits, and until the answer has the right shape."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from router.errors import AnswerFormatError, ModelError
from router.types import Outcome, Tokens
from workers.context import Context, Work
from workers.llm.gateway import LOCAL
from workers.ports import Message, ModelCall, ModelReply
from workers.prompting.prompt import Prompt
from workers.prompting.repetition import LoopError, LoopWatch
from workers.prompting.structured_output import AnswerShapeError, bound_lengths, parse_answer

Schema: TypeAlias = Mapping[str, Any]
"""A JSON Schema."""

ATTEMPTS_PER_MODEL = 2
LONGER = 2
"""An answer that was cut off is asked for once more with this many times the tokens."""
CUT_OFF = " […]"
TOKENS = "tokens"
"""The signal of how probable the tokens of the last reply were."""
MAX_REPEATED_ANSWER = 2000
"""Characters of an invalid answer that the second attempt is shown."""


@dataclass(frozen=True, slots=True)
class CallOptions:
    """How a call is made; `output_tokens` 0 stands for the version's own limit."""

    adapter: str | None = None
    temperature: float = 0.0
    seed: int = 0
    output_tokens: int = 0
    schema: Schema | None = None


class CompletionSession:
    """Makes the calls of one request and adds up what they cost. Safe to share between threads."""

    def __init__(self, context: Context, work: Work) -> None:
        self._context = context
        self._work = work
        self._deadline = work.deadline or context.now() + work.version.limits.seconds
        self._lock = threading.Lock()
        self._calls = 0
        self.tokens = Tokens()
        self.usd = 0.0
        self.model = ""

    def text(
        self,
        prompt: Prompt,
        options: CallOptions = CallOptions(),
        on_text: Callable[[str], None] | None = None,
    ) -> str:
        """Returns a free-text answer; one that was cut off ends with a mark.

        The included model is stopped when it begins to repeat itself; the text ends there, then.
        """
        if self.asks_included_model(options):
            on_text = _with_loop_watch(prompt, on_text)

        try:
            reply = self._call(prompt, options, self._models(options), on_text)
        except LoopError as error:
            # Its tokens were never counted, because the server was not asked for its totals.
            self.model = LOCAL
            return error.text.strip()

        text = reply.text.strip()
        if reply.finish_reason == "length":
            text += CUT_OFF

        return text

    def value(self, prompt: Prompt, schema: Schema, options: CallOptions = CallOptions()) -> Any:
        """Returns an answer that is valid under `schema`, from the first model that gives one.

        Each model has two attempts. After an answer that was cut off the second one gets more
        tokens, after an invalid answer it is told what was wrong. Raises ModelError when no model
        gave a valid answer.
        """
        models: Sequence[str] = self._models(options)
        problems: list[str] = []

        while models:
            value, model, problem = self._value_of_first_model(prompt, schema, options, models)
            if problem is None:
                return value

            problems.append(f"{model!r}: {problem}")
            # The gateway may have fallen back itself: go on behind the model that answered.
            if model not in models:
                break
            models = models[models.index(model) + 1 :]

        raise AnswerFormatError(
            f"asking for a structured answer of route {self._work.version.route!r}: "
            f"no valid one came: {'; '.join(problems)}; simplify the output schema, "
            "raise limits.output_tokens or take a stronger model"
        )

    def outcome(self, text: str, data: Any = None) -> Outcome:
        """Returns the request's outcome with everything that was spent on it."""
        version = self._work.version
        return Outcome(
            text=text,
            data=data,
            tokens=self.tokens,
            usd=self.usd,
            model=self.model,
            route=version.route,
            kind=version.kind,
            version=version.id,
        )

    def _value_of_first_model(
        self, prompt: Prompt, schema: Schema, options: CallOptions, models: Sequence[str]
    ) -> tuple[Any, str, str | None]:
        """Returns a value, the model that answered, and None; or the problem of its answers."""
        options = replace(options, schema=bound_lengths(schema))
        attempt = prompt
        problem = ""
        model = ""

        for _ in range(ATTEMPTS_PER_MODEL):
            reply = self._call(attempt, options, (model,) if model else models, None)
            model = reply.model

            if reply.finish_reason == "length":
                tokens = options.output_tokens or self._work.version.limits.output_tokens
                problem = f"the answer was cut off at {tokens} tokens"
                options = replace(options, output_tokens=tokens * LONGER)
                continue

            # The model had the bounded schema; its answer is checked with the route's own.
            try:
                return parse_answer(reply.text, schema), model, None
            except AnswerShapeError as error:
                problem = str(error)
                attempt = _with_complaint(prompt, reply.text, problem)

        return None, model, problem

    def _call(
        self,
        prompt: Prompt,
        options: CallOptions,
        models: Sequence[str],
        on_text: Callable[[str], None] | None,
    ) -> ModelReply:
        limits = self._work.version.limits

        seconds_left = self._deadline - self._context.now()
        if seconds_left <= 0:
            raise ModelError(
                f"answering with route {self._work.version.route!r}: "
                f"its {limits.seconds:.0f} s are over",
                retry=True,
            )

        with self._lock:
            # Only the first call counts as a request of the person's.
            requests = 0 if self._calls or self._work.is_escalation else 1
            self._calls += 1
            spent = self.usd + self._work.usd_spent
            usd_left = usd_limit(self._context, self._work) - spent

        call = ModelCall(
            messages=prompt.messages,
            models=models,
            schema=options.schema,
            adapter=options.adapter,
            output_tokens=options.output_tokens or limits.output_tokens,
            timeout_seconds=seconds_left,
            temperature=options.temperature,
            seed=options.seed,
            parts=prompt.parts,
            payer=self._work.payer(requests),
            max_usd=max(0.0, usd_left),
            cache=self._work.version.cache,
            pictures=() if options.adapter else self._work.attachments.pictures,
            token_probabilities=self._work.is_checked,
        )

        reply = self._context.model.complete(call, on_text)
        with self._lock:
            self.tokens += reply.tokens
            self.usd += reply.usd
            self.model = reply.model
            self._work.costs.append(reply.usd)
            if reply.token_probability is not None:
                self._work.signals[TOKENS] = reply.token_probability

        return reply

    def asks_included_model(self, options: CallOptions) -> bool:
        """Returns whether the small model that comes with Beagle is the first to answer."""
        return self._models(options)[:1] == (LOCAL,)

    def _models(self, options: CallOptions) -> tuple[str, ...]:
        if options.adapter is not None:
            return (LOCAL,)

        return answering_models(self._context, self._work)


def _with_loop_watch(
    prompt: Prompt, on_text: Callable[[str], None] | None
) -> Callable[[str], None]:
    """Returns a listener that passes pieces on and raises LoopError when they repeat themselves."""
    material = "\n".join(message["content"] for message in prompt.messages)
    watch = LoopWatch(material)

    def listen(piece: str) -> None:
        watch.add(piece)
        if on_text is not None:
            on_text(piece)

    return listen


def answering_models(context: Context, work: Work) -> tuple[str, ...]:
    """Returns the models to try in order; with pictures those alone that see."""
    models = work.version.models or (context.settings.model,)
    if not work.attachments.pictures or work.version.vision:
        return models

    return tuple(filter(context.sees, models))


def usd_limit(context: Context, work: Work) -> float:
    """Returns the most USD that a request may cost: its route's limit, and more where it has files.

    A route's limit is written for messages. One picture may cost more than all of that.
    """
    attachments = work.attachments
    extra = context.settings.file_usd if attachments.pictures or attachments.texts else 0.0
    return work.version.limits.usd + extra


def _with_complaint(prompt: Prompt, answer: str, problem: str) -> Prompt:
    """Returns the prompt with the invalid answer and what was wrong with it."""
    complaint = (
        f"This answer is not valid: {problem}. "
        "Answer again, with valid JSON of the required shape only."
    )
    turns: tuple[Message, ...] = (
        {"role": "assistant", "content": answer[:MAX_REPEATED_ANSWER]},
        {"role": "user", "content": complaint},
    )

    return replace(prompt, messages=(*prompt.messages, *turns))
