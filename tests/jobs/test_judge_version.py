"""An edited route goes live only if it is no worse than the live version."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from router.catalog.catalog import read_route
from router.config import Settings
from router.store import Store
from router.store.versions.versions import StoredVersion
from workers.context import Context
from workers.fakes import MemoryQueue, MemoryReplies
from workers.jobs import judge_version
from workers.llm.fakes import ScriptedModel
from workers.ports import ModelCall, ModelReply
from workers.runtime.leases import Leases

ROUTE = """---
name: boxes
description: Say which box.
utterances: [which box]
output: {{type: object, properties: {{box: {{enum: [left, right]}}}}}}
---
{prompt}
"""
Edit = Callable[[str], str]


class Reader:
    """Answers right where the prompt says GOOD, wrong otherwise."""

    def complete(self, call: ModelCall, on_text: Callable[[str], None] | None = None) -> ModelReply:
        box = "left" if "GOOD" in call.messages[0]["content"] else "right"
        return ScriptedModel([json.dumps({"box": box})]).complete(call, on_text)


@pytest.fixture
def context(store: Store, clock: Any, tmp_path: Path) -> Context:
    (tmp_path / "routes").mkdir()
    return Context(
        settings=Settings(_env_file=None, routes=tmp_path / "routes"),  # type: ignore[call-arg]
        store=store,
        queue=MemoryQueue({}),
        model=Reader(),
        replies=MemoryReplies(),
        leases=Leases(store.requests, "me", clock, 20.0),
        now=clock,
        random=lambda: 0.0,
    )


@pytest.fixture
def edit(context: Context, store: Store, clock: Any, tmp_path: Path) -> Edit:
    """Rewrites the route's file and stores its version in shadow."""

    def write(prompt: str) -> str:
        place = tmp_path / "routes" / "boxes"
        place.mkdir(exist_ok=True)
        (place / "route.md").write_text(ROUTE.format(prompt=prompt))
        rows = [
            {"text": f"apple {n}", "answer": {"box": "left"}, "split": "test"} for n in range(3)
        ]
        (place / "examples.jsonl").write_text("\n".join(map(json.dumps, rows)))
        version = read_route(place).version
        store.versions.insert(
            StoredVersion(
                "",
                "boxes",
                version.id,
                "prompt",
                "shadow",
                version.model_dump(mode="json"),
                clock(),
            )
        )

        return version.id

    return write


def live(store: Store) -> str | None:
    found = store.versions.live("", "boxes")
    return found.id if found else None


def test_the_first_version_goes_live(context: Context, edit: Edit, store: Store) -> None:
    first = edit("bad")

    judge_version.run(context, f"boxes/{first}")

    assert live(store) == first


def test_a_better_edit_goes_live(context: Context, edit: Edit, store: Store) -> None:
    judge_version.run(context, f"boxes/{edit('bad')}")
    better = edit("GOOD")

    judge_version.run(context, f"boxes/{better}")

    assert live(store) == better


def test_a_worse_edit_stays_in_shadow(context: Context, edit: Edit, store: Store) -> None:
    good = edit("GOOD")
    judge_version.run(context, f"boxes/{good}")
    worse = edit("bad")

    judge_version.run(context, f"boxes/{worse}")
    judge_version.run(context, f"boxes/{worse}")

    assert live(store) == good
    kept = store.versions.get("", "boxes", worse)
    assert kept is not None
    assert kept.state == "shadow"


def test_an_edit_that_was_edited_again_is_left_alone(
    context: Context, edit: Edit, store: Store
) -> None:
    judge_version.run(context, f"boxes/{edit('bad')}")
    before = live(store)
    overtaken = edit("GOOD")
    edit("GOOD too")

    judge_version.run(context, f"boxes/{overtaken}")

    assert live(store) == before


def test_an_unknown_version_changes_nothing(context: Context, store: Store) -> None:
    judge_version.run(context, "boxes/000000000000")

    assert live(store) is None


class NearlyReader(Reader):
    """Like `Reader`, and wrong about one apple where the prompt says NEARLY."""

    def complete(self, call: ModelCall, on_text: Callable[[str], None] | None = None) -> ModelReply:
        if "NEARLY" in call.messages[0]["content"] and "apple 0" in str(call.messages[-1]):
            return ScriptedModel([json.dumps({"box": "right"})]).complete(call, on_text)

        return super().complete(call, on_text)


@pytest.mark.parametrize(("rows", "passed"), [(20, True), (2, False)])
def test_one_wrong_row_of_many_may_be_chance_and_of_two_is_kept_back(
    context: Context, tmp_path: Path, rows: int, passed: bool
) -> None:
    place = tmp_path / "routes" / "boxes"
    place.mkdir()
    lines = [
        json.dumps({"text": f"apple {n}", "answer": {"box": "left"}, "split": "test"})
        for n in range(rows)
    ]
    (place / "examples.jsonl").write_text("\n".join(lines))
    (place / "route.md").write_text(ROUTE.format(prompt="GOOD"))
    good = read_route(place).version
    (place / "route.md").write_text(ROUTE.format(prompt="GOOD NEARLY"))

    judged = dataclasses.replace(context, model=NearlyReader())
    check = judge_version.check_version(judged, read_route(place), good)

    assert check.accuracy is not None
    assert check.accuracy < 1.0
    assert check.passed == passed
    assert ("chance" in check.reason) == passed
