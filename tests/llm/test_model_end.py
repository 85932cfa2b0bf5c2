"""Models end: no default names one that ends soon, and each that does has a known replacement."""

from __future__ import annotations

import inspect
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.cli import roi
from bot.cli.models.endings import endings
from bot.demo.demo_settings import DEMO_THRESHOLDS
from router.catalog.catalog import load_routes
from router.config import Settings
from workers.llm.litellm_client import LiteLLMClient
from workers.llm.model_end import (
    ANNOUNCED_FILE,
    LASTING_DAYS,
    announced_ends,
    days_until,
    model_end,
    replacement,
)
from workers.llm.model_prices import models_in_settings, named_models
from workers.readiness.evidence import CHEAP_MODEL

ROOT = Path(__file__).parents[2]
RELEASED = datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp()
"""The defaults were chosen on this day; the installed list has dates until then."""
HOW_TO_NAMES = re.compile(r"BEAGLE_MODEL=([a-z_]+/[a-z][\w.:-]*)")


def entry(usd, end=None, **more):
    body = {
        "litellm_provider": "vendor",
        "mode": "chat",
        "input_cost_per_token": usd,
        "output_cost_per_token": 4 * usd,
        "max_input_tokens": 100_000,
        **more,
    }
    return body if end is None else body | {"deprecation_date": end}


def test_a_model_ends_at_its_own_date_under_whatever_name_it_goes():
    prices = {
        "gpt-x": {"deprecation_date": "2027-05-01"},
        "ft:gpt-y": {"deprecation_date": "2027-06-01"},
        "free": {},
    }

    assert model_end("openai/gpt-x", prices).date == "2027-05-01"
    assert model_end("ft:gpt-x:team::id", prices).date == "2027-05-01"
    assert model_end("ft:gpt-y", prices).date == "2027-06-01"
    assert model_end("free", prices) is None
    assert model_end("unknown", prices) is None


def test_a_name_without_a_date_ends_with_the_last_of_its_snapshots():
    prices = {
        "own": {},
        "own-2025-01-01": {"deprecation_date": "2026-12-01"},
        "own-2025-06-01": {"deprecation_date": "2027-03-01"},
        "own-mini-2025-06-01": {},
    }

    assert model_end("own", prices).date == "2027-03-01"
    assert model_end("own", prices | {"own-2026-01-01": {}}) is None


@pytest.mark.parametrize("name", ["gpt-4o-mini", "openai/gpt-4o", "ft:gpt-4.1-2025-04-14:us::1"])
def test_what_the_installed_list_lacks_is_announced_with_its_source(name):
    end = LiteLLMClient(1.0).end(name)

    assert end.date == "2027-01-14"
    assert end.source.startswith("https://developers.openai.com/")
    assert end.checked in end.description


def test_an_announced_end_is_the_provider_s_own():
    assert model_end("openai/gpt-4o", {}).date == "2027-01-14"
    assert model_end("azure/gpt-4o", {}) is None


def test_every_announced_end_has_a_date_a_source_and_the_day_it_was_read():
    for announced in json.loads(ANNOUNCED_FILE.read_text("utf-8")):
        assert date.fromisoformat(announced["checked"]) < date.fromisoformat(announced["date"])
        assert announced["source"].startswith("https://")

    assert len(announced_ends()) >= 9


def test_the_nearest_in_price_that_lasts_a_year_replaces_a_model():
    prices = {
        "vendor/old": entry(1e-6, "2027-01-14"),
        "vendor/near": entry(1.2e-6),
        "vendor/far": entry(3e-6),
        "vendor/ends": entry(1e-6, "2027-02-01"),
        "vendor/blind-search": entry(1e-6),
        "vendor/small-window": entry(1e-6, max_input_tokens=8_000),
        "vendor/near-2026-01-01": entry(1e-6),
        "other/near": entry(1e-6, litellm_provider="other"),
        "vendor/words": entry(1e-6, mode="embedding"),
        "sample": entry(1e-6, max_input_tokens="a note on what stands here"),
    }

    assert replacement("vendor/old", prices, RELEASED) == "vendor/near"
    assert replacement("unknown", prices, RELEASED) is None
    assert replacement("ft:vendor/old", prices, RELEASED) is None


def test_where_none_lasts_a_year_it_must_last_much_longer():
    prices = {
        "vendor/old": entry(1e-6, "2027-01-14"),
        "vendor/a-bit": entry(1e-6, "2027-02-14"),
    }

    assert replacement("vendor/old", prices, RELEASED) is None
    later = prices | {"vendor/later": entry(2e-6, "2027-09-01")}
    assert replacement("vendor/old", later, RELEASED) == "vendor/later"


def test_a_model_that_sees_is_replaced_by_one_that_sees():
    prices = {
        "vendor/old": entry(1e-6, "2027-01-14", supports_vision=True),
        "vendor/blind": entry(1e-6),
        "vendor/sees": entry(2e-6, supports_vision=True),
    }

    assert replacement("vendor/old", prices, RELEASED) == "vendor/sees"


def test_no_default_names_a_model_that_ends_within_a_year():
    settings = Settings(_env_file=None)
    demo = DEMO_THRESHOLDS["BEAGLE_REFERENCE_MODEL"]
    names = {CHEAP_MODEL, roi.TUNED_MODEL, demo, *models_in_settings(settings)}
    for parameter in inspect.signature(roi.main).parameters.values():
        if parameter.name in ("prompted", "tuned"):
            names.add(parameter.default)

    client = LiteLLMClient(1.0)
    for name in names:
        end = client.sunset_date(name)
        assert client.price(name) is not None
        assert end is None or days_until(end, RELEASED) > LASTING_DAYS


def test_the_models_of_the_how_to_have_not_ended_and_last_half_a_year():
    text = (ROOT / "docs/how-to/models.md").read_text("utf-8")
    names = HOW_TO_NAMES.findall(text)
    client = LiteLLMClient(1.0)

    assert len(names) >= 4
    for name in names:
        end = client.sunset_date(name)
        assert end is None or days_until(end, RELEASED) > LASTING_DAYS / 2


def test_models_are_listed_with_every_setting_and_route_that_names_them(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "route.md").write_text(
        "---\nname: own\ndescription: Sorts boxes\nutterances: [sort the box]\n"
        "models: [gpt-4o-mini, local]\n---\nSort.\n",
        "utf-8",
    )
    (folder / "examples.jsonl").write_text('{"text": "sort the box"}\n', "utf-8")
    settings = Settings(
        _env_file=None, model="gpt-4o-mini", trial_models=("gpt-4o-mini", "gpt-5.6-luna")
    )

    places = named_models(settings, load_routes(tmp_path))
    (ending,) = endings(places, LiteLLMClient(1.0), RELEASED)

    assert places["gpt-4o-mini"] == ["BEAGLE_MODEL", "BEAGLE_TRIAL_MODELS", "route own"]
    assert "local" not in places
    assert (ending.days, ending.has_ended) == (45, False)
    assert ending.replacement == "gpt-5.6-luna"
    assert "route own" in ending.description


def test_a_model_on_a_server_of_ones_own_has_no_end():
    settings = Settings(_env_file=None, model="gpt-4o-mini", model_url="http://127.0.0.1:1/v1")

    assert models_in_settings(settings) == {}
