"""A tuned route on a server with many adapters is requested by the adapter's name."""

from __future__ import annotations

import dataclasses
import json

from router.catalog.version import Version
from router.types import Decision, Request
from workers.context import Work
from workers.llm.fake_server import fake_model_server
from workers.llm.litellm_client import open_model
from workers.paths import get_path

SHAPE = {"type": "object", "properties": {"box": {"enum": ["left", "right"]}}, "required": ["box"]}


def served(rollout, url, **version):
    settings = rollout.context.settings.model_copy(
        update={"adapter_server_url": url, "connect_timeout_seconds": 30.0}
    )
    model = open_model(settings, None, rollout.clock, lambda: 0.0)
    made = Version(route="boxes", kind="tuned", prompt="Route: boxes.", output=SHAPE, **version)
    request = Request("r1", "T1", "C1", "U1", "1.0", "E1", "which box?", 1.0)
    work = Work(request, Decision("route", "boxes", 1.0, 1.0, 1.0, (), "r", made.id), made)

    return get_path("tuned").run(
        dataclasses.replace(rollout.context, settings=settings, model=model), work
    )


def test_it_is_asked_by_its_own_name_with_the_short_prompt_and_no_examples(rollout):
    with fake_model_server(text=json.dumps({"box": "left"})) as many:
        outcome = served(rollout, many.url, models=("hosted_vllm/boxes-2026-11",))

    (asked,) = many.requests
    assert (outcome.data, outcome.kind, outcome.model) == (
        {"box": "left"},
        "tuned",
        "hosted_vllm/boxes-2026-11",
    )

    assert asked["model"] == "boxes-2026-11"
    assert [turn["role"] for turn in asked["messages"]] == ["system", "user"]
    assert asked["response_format"]["type"] == "json_schema"


def test_where_that_server_is_down_the_next_model_answers(rollout):
    with (
        fake_model_server(fault="500") as many,
        fake_model_server(text=json.dumps({"box": "right"})) as other,
    ):
        rollout.context = dataclasses.replace(
            rollout.context,
            settings=rollout.context.settings.model_copy(
                update={"model": "openai/other", "model_url": other.url}
            ),
        )

        outcome = served(rollout, many.url, models=("hosted_vllm/boxes-2026-11", "openai/other"))

    assert (outcome.data, outcome.model) == ({"box": "right"}, "openai/other")
