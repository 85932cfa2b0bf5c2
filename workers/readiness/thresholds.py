"""What the settings ask of a candidate, in the form that mining, the gates and the money model take."""

from __future__ import annotations

from router.config import Settings, names
from router.weekly_settings import LoopSettings
from workers.mining.pipeline import Limits
from workers.readiness.gates import Bars
from workers.readiness.roi import Effort

PRICES = ("usd_per_million_input", "usd_per_million_output", "local_usd_per_cpu_second")


def shown(settings: Settings) -> Limits:
    """What a candidate must have before anybody sees it."""
    return Limits(
        people=settings.mine_people,
        rows=settings.mine_rows,
        most_share=settings.mine_most_share,
        weeks_seen=settings.mine_weeks,
    )


def bars(settings: Settings) -> Bars:
    """What the gates ask."""
    return Bars(
        rows=settings.mine_rows,
        prompt_examples=settings.ready_prompt_examples,
        volatile=settings.ready_volatile,
        documents_help=settings.ready_documents_help,
        rules=settings.ready_rules,
        prompt_words=settings.ready_prompt_words,
        one_form=settings.ready_one_form,
        labels=settings.ready_labels,
        stable_weeks=settings.ready_stable_weeks,
        corrected=settings.ready_corrected,
        reviewed=settings.ready_examples,
        head_within=settings.ready_head_within,
    )


def effort(settings: Settings) -> Effort:
    """What tuning takes, as far as it is known before it begins."""
    return Effort(
        review_hours=settings.review_hours,
        hour_usd=settings.hour_usd,
        training_usd=settings.training_usd,
        retrain_usd=settings.training_usd,
        hosting_usd=settings.hosting_usd,
    )


def changed(settings: Settings) -> dict[str, list[str]]:
    """The settings of the weekly loop, and prices, that are not as they come, by name: new value and usual one.

    A report names them, so that nobody takes a figure under lowered limits for one under the usual
    ones.
    """
    found = {}
    by_field = {field: name for name, field in names().items()}

    for field in (*PRICES, *LoopSettings.model_fields):
        about, value = Settings.model_fields[field], getattr(settings, field)
        if value != about.default and not field.startswith("digest_"):
            found[by_field[field]] = [_said(value), _said(about.default)]

    return found


def _said(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
