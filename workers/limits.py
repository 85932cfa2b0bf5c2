"""What the settings ask of a candidate, in the form that mining, the gates and the money model take."""

from __future__ import annotations

from router.config import Settings
from workers.mine import Limits
from workers.readiness import Bars
from workers.roi import Effort


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
        rules=settings.ready_rules,
        prompt_words=settings.ready_prompt_words,
        one_form=settings.ready_one_form,
        labels=settings.ready_labels,
        corrected=settings.ready_corrected,
        reviewed=settings.ready_examples,
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
