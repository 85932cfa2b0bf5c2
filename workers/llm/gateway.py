"""The model gateway: fallbacks, one retry, time-outs, circuit breakers, caps and prices."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from router.config import Settings
from router.errors import ModelError, StoppedError
from workers.llm.budget import Budget
from workers.llm.circuit_breaker import CircuitBreaker
from workers.llm.concurrency import BusyError, ConcurrencyLimiter, ModelSlot
from workers.llm.local.adapter_keys import adapter_scales, own_model
from workers.llm.model_client import Endpoint, LocalServer, ModelClient, RawAnswer, TextCallback
from workers.llm.model_prices import LOCAL as LOCAL
from workers.llm.model_prices import model_price
from workers.llm.pricing import Price, counted_tokens, split_tokens
from workers.llm.response_cache import ResponseCache
from workers.llm.watchdog import StallTimeoutError, run_with_timeout
from workers.ports import ModelCall, ModelReply
from workers.runtime import tracing
from workers.runtime.bounded import BoundedDict

MULTI_ADAPTER_PREFIX = "hosted_vllm/"
"""The prefix of model names on a server that serves many adapters, each under its own name."""
RETRY_SECONDS = 1.0
"""Upper bound of the pause before the one retry."""
MIN_STALL_SECONDS = 1.0
"""What a later model gets at least, however long the earlier ones stalled."""
MIN_RETRY_SECONDS = 1.0
"""A retry needs this much time after its pause, otherwise it is pointless."""
ROUNDING_USD = 1e-12
MAX_MODELS = 1000
"""Models whose failures are counted; each version that a provider trains has a name of its own."""
STREAM_ABOVE_TOKENS = 200
"""A longer answer is streamed even if nobody watches: a server that stalls while it writes is
noticed then."""


class Gateway:
    """Answers calls with the first of their models that works. Safe to share between threads."""

    def __init__(
        self,
        settings: Settings,
        client: ModelClient,
        local: LocalServer | None,
        now: Callable[[], float],
        random: Callable[[], float],
        budget: Budget | None = None,
    ) -> None:
        self._settings = settings
        self._client = client
        self._local = local
        self._now = now
        self._random = random
        self._budget = budget
        self._breakers: BoundedDict[str, CircuitBreaker] = BoundedDict(MAX_MODELS)
        self._local_limiter = ConcurrencyLimiter(settings.local_concurrency)
        self._cache = ResponseCache(now)

    def complete(self, call: ModelCall, on_text: TextCallback | None = None) -> ModelReply:
        """Returns the reply of the first of the call's models that gives one.

        A call that allows caching may be answered from memory. Raises BudgetError when a cap would
        be passed, else ModelError with what each model said.
        """
        # Before the caps: an answer from memory costs nothing.
        cached = self._cache.get(call)
        if cached is not None:
            if on_text is not None:
                on_text(cached.text)
            return cached

        if self._budget is not None:
            self._budget.count_request(call.payer)

        names = tuple(call.models) or (self._settings.model,)
        timeout = min(call.timeout_seconds, self._settings.model_timeout_seconds)
        ends_at = time.monotonic() + timeout
        stall_budget = self._settings.stall_timeout_seconds
        listener = _StreamListener(on_text)
        failures: list[ModelError] = []

        for index, name in enumerate(names):
            start = time.monotonic()
            try:
                # The stall budget is shared: people wait for the whole call, not for each model.
                deadline = _Deadline(ends_at, stall_budget / (len(names) - index))
                reply = self._ask_model(name, call, deadline, listener)
            except ModelError as error:
                # A BudgetError passes through: a cap concerns the payer, so no other model would
                # be allowed either.
                failures.append(error)
                listener.close_if_used()
                waited = time.monotonic() - start
                stall_budget = max(MIN_STALL_SECONDS, stall_budget - waited)
            else:
                self._cache.put(call, reply)
                return reply

        messages = "; then ".join(map(str, failures))
        retry = any(error.retry for error in failures)
        setup = all(error.setup for error in failures)
        raise ModelError(messages, retry=retry, setup=setup) from failures[-1]

    def _ask_model(
        self, name: str, call: ModelCall, deadline: _Deadline, listener: _StreamListener
    ) -> ModelReply:
        """Asks one model, and once more when that can help and there is time for it."""
        breaker = self._breakers.setdefault(name, CircuitBreaker(self._now))
        endpoint = self._endpoint(name, call)

        # At most twice: the deadline allows one retry.
        while True:
            if not breaker.allow_request():
                wait = breaker.seconds_to_probe
                raise ModelError(
                    f"asking {name!r}: it failed repeatedly and is left alone for {wait:.0f} s",
                    retry=True,
                )

            try:
                reply = self._ask_within_budget(endpoint, call, deadline, listener)
            except ModelError as error:
                # A full queue or a refused request is not the model's fault.
                if error.retry and not isinstance(error, BusyError):
                    breaker.record_failure()
                if not deadline.allows_retry(error, self._random() * RETRY_SECONDS):
                    raise

                listener.close_if_used()
            else:
                breaker.record_success()
                return reply

    def _ask_within_budget(
        self, endpoint: Endpoint, call: ModelCall, deadline: _Deadline, listener: _StreamListener
    ) -> ModelReply:
        """Makes one call; reserves its worst-case cost before and settles the real cost after."""
        if deadline.seconds_left <= 0:
            raise BusyError(
                f"asking {endpoint.name!r}: the request's time is over; raise limits.seconds",
                retry=True,
            )

        price = model_price(endpoint.name, self._settings, self._client.price).price
        worst_case_usd = price.upper_bound(call)
        _check_route_limit(endpoint, call, price, worst_case_usd)

        reservation = None
        if self._budget is not None and not price.is_free:
            reservation = self._budget.reserve(call.payer, worst_case_usd)

        spent = 0.0
        try:
            with tracing.span("model", model=endpoint.name) as note:
                reply = self._send(endpoint, call, deadline, listener, price)
                spent = reply.usd
                read = reply.tokens.total - reply.tokens.output
                note(input_tokens=read, output_tokens=reply.tokens.output, usd=reply.usd)
        except (StallTimeoutError, StoppedError):
            # We left, but the provider may finish the answer and will bill it.
            spent = worst_case_usd
            raise
        finally:
            if self._budget is not None:
                self._budget.settle(reservation, spent)

        return reply

    def _send(
        self,
        endpoint: Endpoint,
        call: ModelCall,
        deadline: _Deadline,
        listener: _StreamListener,
        price: Price,
    ) -> ModelReply:
        start = time.monotonic()
        if endpoint.lora is None:
            answer = self._receive(endpoint, call, deadline, listener.is_open, listener.pass_on)
        else:
            answer = self._receive_locally(endpoint, call, deadline, listener)

        seconds = time.monotonic() - start
        prompt_tokens, output_tokens = answer.prompt_tokens, answer.output_tokens
        if not prompt_tokens and not output_tokens:
            # A server that counts nothing is not free of charge.
            prompt_tokens, output_tokens = counted_tokens(call, answer.text, price.picture_tokens)

        tokens = split_tokens(prompt_tokens, output_tokens, answer.cached_tokens, call.parts)
        billed_seconds = seconds if answer.seconds is None else answer.seconds

        return ModelReply(
            text=answer.text,
            model=endpoint.name,
            tokens=tokens,
            usd=price.cost(tokens, billed_seconds),
            seconds=seconds,
            finish_reason=answer.finish_reason,
            reported_model=answer.reported_model,
            system_fingerprint=answer.system_fingerprint,
            token_probability=answer.token_probability,
        )

    def _receive_locally(
        self, endpoint: Endpoint, call: ModelCall, deadline: _Deadline, listener: _StreamListener
    ) -> RawAnswer:
        """Receives the answer in a slot of the small local server, which has no queue of its own.

        Raises BusyError when the call waited so long for its slot that too little time was left.
        """
        with self._local_slot(call, deadline) as slot:
            is_cut_short = slot.waited and deadline.seconds_left < deadline.stall_seconds

            def pass_on(text: str) -> None:
                slot.heard()
                listener.pass_on(text)

            try:
                answer = self._receive(endpoint, call, deadline, listener.is_open, pass_on)
            except StallTimeoutError as error:
                # Whose time was spent in the queue has not waited for the server long enough.
                if is_cut_short:
                    raise BusyError(
                        f"asking {endpoint.name!r}: it was busy with others for so long that no "
                        "time was left for an answer; try again when it is less busy",
                        retry=True,
                    ) from error

                slot.report_silence()
                raise

            slot.heard()
            return answer

    def _receive(
        self,
        endpoint: Endpoint,
        call: ModelCall,
        deadline: _Deadline,
        is_watched: bool,
        on_text: TextCallback,
    ) -> RawAnswer:
        """Sends the call and returns its answer. Raises StallTimeoutError when nothing comes."""
        stream = is_watched or call.output_tokens > STREAM_ABOVE_TOKENS
        stall_seconds = min(deadline.stall_seconds, deadline.seconds_left)

        def run(emit: TextCallback) -> RawAnswer:
            return self._client.send(endpoint, call, stall_seconds, emit if stream else None)

        try:
            return run_with_timeout(run, on_text, stall_seconds, deadline.seconds_left)
        except StallTimeoutError as error:
            raise StallTimeoutError(
                f"asking {endpoint.name!r}: {error}; it is overloaded or down, try again later",
                retry=True,
            ) from error

    def _local_slot(
        self, call: ModelCall, deadline: _Deadline
    ) -> AbstractContextManager[ModelSlot]:
        if call.payer is None:
            return self._local_limiter.acquire(deadline.seconds_left)

        person = call.payer.person
        return self._local_limiter.acquire(deadline.seconds_left, person.team, person.key_in_team)

    def _endpoint(self, name: str, call: ModelCall) -> Endpoint:
        """Returns the model's address and key. Raises ModelError when it has no address."""
        if name == LOCAL and self._local is not None:
            own = own_model(call, self._local)
            if own is not None:
                return Endpoint(name, own.url, own.key, {})

            # First the adapters: loading one may move the server to another address.
            scales = adapter_scales(call, self._local)
            address = self._local.address()
            return Endpoint(name, address.url, address.key, scales)

        if name == LOCAL and not self._settings.model_url:
            raise ModelError(
                "asking 'local': no local model server runs here; "
                "set BEAGLE_MODEL or BEAGLE_MODEL_URL"
            )

        if call.adapter is not None:
            raise ModelError(
                f"asking {name!r}: adapter {call.adapter!r} lives on the local server only; "
                "name a remote adapter as a model of its own"
            )

        url = self._settings.model_url
        key = self._settings.model_key.get_secret_value()
        if name.startswith(MULTI_ADAPTER_PREFIX) and self._settings.adapter_server_url:
            return Endpoint(name, self._settings.adapter_server_url, key or "none")

        if name not in (self._settings.model, LOCAL):
            # The key belongs to the configured model's vendor; a fallback is another vendor's.
            return Endpoint(name)

        return Endpoint(name, url or None, key or ("none" if url else None))


def _check_route_limit(
    endpoint: Endpoint, call: ModelCall, price: Price, worst_case_usd: float
) -> None:
    """Raises ModelError when the call could cost more than what its route still allows."""
    if call.max_usd is None:
        return

    used_up = call.max_usd <= 0 and not price.is_free
    if used_up or worst_case_usd > call.max_usd + ROUNDING_USD:
        raise ModelError(
            f"asking {endpoint.name!r}: one call may cost ${worst_case_usd:.4f}, the route allows "
            f"${call.max_usd:.4f} more; raise limits.usd, lower limits.output_tokens or take a "
            "cheaper model"
        )


class _StreamListener:
    """Passes pieces of an answer on, until half an answer has been given up.

    The person has read that half; the next model's answer must not be appended to it.
    """

    def __init__(self, on_text: TextCallback | None) -> None:
        self._on_text = on_text
        self._used = False

    @property
    def is_open(self) -> bool:
        return self._on_text is not None

    def pass_on(self, text: str) -> None:
        if self._on_text is not None:
            self._used = True
            self._on_text(text)

    def close_if_used(self) -> None:
        if self._used:
            self._on_text = None


class _Deadline:
    """The time one model has, and whether it may be asked a second time."""

    def __init__(self, ends_at: float, stall_seconds: float) -> None:
        self._ends_at = ends_at
        self._retried = False
        self.stall_seconds = stall_seconds

    @property
    def seconds_left(self) -> float:
        return max(0.0, self._ends_at - time.monotonic())

    def allows_retry(self, error: ModelError, pause: float) -> bool:
        """Waits for `pause` seconds and returns True when asking again can help.

        A server that stalled has used up its time already, and a full one would still be full.
        """
        if self._retried or not error.retry:
            return False
        if isinstance(error, StallTimeoutError | BusyError):
            return False

        self._retried = True
        if self.seconds_left < pause + MIN_RETRY_SECONDS:
            return False

        threading.Event().wait(pause)
        return True
