"""No model is free unless somebody said so: what its calls are counted at, and in which words."""

from __future__ import annotations

import itertools

import pytest
from structlog.testing import capture_logs

from router.catalog.catalog import Catalog
from router.config import Settings
from router.errors import BudgetError, ModelError
from router.store.usage.spend import DAY_SECONDS
from workers.llm.budget import Budget
from workers.llm.gateway import Gateway
from workers.llm.litellm_client import LiteLLMClient
from workers.llm.model_client import RawAnswer
from workers.llm.model_prices import ASSUMED, LOCAL, log_prices, model_names, model_price
from workers.llm.pricing import Price, list_price
from workers.ports import ModelCall, Payer

HELLO = ({"role": "user", "content": "hello"},)
ANN = Payer("T1", "C1", "UANN")


def make_settings(**changes):
    return Settings(_env_file=None, **({"model": "own/one"} | changes))


class Unlisted:
    """A server of the operator's own, which no price list knows."""

    def __init__(self, answer=None):
        self.answer = answer or RawAnswer("ok", "stop", 1000, 100)
        self.calls = 0

    def send(self, endpoint, call, stall_seconds, on_text):
        self.calls += 1
        return self.answer

    def price(self, name):
        return None


def make_gateway(store, clock, client, **changes):
    settings = make_settings(**changes)
    return Gateway(settings, client, None, clock, lambda: 0.0, Budget(settings, store.spend, clock))


def team_usd(store, clock):
    return store.spend.usage(("team", "T1"), int(clock() // DAY_SECONDS)).usd


def test_a_model_without_a_known_price_fills_the_workspace_s_cap(store, clock):
    client = Unlisted()
    model = make_gateway(store, clock, client, cap_team_usd=0.1)

    def ask_often():
        for _ in range(300):
            model.complete(ModelCall(HELLO, payer=ANN))

    with pytest.raises(BudgetError, match="this workspace's daily cap"):
        ask_often()

    assert 0 < client.calls < 30
    assert team_usd(store, clock) == pytest.approx(client.calls * 0.0045)


def test_a_server_that_reports_no_tokens_is_not_free_of_charge(store, clock):
    model = make_gateway(store, clock, Unlisted(RawAnswer("a long answer", "stop", 0, 0)))

    reply = model.complete(ModelCall(HELLO, payer=ANN))

    assert reply.tokens.output == 7
    assert reply.usd > 0


def test_a_model_without_a_known_price_can_be_refused_before_anything_is_sent(store, clock):
    client = Unlisted()
    model = make_gateway(store, clock, client, unpriced="refuse")

    with pytest.raises(ModelError, match="BEAGLE_USD_PER_MILLION_INPUT") as caught:
        model.complete(ModelCall(HELLO, payer=ANN))

    assert not caught.value.retry
    assert client.calls == 0


def test_a_free_model_still_has_caps_in_requests(store, clock):
    model = make_gateway(store, clock, Unlisted(), unpriced="free", cap_user_requests=2)
    for _ in range(2):
        assert model.complete(ModelCall(HELLO, payer=ANN)).usd == 0.0

    with pytest.raises(BudgetError, match="your daily cap of 2 requests"):
        model.complete(ModelCall(HELLO, payer=ANN))


LISTED = {"listed": Price(1e-6, 1e-6, 2e-6), "listed as free": Price(), "unlisted": None}


@pytest.mark.parametrize(
    ("name", "listed", "input_usd", "output_usd", "unpriced", "second_usd"),
    list(
        itertools.product(
            (LOCAL, "own/one"), LISTED, (0, 1.0), (0, 2.0), ("count", "refuse", "free"), (0, 0.1)
        )
    ),
)
def test_nothing_is_free_unless_somebody_said_so(
    name, listed, input_usd, output_usd, unpriced, second_usd
):
    settings = make_settings(
        usd_per_million_input=input_usd,
        usd_per_million_output=output_usd,
        unpriced=unpriced,
        local_usd_per_cpu_second=second_usd,
    )
    try:
        priced = model_price(name, settings, lambda _: LISTED[listed])
    except ModelError:
        assert unpriced == "refuse"
        return

    said_free = unpriced == "free"
    if name == LOCAL:
        said_free = second_usd == 0
    elif listed != "unlisted":
        said_free = listed == "listed as free"
    elif input_usd or output_usd:
        said_free = False

    assert priced.price.is_free == said_free
    assert ("caps in USD never act" in priced.description) == said_free


def test_most_models_of_the_list_cost_no_more_than_is_assumed():
    LiteLLMClient(1.0).price("gpt-4o")
    import litellm

    entries = litellm.model_cost
    prices = []
    for name, entry in entries.items():
        price = list_price(name, entries) if entry.get("mode") == "chat" else None
        if price is not None and not price.is_free:
            prices.append(price)

    cheaper = [price for price in prices if price.input_usd <= ASSUMED.input_usd]
    assert len(prices) > 1000
    assert len(cheaper) / len(prices) > 0.85


@pytest.mark.parametrize("name", ["ft:gpt-3.5-turbo:acme::a1", "openai/ft:gpt-3.5-turbo:acme::a1"])
def test_a_fine_tuned_model_has_the_price_of_its_base_s_fine_tunes(name):
    price = LiteLLMClient(1.0).price(name)

    assert price is not None
    assert price.input_usd > 0


class Routes:
    """A catalogue without routes."""

    routes: dict = {}  # noqa: RUF012  # never changed


def test_a_starting_worker_says_what_it_would_count():
    settings = make_settings(teacher_model="own/teacher", unpriced="refuse")
    assert model_names(settings, Routes()) == ["own/one", "own/teacher"]

    with capture_logs() as logs:
        log_prices(settings, Routes(), lambda _: None)
        log_prices(make_settings(), Routes(), lambda _: None)

    assert [line["event"] for line in logs] == ["model_unpriced"] * 3
    output = str(logs)
    assert "BEAGLE_UNPRICED is 'refuse'" in output
    assert "counted at $3.00 and $15.00" in output


def test_an_operators_own_price_wins_over_the_list_and_says_of_when_it_is():
    settings = make_settings(
        model_prices=("gpt-4o=1.50/0.50/6@2026-11-20", "own/one=0.1/0.4@2026-10-01")
    )
    listed = {"gpt-4o": Price(2.5e-6, 1.25e-6, 10e-6)}.get

    own = model_price("gpt-4o", settings, listed)
    unlisted = model_price("own/one", settings, listed)

    price = own.price
    prices = (price.input_usd, price.cached_input_usd, price.output_usd)
    assert prices == pytest.approx((1.5e-6, 0.5e-6, 6e-6))
    assert (own.source, own.date) == ("settings", "2026-11-20")
    assert "of 2026-11-20" in own.description
    assert unlisted.price.cached_input_usd == unlisted.price.input_usd == pytest.approx(1e-7)
    assert model_price("gpt-4o", make_settings(), listed).source == "list"


@pytest.mark.parametrize(
    "entry",
    [
        "gpt-4o",
        "gpt-4o=1/2",
        "gpt-4o=1@2026-11-20",
        "=1/2@2026-11-20",
        "m=a/b@2026-11-20",
        "m=1/2@soon",
        "m=-1/2@2026-11-20",
        "m=nan/2@2026-11-20",
        "m=1/2/3/4@2026-11-20",
    ],
)
def test_a_price_entry_that_cannot_be_read_is_refused_with_an_example(entry):
    with pytest.raises(ValueError, match="NAME=INPUT/OUTPUT@DATE"):
        make_settings(model_prices=(entry,))


def test_a_model_that_may_be_tried_is_priced_at_the_start():
    names = model_names(make_settings(trial_models=("own/two",)), Catalog({}))

    assert "own/two" in names


@pytest.mark.parametrize(
    ("second_usd", "words"),
    [(0.00001, "$0.00002 for a second"), (0.5, "$1 for a second"), (0.0, "$0 for a second")],
)
def test_the_local_models_price_is_told_with_the_setting_that_makes_it(second_usd, words):
    settings = make_settings(local_usd_per_cpu_second=second_usd, local_threads=2)
    text = model_price(LOCAL, settings, lambda _: None).description

    assert words in text
    assert "BEAGLE_LOCAL_USD_PER_CPU_SECOND" in text
    assert ("the demo sets a price" in text) == (second_usd == 0)
