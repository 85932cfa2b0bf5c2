"""The model gateway against a misbehaving server on loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from router.config import Settings
from router.errors import ModelError
from workers.llm.circuit_breaker import FAILURES_TO_OPEN
from workers.llm.concurrency import BusyError, ConcurrencyLimiter
from workers.llm.fake_server import FAULTS, FakeServer, fake_model_server
from workers.llm.fakes import ScriptedModel
from workers.llm.gateway import Gateway
from workers.llm.litellm_client import LiteLLMClient, open_model
from workers.llm.model_client import Endpoint, RawAnswer, TextCallback, reported_count
from workers.llm.pricing import Price
from workers.llm.watchdog import StallTimeoutError
from workers.ports import ModelCall, Payer
from workers.runtime.processes import wait_until

HELLO = (
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Say hello to the team."},
)
SHAPE = {
    "type": "object",
    "properties": {"queue": {"enum": ["network", "hardware"]}},
    "required": ["queue"],
    "additionalProperties": False,
}


PATIENCE_SECONDS = 600.0
"""A time-out that only passes when something hangs, however slow the machine is."""
PATIENT: dict[str, Any] = {
    "stall_timeout_seconds": PATIENCE_SECONDS,
    "connect_timeout_seconds": PATIENCE_SECONDS,
    "model_timeout_seconds": PATIENCE_SECONDS,
}


class Clock:
    """Unix seconds that only a test moves."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


class Recorder:
    """A model client that keeps its calls and answers at once, or fails with `error`."""

    def __init__(self, error: ModelError | None = None) -> None:
        self.endpoints: list[Endpoint] = []
        self.error = error

    def send(
        self,
        endpoint: Endpoint,
        call: ModelCall,
        stall_seconds: float,
        on_text: TextCallback | None,
    ) -> RawAnswer:
        self.endpoints.append(endpoint)
        if self.error is not None:
            raise self.error

        return RawAnswer("ok", "stop", 1, 1)

    def price(self, name: str) -> Price | None:
        return None


def gateway(
    server: FakeServer, clock: Callable[[], float] | None = None, **settings: Any
) -> Gateway:
    values: dict[str, Any] = PATIENT | settings
    return open_model(Settings(_env_file=None, **values), server, clock or Clock(), lambda: 0.0)


@pytest.fixture(autouse=True, scope="module")
def _warm() -> None:
    """Builds the vendor's types in advance; at their first use that takes seconds."""
    with fake_model_server() as server:
        gateway(server).complete(ModelCall(HELLO))
        gateway(server).complete(ModelCall(HELLO), lambda _: None)


def test_an_answer_comes_with_its_tokens_by_part() -> None:
    with fake_model_server(text="hello team") as server:
        parts = {"system": "Be brief.", "query": "Say hello to the team."}

        reply = gateway(server).complete(ModelCall(HELLO, parts=parts))

    assert (reply.text, reply.model, reply.finish_reason) == ("hello team", "local", "stop")
    assert reply.tokens.system + reply.tokens.query == 7
    assert reply.tokens.query > reply.tokens.system > 0
    assert reply.tokens.output == 2


def test_pieces_arrive_in_order_and_make_the_answer() -> None:
    heard: list[str] = []
    with fake_model_server(text="one two three four") as server:
        reply = gateway(server).complete(ModelCall(HELLO), heard.append)

    assert len(heard) == 4
    assert "".join(heard) == reply.text == "one two three four"
    assert reply.tokens.output == 4


def test_a_schema_and_an_adapter_reach_the_local_server() -> None:
    with fake_model_server(adapters={"leave-1": 3}) as server:
        reply = gateway(server).complete(ModelCall(HELLO, schema=SHAPE, adapter="leave-1"))

    assert reply.text == '{"queue": "network"}'
    assert server.requests[0]["response_format"]["json_schema"]["schema"] == SHAPE
    assert server.requests[0]["lora"] == [{"id": 3, "scale": 1.0}]


def test_without_an_adapter_every_adapter_is_off() -> None:
    with fake_model_server(adapters={"leave-1": 0}) as server:
        gateway(server).complete(ModelCall(HELLO))

    assert server.requests[0]["lora"] == [{"id": 0, "scale": 0.0}]


def test_an_adapter_that_is_not_loaded_is_named() -> None:
    with (
        fake_model_server(adapters={"leave-1": 0}) as server,
        pytest.raises(ModelError, match="'leave-2': it is neither") as caught,
    ):
        gateway(server).complete(ModelCall(HELLO, adapter="leave-2"))

    assert not caught.value.retry
    # The other adapters may be another workspace's.
    assert "leave-1" not in str(caught.value)


def test_a_call_uses_the_adapter_of_its_workspace_or_of_a_routes_file() -> None:
    own = Payer("T1", "C1", "U1")
    with fake_model_server(adapters={"T1/boxes-1": 0, "leave-1": 1}) as server:
        gateway(server).complete(ModelCall(HELLO, adapter="boxes-1", payer=own))
        gateway(server).complete(ModelCall(HELLO, adapter="leave-1", payer=own))

    assert server.requests[0]["lora"] == [{"id": 0, "scale": 1.0}, {"id": 1, "scale": 0.0}]
    assert server.requests[1]["lora"] == [{"id": 0, "scale": 0.0}, {"id": 1, "scale": 1.0}]


@pytest.mark.parametrize("adapter", ["boxes-1", "T1/boxes-1", "../T1/boxes-1"])
@pytest.mark.parametrize("team", ["T2", ""])
def test_no_call_reaches_the_adapter_of_another_workspace(adapter: str, team: str) -> None:
    payer = Payer(team, "C1", "U1") if team else None
    with (
        fake_model_server(adapters={"T1/boxes-1": 0}) as server,
        pytest.raises(ModelError, match="neither a route's file nor one of workspace"),
    ):
        gateway(server).complete(ModelCall(HELLO, adapter=adapter, payer=payer))

    assert not server.requests


def test_a_cut_off_answer_says_so() -> None:
    with fake_model_server(text="a long story", fault="truncated") as server:
        assert gateway(server).complete(ModelCall(HELLO)).finish_reason == "length"


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"none", "truncated", "401"}))
def test_every_fault_of_the_server_ends_as_a_model_error(fault: Any, streamed: bool) -> None:
    # A server that never answers is the only one whose time-out has to pass; for the others no
    # machine is too slow.
    stall_seconds = 1.0 if fault in ("slow", "drip") else PATIENCE_SECONDS
    with fake_model_server(text="one two three four", fault=fault) as server:
        model = gateway(server, stall_timeout_seconds=stall_seconds)
        with pytest.raises(ModelError) as caught:
            model.complete(ModelCall(HELLO), (lambda _: None) if streamed else None)

        assert caught.value.retry
        assert "asking 'local'" in str(caught.value)
        assert "Say hello" not in str(caught.value)


def test_a_server_that_is_down_is_a_model_error() -> None:
    with fake_model_server() as server:
        pass

    with pytest.raises(ModelError, match="try again later"):
        gateway(server).complete(ModelCall(HELLO))


def test_a_wrong_key_is_not_tried_again() -> None:
    with (
        fake_model_server(fault="401") as server,
        pytest.raises(ModelError, match="mend the model's name or key") as caught,
    ):
        gateway(server).complete(ModelCall(HELLO))

    assert not caught.value.retry
    assert len(server.requests) == 1


def test_a_refusal_is_tried_once_more() -> None:
    with fake_model_server(fault="429") as server, pytest.raises(ModelError):
        gateway(server).complete(ModelCall(HELLO))

    assert len(server.requests) == 2


def test_the_next_model_answers_when_the_first_cannot() -> None:
    with (
        fake_model_server(fault="500") as broken,
        fake_model_server(text="from the second") as good,
    ):
        model = gateway(good, model="openai/first", model_url=broken.url, model_key="k")

        reply = model.complete(ModelCall(HELLO, models=("openai/first", "local")))

    assert (reply.text, reply.model) == ("from the second", "local")


def test_half_an_answer_is_never_followed_by_another() -> None:
    heard: list[str] = []
    with (
        fake_model_server(text="one two three four", fault="cut") as broken,
        fake_model_server(text="whole") as good,
    ):
        model = gateway(good, model="openai/first", model_url=broken.url, model_key="k")

        reply = model.complete(ModelCall(HELLO, models=("openai/first", "local")), heard.append)

    assert reply.text == "whole"
    assert "whole" not in heard


def test_a_model_that_keeps_failing_is_left_alone_and_probed() -> None:
    clock = Clock()
    with fake_model_server(fault="500") as server:
        model = gateway(server, clock)
        for _ in range(4):
            with pytest.raises(ModelError):
                model.complete(ModelCall(HELLO))

        asked = len(server.requests)
        assert asked == 5

        with pytest.raises(ModelError, match="left alone for 30 s"):
            model.complete(ModelCall(HELLO))

        assert len(server.requests) == asked

        clock.seconds += 31
        server.fault = "none"
        assert model.complete(ModelCall(HELLO)).text == "ok"


def test_an_identical_call_is_answered_from_memory_only_when_asked_for() -> None:
    with fake_model_server() as server:
        model = gateway(server)
        for cache in (False, False, True, True):
            model.complete(ModelCall(HELLO, cache=cache))

    assert len(server.requests) == 3


def run_at_once(model: Gateway, calls: int) -> None:
    with ThreadPoolExecutor(calls) as threads:
        for reply in threads.map(lambda _: model.complete(ModelCall(HELLO)), range(calls)):
            assert reply.text == "ok"


def test_many_calls_run_at_once() -> None:
    with fake_model_server(min_concurrent=32) as server:
        run_at_once(
            gateway(server, model="openai/stand-in", model_url=server.url, model_key="k"), 32
        )

    assert server.max_in_flight == 32


def test_the_local_server_gets_no_more_calls_than_it_has_slots() -> None:
    with fake_model_server() as server:
        run_at_once(gateway(server, local_concurrency=2), 8)

    assert server.max_in_flight <= 2


def test_the_local_server_s_slot_goes_round_between_workspaces_and_people() -> None:
    limiter = ConcurrencyLimiter(1)
    order: list[tuple[str, str]] = []

    def call(team: str, user: str) -> None:
        with limiter.acquire(PATIENCE_SECONDS, team, user):
            order.append((team, user))

    callers = [("T1", "busy")] * 6 + [("T1", "calm"), ("T2", "other")]
    threads = [threading.Thread(target=call, args=caller) for caller in callers]
    with limiter.acquire(PATIENCE_SECONDS, "T1", "busy"):
        for thread in threads:
            thread.start()

        assert wait_until(lambda: limiter.waiting == len(callers), PATIENCE_SECONDS)

    for thread in threads:
        thread.join()

    assert order[:3] == [("T2", "other"), ("T1", "calm"), ("T1", "busy")]


def test_those_who_wait_for_a_slot_learn_that_the_server_is_silent() -> None:
    limiter = ConcurrencyLimiter(1)
    complaints: list[str] = []

    def wait() -> None:
        with pytest.raises(BusyError) as caught, limiter.acquire(PATIENCE_SECONDS):
            pass

        complaints.append(str(caught.value))

    threads = [threading.Thread(target=wait) for _ in range(3)]
    with limiter.acquire(PATIENCE_SECONDS) as slot:
        for thread in threads:
            thread.start()

        assert wait_until(lambda: limiter.waiting == 3, PATIENCE_SECONDS)
        slot.report_silence()
        for thread in threads:
            thread.join()

    assert ["stopped answering others" in text for text in complaints] == [True] * 3
    with limiter.acquire(0.0):
        assert limiter.waiting == 0


def test_those_who_wait_go_on_waiting_while_the_server_answers_somebody() -> None:
    limiter = ConcurrencyLimiter(2)
    served: list[int] = []

    def wait(number: int) -> None:
        with limiter.acquire(PATIENCE_SECONDS):
            served.append(number)

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(3)]
    with limiter.acquire(PATIENCE_SECONDS) as silent, limiter.acquire(PATIENCE_SECONDS) as other:
        for thread in threads:
            thread.start()

        assert wait_until(lambda: limiter.waiting == 3, PATIENCE_SECONDS)
        other.heard()
        silent.report_silence()

    for thread in threads:
        thread.join()

    assert sorted(served) == [0, 1, 2]


def test_a_call_whose_time_ended_in_the_queue_says_nothing_about_the_server() -> None:
    silence = StallTimeoutError("nothing came in time", retry=True)
    with fake_model_server() as server:
        # Less time is left than one waits for a sign of the server.
        settings = Settings(
            _env_file=None, local_concurrency=1, **PATIENT | {"stall_timeout_seconds": 1e6}
        )
        model = Gateway(settings, Recorder(silence), server, Clock(), lambda: 0.0)

        def ask() -> str:
            with pytest.raises(ModelError) as caught:
                model.complete(ModelCall(HELLO, timeout_seconds=PATIENCE_SECONDS))

            return str(caught.value)

        with ThreadPoolExecutor() as pool:
            for _ in range(FAILURES_TO_OPEN + 1):
                with model._local_limiter.acquire(0.0):
                    answer = pool.submit(ask)
                    assert wait_until(lambda: model._local_limiter.waiting == 1, PATIENCE_SECONDS)

                # The breaker would say so, had it counted a failure of the model.
                assert "busy with others" in answer.result()


def test_a_server_that_is_silent_is_not_asked_by_those_who_wait() -> None:
    failures: list[ModelError] = []

    def ask() -> None:
        with pytest.raises(ModelError) as caught:
            model.complete(ModelCall(HELLO, timeout_seconds=PATIENCE_SECONDS))

        failures.append(caught.value)

    class Silent(Recorder):
        """Stops sending once the others wait."""

        def send(self, *args: Any) -> RawAnswer:
            assert wait_until(lambda: model._local_limiter.waiting == 3, PATIENCE_SECONDS)
            return super().send(*args)

    with fake_model_server() as server:
        client = Silent(StallTimeoutError("nothing came in time", retry=True))
        settings = Settings(_env_file=None, local_concurrency=1, **PATIENT)
        model = Gateway(settings, client, server, Clock(), lambda: 0.0)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()

        for thread in threads:
            thread.join()

    assert len(client.endpoints) == 1
    assert sum("stopped answering others" in str(error) for error in failures) == 3


def test_a_request_without_time_left_is_not_the_model_s_failure() -> None:
    model = Gateway(
        Settings(_env_file=None, model="meter/one"), Recorder(), None, Clock(), lambda: 0.0
    )
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(ModelError, match="time is over"):
            model.complete(ModelCall(HELLO, timeout_seconds=0.0))

    assert model.complete(ModelCall(HELLO)).text == "ok"


def test_our_key_goes_to_the_configured_model_only() -> None:
    client = Recorder()
    settings = Settings(
        _env_file=None, model="meter/one", model_key="secret", model_url="http://127.0.0.1:9/v1"
    )
    model = Gateway(settings, client, None, Clock(), lambda: 0.0)

    model.complete(ModelCall(HELLO))
    model.complete(ModelCall(HELLO, models=("vendor/other",)))

    assert client.endpoints == [
        Endpoint("meter/one", "http://127.0.0.1:9/v1", "secret"),
        Endpoint("vendor/other"),
    ]


def test_a_call_that_may_cost_more_than_its_route_allows_is_not_made() -> None:
    with fake_model_server() as server:
        model = gateway(server, model="gpt-4o", model_url=server.url, model_key="k")

        with pytest.raises(ModelError, match=r"raise limits\.usd"):
            model.complete(ModelCall(HELLO, output_tokens=4000, max_usd=0.001))

    assert not server.requests


def test_prices_come_from_the_list_or_from_the_settings() -> None:
    listed = LiteLLMClient(1.0).price("openai/gpt-4o-mini")

    assert listed is not None
    assert 0 < listed.input_usd < listed.output_usd

    with fake_model_server(text="a b c d") as server:
        model = gateway(
            server,
            model="openai/own",
            model_url=server.url,
            model_key="k",
            usd_per_million_output=500_000,
        )

        assert model.complete(ModelCall(HELLO)).usd == pytest.approx(2.0)


def test_another_server_may_replace_the_local_one() -> None:
    with fake_model_server() as server:
        settings = Settings(_env_file=None, model_url=server.url)
        model = open_model(settings, None, Clock(), lambda: 0.0)

        assert model.complete(ModelCall(HELLO)).text == "ok"

    assert "lora" not in server.requests[0]


def test_a_local_second_has_the_price_of_the_settings() -> None:
    with fake_model_server(seconds=0.1) as server:
        reply = gateway(server, local_usd_per_cpu_second=1.0, local_threads=2).complete(
            ModelCall(HELLO)
        )

    assert reply.usd == pytest.approx(2 * reply.seconds)


@pytest.mark.parametrize("real", [False, True])
def test_the_fake_and_the_gateway_keep_the_same_contract(real: bool) -> None:
    heard: list[str] = []
    with fake_model_server(text="one two three") as server:
        model = gateway(server) if real else ScriptedModel(default="one two three")

        plain = model.complete(ModelCall(HELLO, parts={"query": "x"}))
        streamed = model.complete(ModelCall(HELLO), heard.append)
        shaped = model.complete(ModelCall(HELLO, schema=SHAPE))

    assert plain.text == streamed.text == "".join(heard) == "one two three"
    assert plain.tokens.output == 3
    assert plain.tokens.total > 3
    assert plain.finish_reason == "stop"
    assert shaped.text in ('{"queue": "network"}', "one two three")


def test_a_server_with_many_adapters_is_asked_for_each_by_its_own_name() -> None:
    with fake_model_server(text="tuned") as many, fake_model_server(text="other") as other:
        model = gateway(
            other,
            model="openai/other",
            model_url=other.url,
            model_key="k",
            adapter_server_url=many.url,
        )

        said = [
            model.complete(ModelCall(HELLO, models=(f"hosted_vllm/{name}",))).text
            for name in ("leave-1", "boxes-2")
        ]

        assert (said, model.complete(ModelCall(HELLO)).text) == (["tuned", "tuned"], "other")

    assert [asked["model"] for asked in many.requests] == ["leave-1", "boxes-2"]
    assert "lora" not in many.requests[0]


def test_an_answer_says_what_its_server_calls_the_model() -> None:
    with fake_model_server(text="hello team") as server:
        reply = gateway(server).complete(ModelCall(HELLO, output_tokens=1))

    assert (reply.reported_model, reply.system_fingerprint) == ("m", "")


def test_counts_that_cannot_be_are_counted_from_the_texts() -> None:
    honest = reported_count(7)
    lies = [reported_count(value) for value in (-5, 10**30, "many", None, float("inf"), [1])]

    assert honest == 7
    assert lies == [0] * 6
