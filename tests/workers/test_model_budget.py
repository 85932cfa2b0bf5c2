"""Caps hold, whoever spends: checked before a call, settled after it, by all workers together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from router.config import Settings
from router.errors import BudgetError, ModelError
from router.store import Store, open_store
from router.store.usage.spend import DAY_SECONDS, Cap, Spend, Spent
from workers.llm.budget import Budget
from workers.llm.gateway import Answer, Feed, Gateway, Target
from workers.llm.pricing import Price
from workers.ports import Call, Payer

DAY = 20_000
ANA = Payer("T1", "C1", "U1")
HELLO = ({"role": "user", "content": "hello"},)


class Meter:
    """A vendor that charges a cent for ten tokens out and nothing else."""

    def ask(self, target: Target, call: Call, silence: float, feed: Feed | None) -> Answer:
        return Answer("ok", "stop", 1, 10)

    def price(self, name: str) -> Price | None:
        return Price(written=0.001)


def settings(**caps: Any) -> Settings:
    return Settings(_env_file=None, model="meter/one", **({"cap_team_usd": 0.0} | caps))


def gateway(ledger: Spend, **caps: Any) -> Gateway:
    budget = Budget(settings(**caps), ledger, lambda: DAY * DAY_SECONDS + 3600.0)
    return Gateway(settings(**caps), Meter(), None, lambda: 0.0, lambda: 0.0, budget)


def test_a_cap_in_requests_names_whose_it_is_and_when_it_resets(store: Store) -> None:
    model = gateway(Spend(store.engine), cap_user_requests=2)
    for _ in range(2):
        model.complete(Call(HELLO, payer=ANA))

    with pytest.raises(
        BudgetError, match=r"your daily cap of 2 requests .* resets at 00:00 UTC"
    ) as caught:
        model.complete(Call(HELLO, payer=ANA))

    assert caught.value.resets_at == (DAY + 1) * DAY_SECONDS


def test_one_persons_cap_stops_nobody_else(store: Store) -> None:
    model = gateway(Spend(store.engine), cap_user_requests=1)
    model.complete(Call(HELLO, payer=ANA))

    with pytest.raises(BudgetError):
        model.complete(Call(HELLO, payer=ANA))

    assert model.complete(Call(HELLO, payer=Payer("T1", "C1", "U2"))).text == "ok"


def test_later_calls_of_one_request_do_not_count_again(store: Store) -> None:
    model = gateway(Spend(store.engine), cap_user_requests=1)

    for requests in (1, 0, 0):
        model.complete(Call(HELLO, payer=Payer("T1", "C1", "U1", requests)))


def test_a_request_counts_once_however_often_it_is_tried(store: Store) -> None:
    class Refusing(Meter):
        def ask(self, target: Target, call: Call, silence: float, feed: Feed | None) -> Answer:
            raise ModelError("refused", retry=True)

    ledger = Spend(store.engine)
    budget = Budget(settings(cap_user_requests=5), ledger, lambda: DAY * DAY_SECONDS + 0.0)
    model = Gateway(settings(), Refusing(), None, lambda: 0.0, lambda: 0.0, budget)

    with pytest.raises(ModelError):
        model.complete(Call(HELLO, models=("a/one", "b/two"), payer=ANA))

    assert ledger.of(("user", "T1/U1"), DAY).requests == 1


def test_a_model_that_is_paid_by_the_second_is_capped_too(store: Store) -> None:
    class Slow(Meter):
        def ask(self, target: Target, call: Call, silence: float, feed: Feed | None) -> Answer:
            return Answer("ok", "stop", 1, 1, seconds=10.0)

        def price(self, name: str) -> Price | None:
            return Price(second=0.06)

    budget = Budget(settings(cap_team_usd=1.0), Spend(store.engine), lambda: 0.0)
    model = Gateway(settings(), Slow(), None, lambda: 0.0, lambda: 0.0, budget)

    for _ in range(2):
        model.complete(Call(HELLO, payer=ANA, usd=0.5))

    with pytest.raises(BudgetError):
        model.complete(Call(HELLO, payer=ANA, usd=0.5))

    with pytest.raises(ModelError, match=r"raise limits\.usd"):
        model.complete(Call(HELLO, usd=0.0))


def test_what_was_set_aside_is_settled_to_what_was_spent(store: Store) -> None:
    ledger = Spend(store.engine)

    gateway(ledger, cap_team_usd=1.0).complete(Call(HELLO, output_tokens=100, payer=ANA))

    assert ledger.of(("team", "T1"), DAY).usd == pytest.approx(0.01)
    assert ledger.of(("user", "T1/U1"), DAY).usd == 0.0, "nobody asked for a cap on persons"


def test_a_refused_call_leaves_no_trace(store: Store) -> None:
    ledger = Spend(store.engine)
    caps = [Cap(("user", "T1/U1"), usd=5.0), Cap(("team", "T1"), usd=1.0)]

    refused = ledger.reserve(caps, DAY, 1, 2.0)

    assert refused == caps[1]
    assert ledger.of(("user", "T1/U1"), DAY).usd == 0.0


def test_a_new_day_starts_from_nothing(store: Store) -> None:
    ledger = Spend(store.engine)
    caps = [Cap(("team", "T1"), requests=1)]
    assert ledger.reserve(caps, DAY, 1, 0.0) is None
    assert ledger.reserve(caps, DAY, 1, 0.0) is not None

    assert ledger.reserve(caps, DAY + 1, 1, 0.0) is None


def test_what_is_used_of_the_caps_today_can_be_seen(store: Store) -> None:
    ledger = Spend(store.engine)
    person, channel = Cap(("user", ""), requests=2), Cap(("channel", ""), usd=1.0)
    ledger.reserve([Cap(("user", "T1/U1"), 2), Cap(("team", "T1"), 9)], DAY, 2, 0.5)
    ledger.reserve([Cap(("user", "T1/U2"), 2), Cap(("channel", "T1/C1"), usd=1.0)], DAY, 1, 0.995)
    ledger.reserve([Cap(("user", "T11/U1"), 2)], DAY, 2, 0.0)

    now = DAY * DAY_SECONDS + 60.0
    today = ledger.today("T1", now, person, channel)

    assert (today.team, today.people_over, today.channels_over) == (Spent(2, 0.5), 1, 1)
    assert today.resets_at == (DAY + 1) * DAY_SECONDS
    assert ledger.today("T1", now).people_over == 0, "nobody asked for a cap on persons"
    assert ledger.today("T1", now + DAY_SECONDS, person, channel).team == Spent()


def test_four_workers_together_do_not_pass_a_dollar(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'beagle.db'}"
    stores = [
        open_store(url) for _ in range(4)
    ]  # no connection and no lock in common, as between processes

    def spend_all(store: Store) -> None:
        model = gateway(Spend(store.engine), cap_team_usd=1.0)
        for _ in range(250):
            with suppress(BudgetError):
                model.complete(Call(HELLO, output_tokens=12, payer=ANA))

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(spend_all, stores))

    spent = Spend(stores[0].engine).of(("team", "T1"), DAY).usd
    for store in stores:
        store.close()

    assert 0.98 <= spent <= 1.0 + 1e-9
