"""`beagle bench soak` sees what grows, what is lost and what a request costs."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.bench.soak.process_usage import UsageLog, growth, read_usage
from evals.bench.soak.soak import SoakOptions, measure
from evals.bench.soak.stand_in import ModelTimes, model_reply

sizes = st.floats(1.0, 1e6)


@given(sizes, st.integers(3, 200))
def test_what_stays_the_same_does_not_grow(size: float, count: int) -> None:
    assert growth([size] * count) == 0.0


@given(sizes, st.floats(0.1, 5.0))
def test_what_rises_after_the_first_third_grows_by_its_share(size: float, share: float) -> None:
    values = [size] * 60 + [size * (1 + share)] * 40

    assert growth(values) == pytest.approx(share)


def test_what_fills_in_the_first_third_and_a_moment_of_more_are_no_growth() -> None:
    values = [10.0] * 20 + [100.0] * 80
    values[70] = 900.0

    assert growth(values) == 0.0


def test_a_process_is_seen_with_its_memory_threads_files_and_processor_time(
    tmp_path: Path,
) -> None:
    before = read_usage(os.getpid())
    block = bytearray(os.urandom(64 * 1024 * 1024))
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    with (tmp_path / "file").open("w"):
        after = read_usage(os.getpid())

    stop.set()
    thread.join()
    assert before is not None
    assert after is not None
    assert len(block) > 0
    assert after.resident_mb > before.resident_mb + 50
    assert after.threads == before.threads + 1
    assert after.handles == before.handles + 1
    assert after.cpu_seconds >= before.cpu_seconds > 0


def test_a_process_that_ended_is_left_out() -> None:
    log = UsageLog()
    log.sample({"gone": 2**22 + 1, "here": os.getpid()})

    assert set(log.figures()) == {"here"}


def test_model_calls_that_overlap_count_once_and_later_ones_not_at_all() -> None:
    times = ModelTimes()
    body = {"messages": [{"role": "user", "content": "earlier (no. 1), now (no. 2)"}]}
    times.add(body, end=12.0, seconds=2.0)
    times.add(body, end=13.0, seconds=2.0)
    times.add(body, end=30.0, seconds=1.0)

    assert times.seconds(2, until=20.0) == 3.0
    assert times.seconds(1, until=20.0) == 0.0


def test_the_model_quotes_a_passage_where_it_is_asked_to() -> None:
    passages = (
        '<passages>\n[1] "Office" (changed 1 May)\nThe office is open from seven.\n</passages>'
    )
    shape = {"schema": {"type": "object", "properties": {"citations": {}}}}
    reply = model_reply(
        {
            "messages": [{"role": "user", "content": passages}],
            "response_format": {"json_schema": shape},
        }
    )

    assert "The office is open from seven. [1]" in reply


@pytest.mark.chaos
def test_a_quarter_of_a_minute_of_everything_loses_and_doubles_nothing() -> None:
    figures = measure(SoakOptions(minutes=0.25, rate=2.0))

    assert (figures["sent"], figures["unanswered"], figures["doubled"]) == (30, 0, 0)
    assert set(figures["processes"]) == {"bot", "worker-answer", "worker-compute", "broker"}
    assert figures["buttons"] >= 5
    crashes = [event for event in figures["log_errors"] if "crashed" in event or "Failed" in event]
    assert crashes == []


@pytest.mark.chaos
def test_what_slack_drops_beyond_its_limit_on_events_is_answered_all_the_same() -> None:
    options = SoakOptions(minutes=0.25, rate=2.0, wait_seconds=600.0, events_per_hour=200)

    figures = measure(options)

    assert figures["events_dropped_by_slack"] > 0
    assert (figures["sent"], figures["unanswered"], figures["doubled"]) == (30, 0, 0)
