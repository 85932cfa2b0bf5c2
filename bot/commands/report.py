"""`/beagle report ROUTE`: how the newest tuned version of a route did beside the others."""

from __future__ import annotations

from bot.commands import Asked
from bot.ui.blocks import Shown, words
from bot.ui.texts import common as texts
from bot.weekly import report_view as report_card

HELP = "a tuned version's report with chart, figures and verdict: /beagle report ROUTE [VERSION] (admins)"
NONE = "No version of that route was measured yet. /beagle road shows which ones are on their way."


def run(asked: Asked) -> Shown:
    """The report card, for admins."""
    if not asked.admin:
        return Shown(texts.ADMINS_ONLY, [words(texts.ADMINS_ONLY)])

    route, version, *_ = (*asked.words, "", "")
    found = asked.store.datasets.report(route, version) if route else None
    return report_card.shown(found) if found is not None else Shown(NONE, [words(NONE)])
