"""New tiers are measured, and a measurement that was lost is made again."""

from __future__ import annotations

import pytest

from bot.routing.publication import Publication
from router.catalog.catalog import Catalog, read_route
from workers.fakes import MemoryQueue
from workers.jobs import queue_of_job

ROUTE = """---
name: greet
description: Say hello.
utterances: [hello there]
tiers:
  - {name: small, models: [small-1]}
  - {name: large, models: [large-1]}
---
Greet.
"""


@pytest.fixture
def catalog(tmp_path):
    folder = tmp_path / "greet"
    folder.mkdir()
    (folder / "route.md").write_text(ROUTE)
    return Catalog({"greet": read_route(folder)})


@pytest.fixture
def queue():
    return MemoryQueue(queue_of_job())


def taken(queue) -> list[tuple[str, str]]:
    jobs = list(queue.jobs)
    queue.jobs.clear()
    return jobs


def test_a_measurement_that_was_lost_is_made_again(catalog, queue, store, clock):
    publication = Publication(store, queue, clock)
    publication.publish(catalog)
    small, large = (tier.version.id for tier in catalog.routes["greet"].tiers)
    wanted = [("measure_tier", f"greet/{version}") for version in (small, large)]
    assert taken(queue) == wanted

    # The worker could store the first one only.
    store.quality.store_measurement("", "greet", small, {"rows": []}, clock())
    publication.measure_again(catalog)
    assert taken(queue) == wanted[1:]

    store.quality.store_measurement("", "greet", large, {"rows": []}, clock())
    publication.measure_again(catalog)
    assert taken(queue) == []


def test_what_the_queue_refused_is_asked_for_in_the_next_round(catalog, queue, store, clock):
    publication = Publication(store, queue, clock)
    queue.down = True
    publication.publish(catalog)
    publication.measure_again(catalog)

    queue.down = False
    publication.measure_again(catalog)
    assert len(taken(queue)) == len(catalog.routes["greet"].tiers)
