"""Asks the model for one request: within its limits in time and money, and until the answer has the right shape."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from router.errors import ModelError
from router.types import Outcome, Tokens
from workers.context import Context, Work
from workers.llm.gateway import LOCAL
from workers.ports import Call, Message, Payer, Reply
from workers.prompting.prompt import Prompt
from workers.prompting.structured_output import ShapeError, bounded, parse

Schema: TypeAlias = Mapping[str, Any]
LONGER = 2
"""An answer that was cut off is asked for once more with this many times the tokens."""


@dataclass(frozen=True, slots=True)
class How:
    """How a call is to be made; `output_tokens` 0 means the version's own limit."""

    adapter: str | None = None
    temperature: float = 0.0
    seed: int = 0
    output_tokens: int = 0
    schema: Schema | None = None


class Asker:
    """The calls of one request and what they add up to. Its methods may be called from several threads."""

    def __init__(self, context: Context, work: Work) -> None:
        self._context, self._work = context, work
        self._deadline = context.now() + work.version.limits.seconds
        self._lock = threading.Lock()
        self._calls = 0
        self.tokens, self.usd, self.model = Tokens(), 0.0, ""

    def text(
        self, prompt: Prompt, how: How = How(), on_text: Callable[[str], None] | None = None
    ) -> str:
        """A free answer; one that was cut off ends with a mark."""
        reply = self._call(prompt, how, self._models(how), on_text)
        return reply.text.strip() + (" […]" if reply.stop == "length" else "")

    def value(self, prompt: Prompt, schema: Schema, how: How = How()) -> Any:
        """An answer in the shape of `schema`, from the first model that gives one.

        A cut-off answer is never read: it is asked for once more with room for it. One that does
        not fit is asked for once more with the reason. Raises ModelError when no model gave a valid
        answer.
        """
        models: Sequence[str] = self._models(how)
        problems: list[str] = []

        while models:
            found, model, problem = self._from(prompt, schema, how, models)
            if problem is None:
                return found

            problems.append(f"{model!r}: {problem}")
            models = models[models.index(model) + 1 :] if model in models else ()

        raise ModelError(
            f"asking for a structured answer of route {self._work.version.route!r}: no valid one came: "
            f"{'; '.join(problems)}; simplify the output schema, raise limits.output_tokens or take a stronger model"
        )

    def outcome(self, text: str, data: Any = None) -> Outcome:
        """The result of the request, with all that was spent on it."""
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

    def _from(
        self, prompt: Prompt, schema: Schema, how: How, models: Sequence[str]
    ) -> tuple[Any, str, str | None]:
        """A value, or the problem that two answers of one model had."""
        how = replace(how, schema=bounded(schema))
        told, problem, model = prompt, "", ""

        for _ in (1, 2):
            reply = self._call(told, how, models if not model else (model,), None)
            model = reply.model

            if reply.stop == "length":
                tokens = how.output_tokens or self._work.version.limits.output_tokens
                problem = f"the answer was cut off at {tokens} tokens"
                how = replace(how, output_tokens=tokens * LONGER)
                continue

            try:
                return parse(reply.text, schema), model, None
            except ShapeError as error:
                problem = str(error)
                told = _told(prompt, reply.text, problem)

        return None, model, problem

    def _call(
        self, prompt: Prompt, how: How, models: Sequence[str], on_text: Callable[[str], None] | None
    ) -> Reply:
        work, limits = self._work, self._work.version.limits

        left = self._deadline - self._context.now()
        if left <= 0:
            raise ModelError(
                f"answering with route {work.version.route!r}: its {limits.seconds:.0f} s are over",
                retry=True,
            )

        with self._lock:
            requests = 0 if self._calls else 1
            self._calls += 1
            usd = limits.usd - self.usd

        request = work.request
        call = Call(
            messages=prompt.messages,
            models=models,
            schema=how.schema,
            adapter=how.adapter,
            output_tokens=how.output_tokens or limits.output_tokens,
            seconds=left,
            temperature=how.temperature,
            seed=how.seed,
            parts=prompt.parts,
            payer=Payer(request.team, request.channel, request.user, requests),
            usd=max(0.0, usd),
            cache=work.version.cache,
        )

        reply = self._context.model.complete(call, on_text)
        with self._lock:
            self.tokens += reply.tokens
            self.usd += reply.usd
            self.model = reply.model

        return reply

    def _models(self, how: How) -> tuple[str, ...]:
        if how.adapter is not None:
            return (LOCAL,)
        return self._work.version.models or (self._context.settings.model,)


def _told(prompt: Prompt, answer: str, problem: str) -> Prompt:
    """The same question, with the answer that did not do and the reason."""
    complaint = f"This answer is not valid: {problem}. Answer again, with valid JSON of the required shape only."
    said: tuple[Message, ...] = (
        {"role": "assistant", "content": answer[:2000]},
        {"role": "user", "content": complaint},
    )

    return replace(prompt, messages=(*prompt.messages, *said))
