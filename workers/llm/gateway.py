"""The model gateway: fallbacks, one retry, time-outs, breaker, caps and prices around any way to ask a model."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Protocol

from router.config import Settings
from router.errors import BudgetError, ModelError, StoppedError
from workers.llm.budget import Budget
from workers.llm.circuit_breaker import Breaker
from workers.llm.concurrency import BusyError, Slots
from workers.llm.pricing import Price, split_tokens
from workers.llm.response_cache import Replay
from workers.llm.watchdog import SilenceError, watched
from workers.ports import Call, Reply

LOCAL = "local"
MANY = "hosted_vllm/"
"""How models are named that stand beside each other on one server: each adapter under a name of
its own."""
RETRY_SECONDS = 1.0
ROUNDING_USD = 1e-12
STREAM_ABOVE_TOKENS = 200
"""A longer answer is streamed even if nobody watches, so that a server that fell silent is
noticed while it writes."""

Feed = Callable[[str], None]


class LocalServer(Protocol):
    """The model server on this machine: OpenAI-compatible at `url`, which ends in /v1; its LoRA ids by name."""

    @property
    def url(self) -> str:
        """Where it answers now."""
        ...

    @property
    def adapters(self) -> Mapping[str, int]:
        """The adapters it has loaded."""
        ...

    def want(self, adapter: str) -> bool:
        """Load an adapter that was trained since; False when nobody knows it."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """One model to be asked: its name, and where it lives if that is not the vendor's own address.

    `lora` holds the scale of each adapter, 0 for off, by its number; None for a server that knows
    nothing of adapters.
    """

    name: str
    url: str | None = None
    key: str | None = None
    lora: Mapping[int, float] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `seconds` is the server's own processing time, None when it does not tell.

    `reported` is what the server calls its model, `system` the fingerprint of its set-up; empty
    when it does not tell.
    """

    text: str
    stop: str
    prompt_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    seconds: float | None = None
    reported: str = ""
    system: str = ""


class Vendor(Protocol):
    """Asks one model once. Raises ModelError; never retries by itself."""

    def ask(self, target: Target, call: Call, silence: float, feed: Feed | None) -> Answer:
        """The whole answer; with `feed` each piece is handed over as it arrives. No read waits beyond `silence`."""
        ...

    def price(self, name: str) -> Price | None:
        """What the model costs; None when nobody knows."""
        ...


class Gateway:
    """Answers calls with the first of their models that works. Safe to share between threads."""

    def __init__(
        self,
        settings: Settings,
        vendor: Vendor,
        local: LocalServer | None,
        now: Callable[[], float],
        random: Callable[[], float],
        budget: Budget | None = None,
    ) -> None:
        self._settings, self._vendor, self._local, self._now, self._random = (
            settings,
            vendor,
            local,
            now,
            random,
        )

        self._budget = budget
        self._breakers: dict[str, Breaker] = {}
        self._slots = Slots(settings.local_slots)
        self._replay = Replay(now)

    def breakers(self) -> Mapping[str, Breaker]:
        """The breaker of every model that was asked, for health and metrics."""
        return dict(self._breakers)

    def complete(self, call: Call, on_text: Feed | None = None) -> Reply:
        """The reply of the first of the call's models that gives one; an identical call may be answered from memory."""
        known = self._replay.find(call)
        if known is not None:
            if on_text is not None:
                on_text(known.text)
            return known

        if self._budget is not None:
            self._budget.admit(call.payer)

        names = tuple(call.models) or (self._settings.model,)
        deadline = time.monotonic() + min(call.seconds, self._settings.model_seconds)
        patience = self._settings.silence_seconds
        listener = _Listener(on_text)
        failures: list[ModelError] = []

        for number, name in enumerate(names):
            start = time.monotonic()
            try:
                left = _Left(deadline, patience / (len(names) - number))
                reply = self._one_model(name, call, left, listener)
            except BudgetError:
                raise
            except ModelError as error:
                failures.append(error)
                listener.close_if_used()
                patience = max(1.0, patience - (time.monotonic() - start))
            else:
                self._replay.keep(call, reply)
                return reply

        said = "; then ".join(map(str, failures))
        raise ModelError(said, retry=any(error.retry for error in failures)) from failures[-1]

    def _one_model(self, name: str, call: Call, left: _Left, listener: _Listener) -> Reply:
        """The reply of one model, asked a second time when that can help and there is time for it."""
        breaker = self._breakers.setdefault(name, Breaker(self._now))
        target = self._target(name, call)

        while True:
            if not breaker.allows():
                wait = breaker.seconds_to_probe
                raise ModelError(
                    f"asking {name!r}: it failed repeatedly and is left alone for {wait:.0f} s",
                    retry=True,
                )

            try:
                reply = self._paid(target, call, left, listener)
            except BudgetError:
                raise
            except ModelError as error:
                if error.retry and not isinstance(error, BusyError):
                    breaker.failed()
                if not left.one_more(error, self._random() * RETRY_SECONDS):
                    raise

                listener.close_if_used()
            else:
                breaker.worked()
                return reply

    def _paid(self, target: Target, call: Call, left: _Left, listener: _Listener) -> Reply:
        """One call, with the most it can cost set aside before and what it did cost settled after it."""
        if left.seconds <= 0:
            raise BusyError(
                f"asking {target.name!r}: the request's time is over; raise limits.seconds",
                retry=True,
            )

        price = self._price(target.name)
        most = price.at_most(call.messages, call.output_tokens)

        used_up = call.usd is not None and call.usd <= 0 and not price.free
        if call.usd is not None and (used_up or most > call.usd + ROUNDING_USD):
            raise ModelError(
                f"asking {target.name!r}: one call may cost ${most:.4f}, the route allows ${call.usd:.4f} more; "
                "raise limits.usd, lower limits.output_tokens or take a cheaper model"
            )

        reserved = (
            self._budget.reserve(call.payer, most) if self._budget and not price.free else None
        )
        spent = 0.0

        try:
            reply = self._ask(target, call, left, listener, price)
            spent = reply.usd
        except (SilenceError, StoppedError):
            spent = most  # we left, but the provider may have finished and will bill it
            raise
        finally:
            if self._budget is not None:
                self._budget.settle(reserved, spent)

        return reply

    def _ask(
        self, target: Target, call: Call, left: _Left, listener: _Listener, price: Price
    ) -> Reply:
        local = target.lora is not None
        start = time.monotonic()

        with self._slots.take(left.seconds) if local else nullcontext():
            streamed = listener.open or call.output_tokens > STREAM_ABOVE_TOKENS
            silence = min(left.silence, left.seconds)

            def run(feed: Feed) -> Answer:
                return self._vendor.ask(target, call, silence, feed if streamed else None)

            try:
                answer = watched(run, listener.hear, silence, left.seconds)
            except SilenceError as error:
                if local:
                    self._slots.silent()

                said = f"asking {target.name!r}: {error}; it is overloaded or down, try again later"
                raise SilenceError(said, retry=True) from error

        seconds = time.monotonic() - start
        tokens = split_tokens(
            answer.prompt_tokens, answer.output_tokens, answer.cached_tokens, call.parts
        )
        usd = price.usd(tokens, seconds if answer.seconds is None else answer.seconds)

        return Reply(
            answer.text,
            target.name,
            tokens,
            usd,
            seconds,
            answer.stop,
            answer.reported,
            answer.system,
        )

    def _price(self, name: str) -> Price:
        s = self._settings
        if name == LOCAL:
            return Price(second=s.local_usd_per_cpu_second * s.local_threads)

        million = 1_000_000
        read, written = s.usd_per_million_input / million, s.usd_per_million_output / million
        return self._vendor.price(name) or Price(read=read, cached=read, written=written)

    def _target(self, name: str, call: Call) -> Target:
        if name == LOCAL and self._local is not None:
            return Target(name, self._local.url, "none", self._lora(call.adapter, self._local))

        if name == LOCAL and not self._settings.model_url:
            raise ModelError(
                "asking 'local': no local model server runs here; set BEAGLE_MODEL or BEAGLE_MODEL_URL"
            )

        if call.adapter is not None:
            raise ModelError(
                f"asking {name!r}: adapter {call.adapter!r} lives on the local server only; "
                "name a remote adapter as a model of its own"
            )

        url, key = self._settings.model_url, self._settings.model_key.get_secret_value()
        if name.startswith(MANY) and self._settings.adapters_url:
            return Target(name, self._settings.adapters_url, key or "none")
        if name not in (self._settings.model, LOCAL):
            return Target(name)

        return Target(name, url or None, key or ("none" if url else None))

    @staticmethod
    def _lora(adapter: str | None, local: LocalServer) -> Mapping[int, float]:
        loaded = local.adapters
        if adapter is not None and adapter not in loaded and local.want(adapter):
            loaded = local.adapters

        if adapter is not None and adapter not in loaded:
            raise ModelError(
                f"asking 'local' with adapter {adapter!r}: it is not loaded; "
                f"loaded: {', '.join(sorted(loaded)) or 'none'}; restart the local server"
            )

        # Each one by its number, those that are off too: asked with an empty list, llama.cpp goes
        # on from what it keeps of a prompt that it read with an adapter on, and others get that
        # adapter's words.
        return {number: float(name == adapter) for name, number in loaded.items()}


class _Listener:
    """Hands pieces of an answer on, until half an answer has been given up: the next one must not be added to it."""

    def __init__(self, on_text: Feed | None) -> None:
        self._on_text = on_text
        self._used = False

    @property
    def open(self) -> bool:
        return self._on_text is not None

    def hear(self, text: str) -> None:
        if self._on_text is not None:
            self._used = True
            self._on_text(text)

    def close_if_used(self) -> None:
        if self._used:
            self._on_text = None


class _Left:
    """The time one model has, and whether it may be asked a second time."""

    def __init__(self, deadline: float, silence: float) -> None:
        self._deadline = deadline
        self._tried = False
        self.silence = silence

    @property
    def seconds(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def one_more(self, error: ModelError, pause: float) -> bool:
        """Waits `pause` and is true when asking again can help; a silent server has used up its time already."""
        if self._tried or not error.retry or isinstance(error, SilenceError | BusyError):
            return False

        self._tried = True
        if self.seconds < pause + 1.0:
            return False

        threading.Event().wait(pause)
        return True
