"""What a rolled-out version must keep to, at the very edge of each limit."""

from __future__ import annotations

import pytest

from router.config import Settings
from router.store.versions.shadow_runs import VersionMetrics
from router.store.weekly.datasets import Report
from workers.evaluation.guardrails import (
    disagrees,
    rollback_reason,
    shadow_failure,
    trial_row_count,
)

BEFORE = VersionMetrics(calls=400, valid=1.0, corrected=0.25, usd=0.5, seconds=2.0)


@pytest.fixture
def limits() -> Settings:
    return Settings(
        _env_file=None, rollback_max_correction_increase=0.25, rollback_max_slowdown=2.0
    )


def test_a_version_nobody_has_asked_does_not_disagree() -> None:
    asked = VersionMetrics(calls=50, agreed=0.9)

    assert not disagrees(VersionMetrics(), asked)
    assert not disagrees(asked, VersionMetrics())
    assert disagrees(VersionMetrics(calls=50, agreed=0.5), asked)


def test_a_draft_without_a_report_was_tried_on_no_rows() -> None:
    report = Report("T1", "r1", "boxes", "v1", None, {"rows": 12}, 0.0)

    assert trial_row_count(None) == 0
    assert trial_row_count(report) == 12


@pytest.mark.parametrize(("corrected", "is_reason"), [(0.5, False), (0.51, True)])
def test_corrections_may_rise_by_as_much_as_is_allowed(
    limits: Settings, corrected: float, is_reason: bool
) -> None:
    new = VersionMetrics(calls=400, valid=1.0, corrected=corrected, usd=0.5, seconds=2.0)

    assert (rollback_reason(limits, new, BEFORE) is not None) == is_reason


@pytest.mark.parametrize(
    ("usd", "seconds", "words"),
    [
        (1.0, 4.0, None),
        (0.5, 4.2, "takes 4.2 seconds, 2 before; at most 2 times"),
        (1.2, 2.0, "takes 1.2 USD, 0.5 before; at most 2 times"),
    ],
)
def test_a_slower_or_dearer_version_is_rolled_back_above_the_limit_only(
    limits: Settings, usd: float, seconds: float, words: str | None
) -> None:
    new = VersionMetrics(calls=400, valid=1.0, corrected=0.25, usd=usd, seconds=seconds)

    reason = rollback_reason(limits, new, BEFORE)

    if words is None:
        assert reason is None
    else:
        assert reason is not None
        assert words in reason


def test_without_earlier_answers_nothing_is_too_slow(limits: Settings) -> None:
    new = VersionMetrics(calls=400, valid=1.0, usd=9.0, seconds=90.0)

    assert rollback_reason(limits, new, VersionMetrics()) is None


@pytest.mark.parametrize(
    ("calls", "failed", "fails"), [(20, 1, False), (20, 3, True), (9, 9, False)]
)
def test_a_shadow_test_fails_where_it_is_more_than_chance_and_no_test_too_short(
    calls, failed, fails
):
    limits = Settings(_env_file=None, shadow_min_requests=10)
    metrics = VersionMetrics(calls=calls, valid=1 - failed / calls)

    assert (shadow_failure(limits, metrics, has_schema=True) is not None) == fails


def test_free_text_is_not_said_to_have_a_wrong_format():
    limits = Settings(_env_file=None, shadow_min_requests=10)
    reason = shadow_failure(limits, VersionMetrics(calls=10, valid=0.5), has_schema=False)

    assert reason is not None
    assert "no usable answer to 5 of 10 requests" in reason
