"""A worker loads what its routes need before the first request, once, and nothing else."""

from __future__ import annotations

import threading

import pytest
from structlog.testing import capture_logs

from router.catalog.catalog import builtin_routes_folder, load_routes
from router.catalog.version import PromptStep, ReactStep, Version
from router.encoder.lazy import LazyEncoder
from router.errors import SettingsError
from workers.knowledge.relevance.line_meaning import LINE_ENCODER
from workers.runtime.processes import wait_until
from workers.worker import warm_up_models

SECONDS = 60.0


class CountedEncoder:
    """An encoder that counts how often it was opened and lets a test hold the first opening."""

    model_id = "counted"
    dim = 1

    def __init__(self) -> None:
        self.opened = 0
        self.may_open = threading.Event()

    def open(self) -> CountedEncoder:
        self.may_open.wait(SECONDS)
        self.opened += 1
        return self

    def encode(self, texts):
        return [[1.0]] * len(texts)


def test_requests_that_come_during_the_warm_up_wait_for_the_one_encoder() -> None:
    counted = CountedEncoder()
    encoder = LazyEncoder(counted.open)
    warm_up_models(encoder)

    requests = [threading.Thread(target=encoder.encode, args=(["hello"],)) for _ in range(8)]
    for request in requests:
        request.start()
    counted.may_open.set()
    for request in requests:
        request.join(SECONDS)

    assert counted.opened == 1


@pytest.mark.parametrize(("model_id", "read"), [(LINE_ENCODER, ["hello"]), ("counted", [])])
def test_what_reads_quotes_is_loaded_with_the_encoder_that_finds_them(model_id, read) -> None:
    counted = CountedEncoder()
    counted.model_id = model_id
    counted.may_open.set()
    questions = []

    class Scorer:
        def scores(self, question, quotes):
            questions.append(question)

    warm_up_models(LazyEncoder(counted.open), Scorer())
    for thread in threading.enumerate():
        if thread.name == "encoder":
            thread.join(SECONDS)

    assert questions == read


def test_an_encoder_that_cannot_be_opened_is_logged_and_ends_nothing() -> None:
    def fail():
        raise SettingsError("opening the encoder 'x': there is none")

    with capture_logs() as logs:
        warm_up_models(LazyEncoder(fail))
        assert wait_until(lambda: bool(logs), SECONDS)

    assert logs[0]["event"] == "encoder_warmup_failed"


def test_only_some_routes_need_an_encoder() -> None:
    routes = load_routes(builtin_routes_folder()).routes
    needing = {name for name, route in routes.items() if route.version.needs_encoder}

    assert needing == {"explain", "figures", "handbook", "incident", "summarise", "triage"}
    fixed = Version(route="a", kind="prompt", steps=(PromptStep(shots=3),))
    calculator = Version(route="a", kind="tools", steps=(ReactStep(do="react", tools=("note",)),))
    head = Version(route="a", kind="head", adapter="head.npz")
    assert [version.needs_encoder for version in (fixed, calculator, head)] == [False, False, True]
