"""The installation's routes: whose folders they come from, and which tiers its model has."""

from __future__ import annotations

import pytest

from router.catalog.catalog import builtin_routes_folder
from router.catalog.installed import has_larger_model, installed_routes, route_folders
from router.config import Settings

ROUTE = """---
name: greet
description: Greet somebody.
utterances: [say hello]
tiers:
  - {name: small, output_tokens: 20}
  - {name: medium, output_tokens: 40}
  - {name: large, needs_larger_model: true}
---
Say hello.
"""


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "greet").mkdir()
    (tmp_path / "greet" / "route.md").write_text(ROUTE)

    def make(**changes: str) -> Settings:
        return Settings(_env_file=None, routes=tmp_path, **changes)

    return make


@pytest.mark.parametrize(
    ("changes", "is_larger"),
    [
        ({}, False),
        ({"model": "openai/gpt-5.4-mini"}, True),
        ({"model_url": "http://127.0.0.1:1/v1"}, True),
    ],
)
def test_a_model_that_somebody_chose_is_a_larger_one(settings, changes, is_larger):
    assert has_larger_model(settings(**changes)) == is_larger


def test_own_routes_come_after_the_built_in_ones(settings):
    own = settings()

    assert route_folders(own) == [builtin_routes_folder(), own.routes]
    assert {"greet", "triage"} <= set(installed_routes(own).routes)


def test_tiers_depend_on_the_model(settings):
    small = installed_routes(settings()).routes["greet"]
    large = installed_routes(settings(model="openai/gpt-5.4-mini")).routes["greet"]

    assert [tier.name for tier in small.tiers] == ["small", "medium"]
    assert [tier.name for tier in large.tiers] == ["small", "medium", "large"]
    assert small.version == large.tiers[1].version
    assert installed_routes(settings(), all_tiers=True).routes["greet"].tiers == large.tiers


def test_triage_is_tuned_for_the_included_model_and_prompted_for_a_larger_one():
    small = installed_routes(Settings(_env_file=None)).routes["triage"]
    large = installed_routes(Settings(_env_file=None, model="openai/gpt-5.4-mini")).routes["triage"]

    assert (small.version.kind, small.tiers) == ("tuned", ())
    assert [tier.version.kind for tier in large.tiers] == ["tuned", "prompt"]
    # It learned its short prompt alone.
    assert (small.version.prompt, small.version.role) == ("Sort the support message.", "")


def test_texts_are_rewritten_by_the_larger_model_alone_where_there_is_one():
    for name in ("rewrite", "actions"):
        small = installed_routes(Settings(_env_file=None)).routes[name]
        large = installed_routes(Settings(_env_file=None, model="openai/gpt-5.4-mini")).routes[name]

        assert (small.version.kind, small.tiers) == ("tuned", ())
        assert (large.version.kind, large.tiers) == ("prompt", ())


@pytest.mark.parametrize(
    ("models", "chosen", "lacks"),
    [
        ("", {}, True),
        ("", {"model": "openai/gpt-5.4-mini"}, False),
        ("models: [openai/gpt-5.4-mini, local]", {}, False),
        ("models: [local, openai/gpt-5.4-mini]", {}, True),
        ("models: [local]", {"model": "openai/gpt-5.4-mini"}, True),
    ],
)
def test_what_takes_knowledge_lacks_a_model_where_the_included_one_answers_first(
    tmp_path, models, chosen, lacks
):
    (tmp_path / "explain").mkdir()
    text = ROUTE.split("tiers:")[0].replace("greet", "explain")
    keys = f"needs_knowledge: true\n{models}\n---\nExplain it.\n"
    (tmp_path / "explain" / "route.md").write_text(text + keys)

    settings = Settings(_env_file=None, routes=tmp_path, **chosen)

    assert installed_routes(settings).routes["explain"].lacks_model == lacks
