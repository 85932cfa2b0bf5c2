"""Alerts and dashboard name metrics and labels that exist, and pages that are there."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bot.transport.deliveries.metrics import DeliveryCollector
from bot.transport.deliveries.places import Deliveries
from bot.transport.health import LeaderCollector, StoreCollector
from evals.bench.aged.year import fill
from tests.fixtures.store_calls import judged_row
from workers.fakes import MemoryQueue

METRIC = re.compile(r"\b(beagle_[a-z_]+)(?:\{([^}]*)\})?")
LABEL = re.compile(r"(\w+)\s*!?=")
BY = re.compile(r"\bby \(([^)]*)\)")
ALWAYS = {"le"}
"""Labels that Prometheus itself gives to the buckets of a histogram."""


@pytest.fixture
def exposed(store, clock):
    """The labels of each exposed sample, by its name."""
    fill(store, 400, 1, (5.0, 0.0))
    store.quality.insert(judged_row(store))
    registry = CollectorRegistry()
    registry.register(StoreCollector(store, MemoryQueue({"answer": "answer"}), clock, lambda: 0.0))
    registry.register(LeaderCollector(lambda: True))
    registry.register(DeliveryCollector(Deliveries(1)))
    labels: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)

    return labels


@pytest.fixture
def rules(root):
    text = (root / "deploy/prometheus/beagle-alerts.yaml").read_text("utf-8")
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


@pytest.fixture
def panels(root):
    text = (root / "deploy/grafana/beagle-dashboard.json").read_text("utf-8")
    return json.loads(text)["panels"]


def expressions(rules, panels) -> list[str]:
    return [rule["expr"] for rule in rules] + [
        target["expr"] for panel in panels for target in panel["targets"]
    ]


def test_every_metric_and_label_that_they_name_exists(exposed, rules, panels) -> None:
    for expression in expressions(rules, panels):
        known: set[str] = set()
        for name, selector in METRIC.findall(expression):
            assert name in exposed, expression
            assert set(LABEL.findall(selector)) <= exposed[name] | ALWAYS, expression
            known |= exposed[name]

        grouped = {label.strip() for names in BY.findall(expression) for label in names.split(",")}
        assert grouped <= known | ALWAYS, expression


def test_every_recorded_series_that_an_alert_uses_is_recorded(rules) -> None:
    recorded = {rule["record"] for rule in rules if "record" in rule}
    for rule in rules:
        used = set(re.findall(r"\bbeagle:[\w:]+", rule["expr"]))
        assert used <= recorded


def test_the_dashboard_shows_every_metric(exposed, panels) -> None:
    shown = {name for panel in panels for name, _ in METRIC.findall(str(panel["targets"]))}
    families = {re.sub(r"_(bucket|count|sum|created)$", "", name) for name in exposed}

    assert families <= {re.sub(r"_(bucket|count|sum)$", "", name) for name in shown}


def test_every_alert_says_how_urgent_it_is_and_where_to_read_on(root, rules) -> None:
    alerts = [rule for rule in rules if "alert" in rule]
    assert len({rule["alert"] for rule in alerts}) == len(alerts) > 5

    for rule in alerts:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"]
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        headings = re.findall(r"^## (.+)$", (root / page).read_text("utf-8"), re.MULTILINE)
        assert anchor in {heading.lower().replace(" ", "-") for heading in headings}
