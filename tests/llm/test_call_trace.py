"""The span of a model call says what the call read, wrote and cost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from router.config import Settings
from workers.llm.gateway import Gateway
from workers.llm.model_client import Endpoint, RawAnswer, TextCallback
from workers.llm.pricing import Price
from workers.ports import ModelCall
from workers.runtime import tracing

HELLO = ({"role": "user", "content": "hello"},)


class Meter:
    """A vendor that charges one cent a token read and two a token written."""

    def send(
        self,
        endpoint: Endpoint,
        call: ModelCall,
        stall_seconds: float,
        on_text: TextCallback | None,
    ) -> RawAnswer:
        return RawAnswer("ok", "stop", 3, 10)

    def price(self, name: str) -> Price | None:
        return Price(input_usd=0.01, output_usd=0.02)


class Spans:
    """A recorder that keeps the attributes of each span by its name."""

    def __init__(self) -> None:
        self.attributes: dict[str, dict[str, object]] = {}

    @contextmanager
    def span(self, name: str, request: str, attributes: dict[str, object]) -> Iterator[object]:
        self.attributes[name] = noted = dict(attributes)
        yield lambda **more: noted.update(more)

    def close(self) -> None:
        return None


@pytest.fixture
def spans() -> Iterator[Spans]:
    spans = Spans()
    tracing.use_recorder(spans)  # type: ignore[arg-type]  # no call records a span that is over
    yield spans
    tracing.close_tracing()


def test_a_call_notes_its_tokens_and_its_price(spans: Spans) -> None:
    settings = Settings(_env_file=None, model="meter/one", cap_team_usd=0.0)

    Gateway(settings, Meter(), None, lambda: 0.0, lambda: 0.0, None).complete(ModelCall(HELLO))

    assert spans.attributes["model"] == {
        "model": "meter/one",
        "input_tokens": 3,
        "output_tokens": 10,
        "usd": pytest.approx(3 * 0.01 + 10 * 0.02),
    }
