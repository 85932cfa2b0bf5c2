"""Every setting and every key of a route file names a test that exists, of what it changes."""

from __future__ import annotations

import ast
import functools
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.app import rate_limiter
from router.catalog.route_file import NESTED_MODELS, FrontMatter
from router.config import Settings
from router.log import get_log, set_up_logs
from router.store.versions.shadow_runs import VersionMetrics
from workers.drift.model_sunset import sunsets_within
from workers.evaluation.guardrails import rollback_reason
from workers.fakes import MemoryDirectory
from workers.knowledge.membership import ReadingRights
from workers.llm.budget import Budget
from workers.ports import ChannelInfo, Payer
from workers.readiness.thresholds import gate_thresholds, mining_limits, tuning_costs
from workers.training.trainers.lora import options

ROOT = Path(__file__).parents[2]
PRODUCT = ("bot", "workers", "router")
TABLES = json.loads((Path(__file__).parent / "behaviours.json").read_text("utf-8"))
BEHAVIOUR = TABLES["settings"]
"""A test in which another value of the setting makes Beagle do something else."""
WITHOUT_BEHAVIOUR = TABLES["settings_without"]
"""Settings that no test changes yet, and why. A new setting belongs into `BEHAVIOUR`."""
ROUTE_KEYS = TABLES["route_keys"]
"""A test in which the key of `route.md` makes Beagle do something else."""


@functools.cache
def attributes() -> frozenset[tuple[str, str]]:
    """Every attribute that the product reads, with the name of what it is read from."""
    found = set()
    for folder in PRODUCT:
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Attribute):
                    owner = node.value
                    name = owner.attr if isinstance(owner, ast.Attribute) else ""
                    found.add((node.attr, name or getattr(owner, "id", "")))

    return frozenset(found)


@functools.cache
def names_of_tests(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def route_keys() -> set[str]:
    keys = set(FrontMatter.model_fields)
    for name, model in NESTED_MODELS.items():
        keys |= {f"{name}.{field}" for field in model.model_fields}

    return keys


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_has_a_reader(name):
    owners = {owner for attribute, owner in attributes() if attribute == name}

    # `self` is the settings' own: what others read is made of it there.
    assert owners & {"settings", "_settings", "s", "self"}


@pytest.mark.parametrize("key", sorted(route_keys()))
def test_every_key_of_a_route_file_has_a_reader(key):
    name = key.rpartition(".")[2]
    assert any(attribute == name for attribute, _ in attributes())


def test_every_setting_has_a_test_of_what_it_changes():
    known = BEHAVIOUR.keys() | WITHOUT_BEHAVIOUR.keys()

    assert known == set(Settings.model_fields)
    assert not BEHAVIOUR.keys() & WITHOUT_BEHAVIOUR.keys()


def test_every_key_of_a_route_file_has_a_test_of_what_it_changes():
    assert ROUTE_KEYS.keys() == route_keys()


@pytest.mark.parametrize("node", sorted({*BEHAVIOUR.values(), *ROUTE_KEYS.values()}))
def test_the_tests_exist(node):
    file, _, name = node.partition("::")

    assert (ROOT / file).is_file()
    assert not name or name in names_of_tests(file)


def read_all(settings: Settings) -> str:
    """What the functions make of the settings that only translate them."""
    budget = Budget(settings, SimpleNamespace(), lambda: 0.0, lambda *_: 0.0)
    payer = Payer("T1", "C1", "U1")
    parts = (
        mining_limits(settings),
        gate_thresholds(settings),
        tuning_costs(settings),
        options(settings),
        budget._caps(payer),
    )
    return repr(parts)


@pytest.mark.parametrize(
    "name", sorted(name for name, node in BEHAVIOUR.items() if node.endswith("what_reads_it"))
)
def test_a_changed_limit_changes_what_reads_it(name):
    default = getattr(Settings(_env_file=None), name)
    # Within every setting's range: one less where that is possible.
    other = default - 1 if default > 1 else default + 1
    if isinstance(default, bool):
        other = not default
    elif isinstance(default, float) and 0 < default < 1:
        other = default / 2

    assert read_all(Settings(_env_file=None, **{name: other})) != read_all(Settings(_env_file=None))


@pytest.mark.parametrize(
    ("change", "metrics"),
    [
        ({"rollback_min_valid": 0.5}, {"valid": 0.6}),
        ({"rollback_max_correction_increase": 0.5}, {"valid": 1.0, "corrected": 0.4}),
        ({"rollback_max_slowdown": 50.0}, {"valid": 1.0, "seconds": 20.0}),
    ],
)
def test_a_changed_guardrail_rolls_back_or_not(change, metrics):
    new = VersionMetrics(calls=1000, **metrics)
    old = VersionMetrics(calls=1000, valid=1.0, seconds=1.0)

    assert rollback_reason(Settings(_env_file=None), new, old) is not None
    assert rollback_reason(Settings(_env_file=None, **change), new, old) is None


def test_rate_limits_can_be_switched_off():
    backend = SimpleNamespace(url="redis://127.0.0.1:9/0")

    assert rate_limiter(Settings(_env_file=None), backend) is not None
    assert rate_limiter(Settings(_env_file=None, slack_rate_limiting=False), backend) is None


@pytest.mark.parametrize("days", [30, 90])
def test_a_models_end_is_told_as_many_days_before_as_are_set(days):
    settings = Settings(_env_file=None, model_sunset_warning_days=days)
    day = 86_400.0
    # 60 days before 1 March 1970.
    now = 59 * day - 60 * day + 10 * 365 * day
    dates = {"m": "1980-02-27"}

    found = sunsets_within(["m"], dates.get, now, settings.model_sunset_warning_days)

    assert bool(found) == (days == 90)


@pytest.mark.parametrize(("level", "is_written"), [("info", True), ("error", False)])
def test_the_log_level_filters_lines(level, is_written, capsys):
    set_up_logs("json", level)
    get_log(part="test").info("something_happened")

    assert ("something_happened" in capsys.readouterr().err) == is_written
    set_up_logs()


@pytest.mark.parametrize("seconds", [60.0, 7200.0])
def test_what_slack_said_counts_for_as_long_as_is_set(store, clock, seconds):
    people = MemoryDirectory()
    people.channels["C1"] = ChannelInfo("C1", "c1", public=True, shared=False)
    settings = Settings(_env_file=None, rights_max_age_seconds=seconds)
    rights = ReadingRights(store.access, people, clock, settings.rights_max_age_seconds)
    assert rights.channel_kind("T1", "C1") == "public"

    people.channels["C1"] = ChannelInfo("C1", "c1", public=False, shared=False)
    clock.forward(3600.0)

    assert (rights.channel_kind("T1", "C1") == "private") == (seconds < 3600)
