"""Messages of authors whom the router has not seen are measured on examples that are there."""

from __future__ import annotations

import json

import pytest

from evals.routing.authors import AUTHORS, measure
from evals.stand_ins import HashingEncoder
from router.catalog.catalog import Catalog, builtin_routes_folder, load_routes
from router.types import NO_ROUTE, Example


@pytest.fixture(scope="module")
def catalog():
    return load_routes(builtin_routes_folder())


@pytest.fixture(scope="module")
def authors() -> dict[str, list[str]]:
    return json.loads(AUTHORS.read_text("utf-8"))


def examples_of(catalog: Catalog) -> list[Example]:
    rows = [row for route in catalog.routes.values() for row in route.examples]
    return [*catalog.training_examples(), *rows]


def test_every_message_of_an_author_is_an_example_and_of_one_author(catalog, authors):
    examples = {example.id for example in examples_of(catalog)}
    written = [key for keys in authors.values() for key in keys]

    assert len(set(written)) == len(written)
    assert set(written) <= examples


def test_each_message_of_the_author_is_counted_once(catalog, authors):
    name, keys = next(iter(authors.items()))
    encoder = HashingEncoder(trigrams=False)

    figures = measure(catalog, {name: keys}, encoder)

    served = {e.id for e in examples_of(catalog) if e.route != NO_ROUTE} & set(keys)
    assert (figures["messages"], figures["others"]) == (len(served), len(keys) - len(served))
    shares = [figures[name] for name in ("right", "asked", "turned_away", "wrong")]
    assert sum(shares) == pytest.approx(1)
    assert figures["right"] < 1
