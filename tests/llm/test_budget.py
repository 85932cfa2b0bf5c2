"""Spending caps: reserved before a call, settled after it, shared by all workers."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from router.config import Settings
from router.errors import BudgetError, ModelError
from router.store import Store, open_store
from router.store.usage.spend import DAY_SECONDS, Cap, ScopeUsage, SpendLedger
from tests.fixtures.interleaving import before_next_write
from workers.llm.budget import Budget
from workers.llm.gateway import Gateway
from workers.llm.model_client import Endpoint, RawAnswer, TextCallback
from workers.llm.pricing import Price
from workers.llm.watchdog import StallTimeoutError
from workers.ports import ModelCall, Payer

DAY = 20_000
ANA = Payer("T1", "C1", "U1")
HELLO = ({"role": "user", "content": "hello"},)


class Meter:
    """A vendor that charges one cent for ten output tokens and nothing else."""

    def send(
        self,
        endpoint: Endpoint,
        call: ModelCall,
        stall_seconds: float,
        on_text: TextCallback | None,
    ) -> RawAnswer:
        return RawAnswer("ok", "stop", 1, 10)

    def price(self, name: str) -> Price | None:
        return Price(output_usd=0.001)


def settings(**caps: Any) -> Settings:
    return Settings(_env_file=None, model="meter/one", **({"cap_team_usd": 0.0} | caps))


def gateway(ledger: SpendLedger, client: Meter | None = None, **caps: Any) -> Gateway:
    budget = Budget(settings(**caps), ledger, lambda: DAY * DAY_SECONDS + 3600.0)
    return Gateway(settings(**caps), client or Meter(), None, lambda: 0.0, lambda: 0.0, budget)


def test_a_cap_in_requests_names_whose_it_is_and_when_it_resets(store: Store) -> None:
    model = gateway(store.spend, cap_user_requests=2)
    for _ in range(2):
        model.complete(ModelCall(HELLO, payer=ANA))

    with pytest.raises(
        BudgetError, match=r"your daily cap of 2 requests .* resets at 00:00 UTC"
    ) as caught:
        model.complete(ModelCall(HELLO, payer=ANA))

    assert caught.value.resets_at == (DAY + 1) * DAY_SECONDS


def test_what_is_spent_is_counted_where_nothing_is_capped(store: Store) -> None:
    gateway(store.spend).complete(ModelCall(HELLO, payer=ANA))

    for scope in (("team", "T1"), ("user", "T1/U1"), ("channel", "T1/C1")):
        assert store.spend.usage(scope, DAY).usd == pytest.approx(0.01)


def test_one_persons_cap_stops_nobody_else(store: Store) -> None:
    model = gateway(store.spend, cap_user_requests=1)
    model.complete(ModelCall(HELLO, payer=ANA))

    with pytest.raises(BudgetError):
        model.complete(ModelCall(HELLO, payer=ANA))

    assert model.complete(ModelCall(HELLO, payer=Payer("T1", "C1", "U2"))).text == "ok"


@pytest.mark.parametrize(("own_cap", "is_refused"), [(0.005, True), (5.0, False), (0.0, True)])
def test_an_admin_s_cap_for_a_channel_replaces_the_setting(
    store: Store, own_cap: float, is_refused: bool
) -> None:
    caps = settings(cap_channel_usd=0.008)
    budget = Budget(caps, store.spend, lambda: 0.0, lambda team, channel: own_cap)
    model = Gateway(caps, Meter(), None, lambda: 0.0, lambda: 0.0, budget)
    call = ModelCall(HELLO, output_tokens=10, payer=ANA)

    if is_refused:
        with pytest.raises(BudgetError, match="this channel's daily cap"):
            model.complete(call)
    else:
        assert model.complete(call).text == "ok"


@pytest.mark.parametrize(
    ("caps", "whose"),
    [
        ({"cap_user_usd": 0.001, "cap_channel_usd": 0.001}, "your daily cap"),
        ({"cap_channel_usd": 0.001}, "this channel's daily cap"),
        ({}, "this workspace's daily cap"),
    ],
)
def test_of_several_caps_the_narrowest_is_named(
    store: Store, caps: dict[str, float], whose: str
) -> None:
    model = gateway(store.spend, cap_team_usd=0.001, **caps)

    with pytest.raises(BudgetError, match=whose):
        model.complete(ModelCall(HELLO, output_tokens=10, payer=ANA))


def test_later_calls_of_one_request_do_not_count_again(store: Store) -> None:
    model = gateway(store.spend, cap_user_requests=1)

    for requests in (1, 0, 0):
        model.complete(ModelCall(HELLO, payer=Payer("T1", "C1", "U1", requests)))


def test_a_request_counts_once_however_often_it_is_tried(store: Store) -> None:
    class Refusing(Meter):
        def send(
            self,
            endpoint: Endpoint,
            call: ModelCall,
            stall_seconds: float,
            on_text: TextCallback | None,
        ) -> RawAnswer:
            raise ModelError("refused", retry=True)

    ledger = store.spend
    budget = Budget(settings(cap_user_requests=5), ledger, lambda: DAY * DAY_SECONDS + 0.0)
    model = Gateway(settings(), Refusing(), None, lambda: 0.0, lambda: 0.0, budget)

    with pytest.raises(ModelError):
        model.complete(ModelCall(HELLO, models=("a/one", "b/two"), payer=ANA))

    assert ledger.usage(("user", "T1/U1"), DAY).requests == 1


def test_a_model_that_is_paid_by_the_second_is_capped_too(store: Store) -> None:
    class Slow(Meter):
        def send(
            self,
            endpoint: Endpoint,
            call: ModelCall,
            stall_seconds: float,
            on_text: TextCallback | None,
        ) -> RawAnswer:
            return RawAnswer("ok", "stop", 1, 1, seconds=10.0)

        def price(self, name: str) -> Price | None:
            return Price(server_second_usd=0.06)

    budget = Budget(settings(cap_team_usd=1.0), store.spend, lambda: 0.0)
    model = Gateway(settings(), Slow(), None, lambda: 0.0, lambda: 0.0, budget)

    for _ in range(2):
        model.complete(ModelCall(HELLO, payer=ANA, max_usd=0.5))

    with pytest.raises(BudgetError):
        model.complete(ModelCall(HELLO, payer=ANA, max_usd=0.5))

    with pytest.raises(ModelError, match=r"raise limits\.usd"):
        model.complete(ModelCall(HELLO, max_usd=0.0))


def test_a_call_that_stalls_is_charged_its_worst_case(store: Store) -> None:
    class Stalling(Meter):
        def send(
            self,
            endpoint: Endpoint,
            call: ModelCall,
            stall_seconds: float,
            on_text: TextCallback | None,
        ) -> RawAnswer:
            raise StallTimeoutError("nothing came in time", retry=True)

    budget = Budget(settings(cap_team_usd=1.0), store.spend, lambda: DAY * DAY_SECONDS + 0.0)
    model = Gateway(settings(), Stalling(), None, lambda: 0.0, lambda: 0.0, budget)

    with pytest.raises(ModelError, match="overloaded or down"):
        model.complete(ModelCall(HELLO, output_tokens=100, payer=ANA))

    assert store.spend.usage(("team", "T1"), DAY).usd == pytest.approx(0.1)


def test_what_was_set_aside_is_settled_to_what_was_spent(store: Store) -> None:
    ledger = store.spend

    gateway(ledger, cap_team_usd=1.0).complete(ModelCall(HELLO, output_tokens=100, payer=ANA))

    assert ledger.usage(("team", "T1"), DAY).usd == pytest.approx(0.01)
    assert ledger.usage(("user", "T1/U1"), DAY).usd == pytest.approx(0.01)


def test_a_refused_call_leaves_no_trace(store: Store) -> None:
    ledger = store.spend
    caps = [Cap(("user", "T1/U1"), usd=5.0), Cap(("team", "T1"), usd=1.0)]

    refused = ledger.reserve(caps, DAY, 1, 2.0)

    assert refused == caps[1]
    assert ledger.usage(("user", "T1/U1"), DAY).usd == 0.0


def test_a_new_day_starts_from_nothing(store: Store) -> None:
    ledger = store.spend
    caps = [Cap(("team", "T1"), requests=1)]
    assert ledger.reserve(caps, DAY, 1, 0.0) is None
    assert ledger.reserve(caps, DAY, 1, 0.0) is not None

    assert ledger.reserve(caps, DAY + 1, 1, 0.0) is None


def test_what_is_used_of_the_caps_today_can_be_seen(store: Store) -> None:
    ledger = store.spend
    person, channel = Cap(("user", ""), requests=2), Cap(("channel", ""), usd=1.0)
    ledger.reserve([Cap(("user", "T1/U1"), 2), Cap(("team", "T1"), 9)], DAY, 2, 0.5)
    ledger.reserve([Cap(("user", "T1/U2"), 2), Cap(("channel", "T1/C1"), usd=1.0)], DAY, 1, 0.995)
    ledger.reserve([Cap(("user", "T11/U1"), 2)], DAY, 2, 0.0)

    now = DAY * DAY_SECONDS + 60.0
    today = ledger.daily_usage("T1", now, person, channel)

    assert (today.team, today.people_over, today.channels_over) == (ScopeUsage(2, 0.5), 1, 1)
    assert today.resets_at == (DAY + 1) * DAY_SECONDS
    assert ledger.daily_usage("T1", now).people_over == 0, "nobody asked for a cap on persons"
    assert ledger.daily_usage("T1", now + DAY_SECONDS, person, channel).team == ScopeUsage()


def test_four_workers_that_check_at_once_do_not_pass_a_dollar(tmp_path: Path) -> None:
    class Verbose(Meter):
        def send(
            self,
            endpoint: Endpoint,
            call: ModelCall,
            stall_seconds: float,
            on_text: TextCallback | None,
        ) -> RawAnswer:
            return RawAnswer("ok", "stop", 1, 400)

    url = f"sqlite:///{tmp_path / 'beagle.db'}"
    # No connection and no lock in common, as between processes.
    stores = [open_store(url) for _ in range(4)]
    refused: list[Store] = []

    def spend(store: Store) -> None:
        model = gateway(store.spend, Verbose(), cap_team_usd=1.0)
        with suppress(BudgetError):
            model.complete(ModelCall(HELLO, output_tokens=400, payer=ANA))
            return
        refused.append(store)

    def overtake(store: Store) -> Callable[[], None]:
        return lambda: spend(store)

    # Each has found room for 40 cents, and is overtaken by the next before it takes them.
    for store, following in itertools.pairwise(stores):
        before_next_write(store, overtake(following))

    spend(stores[0])

    assert refused == [stores[1], stores[0]]
    assert stores[0].spend.usage(("team", "T1"), DAY).usd == pytest.approx(0.8)

    for store in stores:
        store.close()


@pytest.mark.parametrize("seconds", [0.0, 3600.0, DAY_SECONDS - 1.0])
def test_a_cap_that_is_used_up_is_told_before_a_call_with_the_next_midnight(
    store: Store, seconds: float
) -> None:
    budget = Budget(settings(cap_user_requests=1), store.spend, lambda: DAY * DAY_SECONDS + seconds)
    budget.check(ANA)
    budget.count_request(ANA)

    with pytest.raises(BudgetError, match="your daily cap of 1 requests") as caught:
        budget.check(ANA)

    assert caught.value.resets_at == (DAY + 1) * DAY_SECONDS
    assert caught.value.scope == "user"
    budget.check(Payer("T1", "C1", "U2"))
