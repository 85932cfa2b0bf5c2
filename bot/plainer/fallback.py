"""Sends a body to Slack, in plainer forms as long as Slack refuses its blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.plainer.bodies import Body, kinds_of, plainer, shorter, text_only
from bot.plainer.kinds import BASIC, NEWER
from bot.plainer.memory import RefusedKinds
from bot.plainer.refusals import TOO_LONG, Refusal
from router.log import get_log

T = TypeVar("T")

MAX_ATTEMPTS = 5
"""A dialog must open within three seconds, and a response URL may be used five times."""


@dataclass(frozen=True, slots=True)
class SendResult(Generic[T]):
    """What came of one call; `refusal` is None unless Slack refused the content."""

    result: T
    refusal: Refusal | None = None


class Fallback:
    """Sends the plainest form that is needed, and remembers per workspace what Slack refuses."""

    def __init__(self, memory: RefusedKinds | None = None) -> None:
        self._memory = memory or RefusedKinds()
        self._log = get_log(part="blocks")

    def refuses(self, team: str, surface: str, kind: str) -> bool:
        """Returns whether Slack refused this kind there lately."""
        return kind in self._memory.get(team, surface)

    def send(self, team: str, surface: str, body: Body, call: Callable[[Body], SendResult[T]]) -> T:
        """Returns the result of the first form that Slack accepts, else that of the last form."""
        known = self._memory.get(team, surface)
        forms = _Forms(body, known, surface)
        attempt = call(forms.current)

        for left in range(MAX_ATTEMPTS - 1, 0, -1):
            refusal = attempt.refusal
            if refusal is None:
                break

            self._memory.add(team, surface, refusal.unknown)
            if surface == "modal" and not refusal.kinds:
                # Should its trigger be spent now, the next click shows the plainer dialog at once.
                self._memory.add(team, surface, NEWER & kinds_of(body))

            form = forms.plainer_than(refusal) if left > 1 else forms.plainest()
            if form is None:
                return attempt.result

            kinds = ",".join(sorted(refusal.kinds))
            self._log.info("plainer_blocks", surface=surface, error=refusal.code, kinds=kinds)
            attempt = call(form)

        if attempt.refusal is None:
            # Kinds that are old everywhere were refused for what was in them: not for ever.
            self._memory.add(team, surface, forms.refused & NEWER & kinds_of(body) - known)

        return attempt.result


class _Forms:
    """The forms of one body, each plainer than the one before."""

    def __init__(self, body: Body, refused: frozenset[str], surface: str) -> None:
        self._body = body
        self._surface = surface
        self.refused = refused
        self.current = plainer(body, refused, surface)
        self._steps = self._next_steps()
        self._is_second = False

    def plainer_than(self, refusal: Refusal) -> Body | None:
        """Returns the next form that differs from the present one; None after the plainest."""
        if refusal.code in TOO_LONG:
            self._body = shorter(self._body)

        blamed = self.refused | refusal.kinds
        if self._is_second:
            # One kind was blamed already: Slack may go on naming one after the other.
            blamed |= next(self._steps, frozenset())

        self._is_second = True
        while True:
            form = self._without(blamed)
            if form is not None:
                return form

            step = next(self._steps, None)
            if step is None:
                return self.plainest()

            blamed = self.refused | step

    def plainest(self) -> Body | None:
        """Returns a message as text, and a view as paragraphs; None where it is that already."""
        if "view" in self._body:
            # What remains is to read: a dialog that opens explains more than none.
            return self._without((kinds_of(self._body) | BASIC) - {"section"})
        if not self._body.get("blocks"):
            return None

        return self._changed(text_only(self._body, self._surface))

    def _without(self, refused: frozenset[str]) -> Body | None:
        self.refused = refused
        return self._changed(plainer(self._body, refused, self._surface))

    def _changed(self, form: Body) -> Body | None:
        if form == self.current:
            return None

        self.current = form
        return form

    def _next_steps(self) -> Iterator[frozenset[str]]:
        yield NEWER
        yield kinds_of(self._body) - BASIC
