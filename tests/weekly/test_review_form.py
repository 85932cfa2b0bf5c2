"""The form in which a person reviews examples says what each field's values mean."""

from __future__ import annotations

import pytest

from bot.sandbox.block_kit import check_view
from bot.weekly.review_form import HINT_LIMIT, fields_of, review_dialog
from router.catalog.catalog import builtin_routes_folder, load_routes
from router.types import Candidate
from workers.datasets.build import DatasetExample

MEANING = "critical: all customers are hit; minor: anything less"
ROW = DatasetExample("the shop is down", {"severity": "critical"}, "U1", 1.0, "outcome")


def form(description):
    rules = {"enum": ["minor", "critical"], "description": description}
    schema = {"properties": {"severity": rules}}
    return review_dialog(Candidate("c1", "T1", "outage", "", "dataset"), "d1", [ROW], [0], schema)


def hints(view):
    return [block["hint"]["text"] for block in view["blocks"] if "hint" in block]


def test_a_field_shows_what_its_values_mean():
    assert hints(form(MEANING)) == [MEANING]
    assert hints(form("")) == hints(form(None)) == []


def test_a_long_meaning_is_cut_and_slack_takes_it():
    view = form("word " * 900)
    assert len(hints(view)[0]) <= HINT_LIMIT
    assert check_view(view, "modal") == []


@pytest.mark.parametrize("name", sorted(load_routes(builtin_routes_folder()).routes))
def test_the_routes_that_ship_say_what_the_values_of_a_menu_mean(name):
    route = load_routes(builtin_routes_folder()).routes[name]
    for field in fields_of(route.version.output):
        assert field.kind != "choice" or all(value in field.meaning for value in field.choices[1:2])
