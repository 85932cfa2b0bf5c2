"""The statistics message and its CSV file."""

from __future__ import annotations

import dataclasses

import pytest

from bot.plainer.blocks import plainer_blocks
from bot.plainer.kinds import NEWER
from bot.sandbox.block_kit import check_message
from bot.ui import stats
from router.store.usage.stats import RouteStats
from tests.fixtures.stats import make_period


@pytest.mark.parametrize("routes", [0, 1, 20, 45])
def test_statistics_fit_into_slacks_limits_in_every_form(routes):
    shown = stats.render_stats("7d", make_period(routes), {"Used today": "$1"})
    assert len(shown.text) <= 4000
    for refused in ((), {"data_table"}, NEWER, {"rich_text", *NEWER}):
        assert check_message(plainer_blocks(shown.blocks, refused, "message")).details == []


def test_where_the_newest_blocks_are_refused_a_table_is_next_and_then_columns():
    shown = stats.render_stats("7d", make_period(), {})
    kinds = []
    for refused in ((), {"data_table", "data_visualization"}, NEWER):
        blocks = plainer_blocks(shown.blocks, refused, "message")
        kinds.append([block["type"] for block in blocks])

    assert {"data_visualization", "data_table"} <= set(kinds[0])
    assert "table" in kinds[1]
    assert set(kinds[2]) == {"header", "section", "rich_text", "actions"}


def test_long_route_names_stay_apart_on_the_axis():
    assert stats.unique_labels(["a" * 30, "a" * 31]) == ["a" * 19 + "…", "a" * 17 + "…2"]


def test_the_file_has_a_line_for_each_route_and_no_formula():
    routes = [RouteStats("=cmd", ("rag",), 10, 1.0, 0.5, 2.0, 0.01, 1)]
    lines = stats.as_csv(dataclasses.replace(make_period(), routes=routes)).splitlines()
    assert lines[1].startswith("'=cmd,rag,10,1.0")


def test_why_answers_were_bad_is_said_in_the_words_of_the_buttons():
    shown = stats.render_stats("7d", make_period(), {}, (), {"facts": 2, "slow": 1})
    assert "wrong facts 2, too slow 1" in str(shown.blocks)
    assert "as people said" not in str(stats.render_stats("7d", make_period(), {}).blocks)
