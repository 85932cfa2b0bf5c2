"""Traces: where each request's time goes, in every process. Off unless a collector is named.

A request's trace and its root span have ids that are made from the request's own id. So the id that
travels with the job is the whole context: whichever process serves the request, after whatever was
lost and woken again, its spans are in the same trace. No span holds what anybody wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import wraps
from typing import ParamSpec, Protocol, TypeVar

from router.errors import INSTALL_EXTRA, SettingsError
from router.types import Request

Serve = ParamSpec("Serve")
Result = TypeVar("Result")
Value = str | int | float | bool | None
Note = Callable[..., None]
"""Adds attributes to the span that is open; takes them as keyword arguments."""


class Recorder(Protocol):
    """Takes spans and sends them somewhere. Safe for many threads."""

    def span(
        self, name: str, request: str, attributes: dict[str, Value]
    ) -> AbstractContextManager[Note]:
        """Opens a span in the request's trace; without one within the span that is open, if any.

        An error that leaves the block marks the span with its type, never with its text.
        """
        ...

    def record(
        self, name: str, request: str, start: float, end: float, attributes: dict[str, Value]
    ) -> None:
        """Records a span that is over; `start` and `end` are in unix seconds."""
        ...

    def record_whole(
        self, request: str, start: float, end: float, attributes: dict[str, Value]
    ) -> None:
        """Records the root span of the request's trace: from its arrival to its answer."""
        ...

    def close(self) -> None:
        """Sends what is left, within seconds."""
        ...


def _ignore(**_attributes: Value) -> None:
    """Notes nothing."""


_OFF: AbstractContextManager[Note] = nullcontext(_ignore)
_recorders: list[Recorder] = []
"""None or one: a process has one tracing, as it has one log."""


def open_tracing(url: str, process: str) -> None:
    """Sends this process's spans to the collector at `url` (OTLP over HTTP); empty sends none.

    Raises SettingsError where OpenTelemetry is not installed.
    """
    if not url:
        return

    try:
        from workers.runtime.otlp import OtlpRecorder
    except ModuleNotFoundError as error:
        raise SettingsError(
            "tracing requests: BEAGLE_OTEL_URL is set but OpenTelemetry is not installed; "
            f"{INSTALL_EXTRA.format('otel')}, or leave BEAGLE_OTEL_URL empty"
        ) from error

    use_recorder(OtlpRecorder(url, process))


@contextmanager
def traced_process(url: str, process: str) -> Iterator[None]:
    """Opens tracing for the block, which is the whole life of a process, and closes it."""
    open_tracing(url, process)
    try:
        yield
    finally:
        close_tracing()


def use_recorder(recorder: Recorder) -> None:
    """Records this process's spans with it, instead of with an earlier one."""
    _recorders[:] = [recorder]


def close_tracing() -> None:
    """Sends what is left and records nothing more."""
    while _recorders:
        _recorders.pop().close()


def span(name: str, request: str = "", **attributes: Value) -> AbstractContextManager[Note]:
    """Opens a span; see `Recorder.span`. The block gets a function that adds attributes."""
    for recorder in _recorders:
        return recorder.span(name, request, attributes)

    return _OFF


def traced(name: str) -> Callable[[Callable[Serve, Result]], Callable[Serve, Result]]:
    """Returns a decorator for methods whose first argument is a request: each call is a span."""

    def decorate(method: Callable[Serve, Result]) -> Callable[Serve, Result]:
        @wraps(method)
        def run(*arguments: Serve.args, **options: Serve.kwargs) -> Result:
            request = arguments[1]
            assert isinstance(request, Request)
            with span(name, request.id):
                return method(*arguments, **options)

        return run

    return decorate


def record(name: str, request: str, start: float, end: float, **attributes: Value) -> None:
    """Records a span that is over; see `Recorder.record`."""
    for recorder in _recorders:
        recorder.record(name, request, start, end, attributes)


def record_whole(request: str, start: float, end: float, **attributes: Value) -> None:
    """Records the root span; see `Recorder.record_whole`."""
    for recorder in _recorders:
        recorder.record_whole(request, start, end, attributes)
