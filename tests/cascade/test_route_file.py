"""Tiers in a route's file: what a tier names is its own, everything else is the route's."""

from __future__ import annotations

import pytest

from router.catalog.catalog import Catalog, read_route
from router.errors import RouteError
from router.publish import publish_catalog
from router.tiers.choice import choose_tier
from tests.tiers.test_choice import tier

ROUTE = """---
name: greet
description: Greet somebody.
utterances: [say hello]
models: [vendor/large]
role: You are kind.
limits: {{seconds: 20, output_tokens: 100, usd: 0.02}}
tiers:
  - {{name: small, models: [vendor/small]{small}}}
  - {{name: large{large}}}
---
Say hello.
"""


@pytest.fixture
def read(tmp_path):
    def read(small: str = "", tail: str = "", *, large: str = "", larger_model: bool = True):
        folder = tmp_path / "greet"
        folder.mkdir(exist_ok=True)
        (folder / "a.gguf").write_bytes(b"an adapter")
        text = ROUTE.format(small=small, large=large).replace("---\nSay", f"{tail}---\nSay")
        (folder / "route.md").write_text(text)
        return read_route(folder, larger_model=larger_model)

    return read


def test_a_tier_differs_in_what_it_names_and_in_nothing_else(read):
    route = read(", role: Be brief., output_tokens: 40, steps: [{do: prompt, reasoning: call}]")
    small, large = (tier.version for tier in route.tiers)

    assert (small.models, small.role) == (("vendor/small",), "Be brief.")
    assert small.steps[0].reasoning == "call"
    assert small.limits == large.limits.model_copy(update={"output_tokens": 40})
    assert (large.models, large.role) == (("vendor/large",), "You are kind.")
    assert (small.prompt, small.kind) == (large.prompt, large.kind)
    assert route.version == large


def test_the_names_of_tiers_change_no_version(read):
    plain = read().version
    route = ROUTE.format(small="", large="").replace("name: large", "name: best, usd: 0.1")

    assert route != ROUTE.format(small="", large="")
    assert read().version.id == plain.id


def test_a_tier_of_another_kind_has_that_kinds_steps(read):
    small = read(", kind: rag").tiers[0].version

    assert small.kind == "rag"
    assert [step.do for step in small.steps] == ["retrieve", "prompt"]


def test_a_tier_may_have_an_adapter_of_its_own(read):
    route = read(", kind: tuned, adapter: a.gguf")
    small, large = (tier.version for tier in route.tiers)

    assert small.adapter is not None
    assert large.adapter is None
    assert set(Catalog({"greet": route}).adapter_files()) == {small.adapter}


def test_a_tier_may_have_a_prompt_of_its_own(read):
    small, large = (tier.version for tier in read(", prompt: Greet.").tiers)

    assert (small.prompt, large.prompt) == ("Greet.", "Say hello.")


def test_a_tier_that_needs_a_larger_model_is_none_without_one(read):
    tuned, needs = ", kind: tuned, adapter: a.gguf", ", needs_larger_model: true"
    both = read(tuned, large=needs)
    alone = read(tuned, large=needs, larger_model=False)

    assert [tier.name for tier in both.tiers] == ["small", "large"]
    # What is left is no choice, but the route's one version.
    assert (alone.version, alone.adapter) == (both.tiers[0].version, both.tiers[0].adapter)
    assert alone.tiers == ()


def test_a_tier_that_stands_in_for_a_larger_model_is_none_with_one(read):
    stands_in = ", kind: tuned, adapter: a.gguf, without_larger_model: true"
    larger = read(stands_in)
    alone = read(stands_in, large=", needs_larger_model: true", larger_model=False)

    assert (larger.version.kind, larger.tiers) == ("prompt", ())
    assert (alone.version.kind, alone.tiers) == ("tuned", ())


def test_a_tier_that_would_never_answer_is_refused(read):
    with pytest.raises(RouteError, match="'small' has 'needs_larger_model' and 'without_larger"):
        read(", needs_larger_model: true, without_larger_model: true")


def test_tiers_that_all_need_a_larger_model_are_refused(read):
    needs = ", needs_larger_model: true"

    with pytest.raises(RouteError, match="with the route's own key 'needs_larger_model'"):
        read(needs, large=needs)


def test_a_target_decides_which_tier_is_good_enough(read):
    ladder = [tier("small", 0.1, 0.9), tier("large", 1.0, 0.99)]

    assert choose_tier(ladder, read(tail="target: 0.8\n").target).index == 0
    assert choose_tier(ladder, read(tail="target: 0.95\n").target).index == 1
    assert read().target is None


def test_tiers_are_published_and_dropped_with_the_file(read, store, clock):
    route = read()
    small, large = (tier.version.id for tier in route.tiers)
    published = publish_catalog(Catalog({"greet": route}), store, clock())

    assert published.live == ["greet"]
    assert published.unmeasured == [f"greet/{small}", f"greet/{large}"]
    serving = store.versions.serving_versions("T1", "greet", "U1")
    assert [version.id for version in serving.tiers] == [small]
    assert serving.live.id == large

    other = read(", role: Be brief.")
    publish_catalog(Catalog({"greet": other}), store, clock())
    serving = store.versions.serving_versions("T1", "greet", "U1")
    assert [version.id for version in serving.tiers] == [other.tiers[0].version.id]
    assert store.versions.get("", "greet", small).state == "retired"


def test_a_measured_tier_is_not_measured_again(read, store, clock):
    route = read()
    small, large = (tier.version.id for tier in route.tiers)
    store.quality.store_measurement("", "greet", small, {"rows": []}, clock())

    assert publish_catalog(Catalog({"greet": route}), store, clock()).unmeasured == [
        f"greet/{large}"
    ]
