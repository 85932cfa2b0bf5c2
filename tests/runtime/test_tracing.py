"""Traces: one for each request, through every process, without a word of what anybody wrote."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from router.errors import SettingsError
from tests.fixtures.otlp import INSTALLED, attributes, collector, needs_sdk
from workers.runtime import tracing

__all__ = ["collector"]

CLOSING_SECONDS = 20.0
"""Longer than an export may take (`otlp.TIMEOUT_SECONDS`), on a busy machine too."""


@needs_sdk
def test_spans_of_every_process_are_in_the_request_s_own_trace(collector):
    # Two processes that know nothing of each other but the request's id.
    for process in ("bot", "worker"):
        tracing.open_tracing(collector.url, process)
        if process == "bot":
            tracing.record("receive", "r1", 1.0, 1.5, source="dm")
        else:
            with (
                tracing.span("answer", "r1", tries=1) as note,
                tracing.span("model", model="openai/m"),
            ):
                note(route="triage")

            tracing.record_whole("r1", 1.0, 4.0, route="triage")

        tracing.close_tracing()

    whole, receive = collector.named("request"), collector.named("receive")
    answer, model = collector.named("answer"), collector.named("model")
    assert {span.trace_id for span in collector.spans} == {whole.trace_id}
    assert not whole.parent_span_id
    assert receive.parent_span_id == answer.parent_span_id == whole.span_id
    assert model.parent_span_id == answer.span_id
    assert whole.end_time_unix_nano - whole.start_time_unix_nano == 3_000_000_000
    assert attributes(answer) == {
        "beagle.request": "r1",
        "beagle.tries": 1,
        "beagle.route": "triage",
    }


@needs_sdk
def test_two_requests_have_two_traces(collector):
    tracing.open_tracing(collector.url, "bot")
    tracing.record("receive", "r1", 1.0, 2.0)
    tracing.record("receive", "r2", 1.0, 2.0)
    tracing.close_tracing()

    assert len({span.trace_id for span in collector.spans}) == 2


@needs_sdk
def test_an_error_is_named_by_its_type_and_quotes_nobody(collector):
    tracing.open_tracing(collector.url, "worker")
    with pytest.raises(ValueError, match="secret"), tracing.span("answer", "r1"):
        raise ValueError("the secret words of a message")

    tracing.close_tracing()
    assert collector.named("answer").status.message == "ValueError"
    assert not any(b"secret" in body for body in collector.bodies)


@needs_sdk
def test_an_attribute_that_could_hold_words_is_refused(collector):
    tracing.open_tracing(collector.url, "worker")

    with pytest.raises(ValueError, match="unknown attributes text; spans hold no texts"):
        tracing.record("receive", "r1", 1.0, 2.0, text="hello")


@needs_sdk
def test_work_for_no_request_leaves_no_trace(collector):
    tracing.open_tracing(collector.url, "worker")
    with tracing.span("slack", method="chat.postMessage") as note:
        note(model="m")

    tracing.close_tracing()
    assert collector.spans == []


@needs_sdk
def test_a_collector_that_is_away_keeps_no_process_from_ending():
    tracing.open_tracing("http://127.0.0.1:9", "worker")
    tracing.record("receive", "r1", 1.0, 2.0)

    closing = threading.Thread(target=tracing.close_tracing, daemon=True)
    closing.start()
    closing.join(CLOSING_SECONDS)

    assert not closing.is_alive()


@pytest.mark.skipif(INSTALLED, reason="the extra otel is installed")
def test_without_the_extra_a_collector_is_a_wrong_setting():
    with pytest.raises(SettingsError, match=r"pip install 'FILE\.whl\[otel\]'"):
        tracing.open_tracing("http://127.0.0.1:9", "bot")


def test_switched_off_it_imports_nothing_and_opens_no_span():
    script = (
        "import sys, bot.app, workers.runtime.tracing as t\n"
        "t.open_tracing('', 'bot')\n"
        "with t.span('answer', 'r1') as note: note(route='x', text='y')\n"
        "t.record('queue', 'r1', 1.0, 2.0); t.record_whole('r1', 1.0, 2.0)\n"
        # redis imports the SDK by itself where it is installed; we import neither it nor a sender.
        "ours = ('workers.runtime.otlp', 'opentelemetry.exporter')\n"
        "print([name for name in ours if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert result.stdout == "[]\n"
