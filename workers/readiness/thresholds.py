"""Translates settings into what mining, the gates and the money model take."""

from __future__ import annotations

from router.config import Settings, environment_names
from router.setting_groups.weekly import WeeklySettings
from workers.mining.pipeline import MiningLimits
from workers.readiness.readiness_input import Thresholds
from workers.readiness.roi import TuningCosts

PRICES = ("usd_per_million_input", "usd_per_million_output", "local_usd_per_cpu_second")


def mining_limits(settings: Settings) -> MiningLimits:
    """Returns what a cluster needs to be shown."""
    return MiningLimits(
        min_people=settings.mine_min_people,
        min_requests=settings.mine_min_requests,
        max_person_share=settings.mine_max_person_share,
        min_weeks=settings.mine_min_weeks,
    )


def gate_thresholds(settings: Settings) -> Thresholds:
    """Returns the limits of the readiness gates."""
    return Thresholds(
        min_requests=settings.mine_min_requests,
        min_prompt_examples=settings.ready_prompt_examples,
        max_volatility=settings.ready_max_volatility,
        max_retrieval_gain=settings.retrieval_min_gain,
        max_rules=settings.ready_rules,
        max_prompt_words=settings.ready_prompt_words,
        min_shape_share=settings.ready_min_shape_share,
        max_labels=settings.ready_labels,
        min_stable_weeks=settings.ready_stable_weeks,
        max_correction_rate=settings.ready_max_correction_rate,
        min_reviewed=settings.ready_examples,
        head_tolerance=settings.ready_head_tolerance,
        max_monthly_usd=settings.ready_monthly_usd,
    )


def tuning_costs(settings: Settings) -> TuningCosts:
    """Returns what tuning costs, as far as it is known before it begins."""
    return TuningCosts(
        review_hours=settings.review_hours,
        hour_usd=settings.reviewer_usd_per_hour,
        training_usd=settings.training_usd,
        retrain_usd=settings.training_usd,
        hosting_usd=settings.hosting_usd,
        wrong_usd=settings.wrong_answer_minutes / 60 * settings.reviewer_usd_per_hour,
    )


def changed_settings(settings: Settings) -> dict[str, list[str]]:
    """Returns limits and prices that differ from their defaults: by name, value and default.

    Reports list them, so that nobody mistakes a result under lowered limits for one under the usual
    ones.
    """
    name_of = {field: name for name, field in environment_names().items()}
    changed = {}

    for field in (*PRICES, *WeeklySettings.model_fields):
        default = Settings.model_fields[field].default
        value = getattr(settings, field)
        # When a digest is made changes none of its figures.
        if value != default and not field.startswith("digest_"):
            changed[name_of[field]] = [_format(value), _format(default)]

    return changed


def _format(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
