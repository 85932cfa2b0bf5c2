"""Every command, metric and log event is documented in docs/operate.md."""

from __future__ import annotations

import ast
import re
from collections import Counter

import pytest

from bot import commands
from bot.cli.folder import commands_of
from bot.transport.deliveries.metrics import DeliveryCollector
from bot.transport.deliveries.places import Deliveries
from bot.transport.health import LeaderCollector, StoreCollector
from workers.fakes import MemoryQueue
from workers.jobs import queue_of_job

LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
EVENT = re.compile(r"[a-z][a-z_]+")


@pytest.fixture(scope="module")
def page(root):
    return (root / "docs/operate.md").read_text("utf-8")


def documented(page: str, heading: str) -> set[str]:
    """The backquoted names in the first column of the tables below that heading, each once."""
    section = page.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    names = [
        name
        for row in re.findall(r"^\| (`[^|]*?) \|", section, re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", row)
    ]
    twice = sorted(name for name, times in Counter(names).items() if times > 1)

    assert twice == [], "a name with two meanings: rename one"
    return set(names)


def events(root) -> set[str]:
    """Every event that the code logs."""
    found = set()
    for path in (
        path for folder in ("bot", "workers", "router") for path in (root / folder).rglob("*.py")
    ):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                not isinstance(node, ast.Call)
                or not isinstance(node.func, ast.Attribute)
                or not node.args
            ):
                continue

            first = node.args[0]
            if (
                node.func.attr in LEVELS
                and isinstance(first, ast.Constant)
                and EVENT.fullmatch(str(first.value))
            ):
                found.add(first.value)

    return found


def test_every_log_event_is_documented_and_no_other(root, page):
    assert documented(page, "Logs") == events(root)


def test_a_name_that_is_documented_twice_is_refused():
    page = "\n## Logs\n| `read` | a | |\n| `lost` | b | |\n| `read` | c | |\n"

    with pytest.raises(AssertionError, match="read"):
        documented(page, "Logs")


def test_every_metric_is_documented_and_no_other(page, store, clock):
    store_metrics = StoreCollector(store, MemoryQueue(queue_of_job()), clock, lambda: 0.0)
    collected = [
        *store_metrics.collect(),
        *LeaderCollector(lambda: True).collect(),
        *DeliveryCollector(Deliveries(1)).collect(),
    ]

    exposed = {one.name + ("_total" if one.type == "counter" else "") for one in collected}

    assert {
        name.split("{")[0] for name in documented(page, "Health") if name.startswith("beagle_")
    } == exposed


def test_every_command_is_documented_and_no_other(page):
    named = {name.split()[1] for name in documented(page, "Commands") if name.startswith("beagle ")}

    assert named == set(commands_of("bot.cli"))


def test_every_sub_command_is_documented_and_no_other(page):
    named = {
        name.split()[1] for name in documented(page, "Commands") if name.startswith("/beagle ")
    }

    assert named == set(commands.names())
