"""A draft that failed its shadow test is judged anew each time, and can be mended or rejected."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.store.versions.shadow_runs import ShadowRun
from router.types import Request
from tests.fixtures.draft_clicks import KEY, TEAM
from tests.fixtures.drafts import DRAFTED, DRAFTED_VERSION
from workers.jobs import advance

TRIED = 10


@pytest.fixture
def tried(presses, drafted, context):
    """Runs a shadow test in which the model gives no answer to so many of ten requests."""
    settings = context.settings.model_copy(update={"shadow_min_requests": TRIED})
    work = replace(context, settings=settings, store=presses.store, queue=presses.queue)

    def run(failures, name):
        for number in range(TRIED):
            key = f"{name}{number}"
            request = Request(key, TEAM, "C1", "U1", f"{key}.0", f"E{key}", "a room", 1.0)
            presses.store.requests.insert(request, 1.0)
            presses.store.shadow_runs.insert(
                ShadowRun(
                    key,
                    DRAFTED_VERSION.id,
                    DRAFTED.name,
                    0.0,
                    number >= failures,
                    0.0,
                    1.0,
                    context.now(),
                )
            )

        advance.run(work, KEY, lambda *_: None)

    return run


def test_a_shadow_test_that_begins_again_counts_none_of_the_earlier_answers(presses, tried, clock):
    presses.press(presses.rollout.start_shadow)
    tried(5, "first")
    assert presses.candidate.state == "rolled_back"

    clock.forward(60.0)
    presses.press(presses.rollout.start_shadow)
    tried(0, "second")

    assert presses.candidate.state == "shadow"


def test_it_is_said_in_words_what_failed(presses, tried):
    presses.press(presses.rollout.start_shadow)
    tried(5, "first")

    why = presses.store.candidates.history(KEY)[-1].evidence.explanation
    assert why == (
        "in its shadow test the model gave no answer, or none in the right format, to 5 of 10 "
        "requests; at most 2% may fail"
    )
