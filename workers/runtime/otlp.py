"""Sends spans to an OpenTelemetry collector. Imported only where one is named."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import cast

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from workers.runtime.tracing import Note, Value

PATH = "/v1/traces"
TIMEOUT_SECONDS = 3.0
"""How long an export may take; a collector that is away must not keep a process from ending."""
ATTRIBUTES = frozenset(
    {
        *("request", "source", "verb", "route", "kind", "version", "tries", "error", "job"),
        *("model", "input_tokens", "output_tokens", "usd", "method"),
    }
)
"""What spans may hold: names, counts and codes, never a text that somebody wrote."""
NANOSECONDS = 1_000_000_000
SAMPLED = trace.TraceFlags(trace.TraceFlags.SAMPLED)


class OtlpRecorder:
    """The `Recorder` on OpenTelemetry's SDK. A queue with a bound holds spans until they are sent.

    `url` is the collector's base address; `process` names this process in the traces.
    """

    def __init__(self, url: str, process: str) -> None:
        self._ids = _RequestIds()
        resource = Resource.create(
            {
                "service.name": "beagle",
                "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
                "beagle.process": process,
            }
        )
        exporter = OTLPSpanExporter(endpoint=url.rstrip("/") + PATH, timeout=TIMEOUT_SECONDS)
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,
            resource=resource,
            id_generator=cast(IdGenerator, self._ids),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("beagle")

    @contextmanager
    def span(self, name: str, request: str, attributes: dict[str, Value]) -> Iterator[Note]:
        """See `Recorder.span`."""
        parent = _root_context(request) if request else otel_context.get_current()
        if not trace.get_current_span(parent).get_span_context().is_valid:
            # Work for no request, such as a weekly digest: there is no trace that it belongs to.
            yield _ignore
            return

        with self._tracer.start_as_current_span(
            name,
            context=parent,
            attributes=_checked({**attributes, "request": request or None}),
            # An error's own text may quote a message.
            record_exception=False,
            set_status_on_exception=False,
        ) as current:

            def note(**more: Value) -> None:
                current.set_attributes(_checked(more))

            try:
                yield note
            except BaseException as error:
                current.set_status(trace.StatusCode.ERROR, type(error).__name__)
                raise

    def record(
        self, name: str, request: str, start: float, end: float, attributes: dict[str, Value]
    ) -> None:
        """See `Recorder.record`."""
        recorded = self._tracer.start_span(
            name,
            context=_root_context(request),
            start_time=_nanoseconds(start),
            attributes=_checked({**attributes, "request": request}),
        )
        recorded.end(_nanoseconds(max(start, end)))

    def record_whole(
        self, request: str, start: float, end: float, attributes: dict[str, Value]
    ) -> None:
        """See `Recorder.record_whole`."""
        with self._ids.root_ids_for(request):
            recorded = self._tracer.start_span(
                "request",
                context=otel_context.Context(),
                start_time=_nanoseconds(start),
                attributes=_checked({**attributes, "request": request}),
            )

        if attributes.get("error"):
            recorded.set_status(trace.StatusCode.ERROR, str(attributes["error"]))

        recorded.end(_nanoseconds(max(start, end)))

    def close(self) -> None:
        """See `Recorder.close`."""
        self._provider.shutdown()


class _RequestIds:
    """The SDK's port for ids: random ones, but within `root_ids_for` those of its root span."""

    def __init__(self) -> None:
        self._own = threading.local()

    @contextmanager
    def root_ids_for(self, request: str) -> Iterator[None]:
        self._own.ids = _root_ids(request)
        try:
            yield
        finally:
            self._own.ids = None

    def generate_trace_id(self) -> int:
        """Returns 128 bits, never all 0."""
        ids: tuple[int, int] | None = getattr(self._own, "ids", None)
        return ids[0] if ids else secrets.randbits(128) or 1

    def generate_span_id(self) -> int:
        """Returns 64 bits, never all 0."""
        ids: tuple[int, int] | None = getattr(self._own, "ids", None)
        return ids[1] if ids else secrets.randbits(64) or 1

    def is_trace_id_random(self) -> bool:
        """Returns True: a hash is as evenly spread as chance."""
        return True


def _root_ids(request: str) -> tuple[int, int]:
    """Returns the ids of the request's trace and of its root span; neither is ever 0."""
    digest = hashlib.sha256(f"beagle request {request}".encode()).digest()
    return int.from_bytes(digest[:16]) or 1, int.from_bytes(digest[16:24]) or 1


def _root_context(request: str) -> otel_context.Context:
    """Returns the context below the request's root span, which another process may record."""
    trace_id, span_id = _root_ids(request)
    root = trace.SpanContext(trace_id, span_id, is_remote=True, trace_flags=SAMPLED)
    return trace.set_span_in_context(trace.NonRecordingSpan(root), otel_context.Context())


def _checked(attributes: Mapping[str, Value]) -> dict[str, str | int | float | bool]:
    """Returns the attributes by their names in a trace. Raises ValueError for an unknown one."""
    unknown = sorted(set(attributes) - ATTRIBUTES)
    if unknown:
        raise ValueError(
            f"tracing a request: unknown attributes {', '.join(unknown)}; spans hold no texts, "
            f"known: {', '.join(sorted(ATTRIBUTES))}"
        )

    known = {}
    for name, value in attributes.items():
        if value is not None:
            known[f"beagle.{name}"] = value

    return known


def _nanoseconds(seconds: float) -> int:
    return int(seconds * NANOSECONDS)


def _ignore(**_attributes: Value) -> None:
    """Notes nothing."""
