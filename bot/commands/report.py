"""`/beagle report ROUTE [VERSION]`: how a trained version did beside the others."""

from __future__ import annotations

from bot.commands import CommandContext, text_reply
from bot.ui.blocks import Rendered
from bot.ui.texts import common
from bot.ui.texts import report as texts
from bot.weekly import report_view

HELP = (
    "a trained version's report with chart, figures and verdict: /beagle report ROUTE [VERSION] "
    "(admins)"
)


def run(context: CommandContext) -> Rendered:
    """Shows the workspace's own report to admins."""
    if not context.is_admin:
        return text_reply(common.ADMINS_ONLY)

    # Both words may be missing; without a version the newest report is shown.
    route, version, *_ = (*context.words, "", "")
    report = None
    if route:
        report = context.store.datasets.newest_report(context.team, route, version)

    return (
        text_reply(texts.NONE)
        if report is None
        else report_view.render_report(report, context.store.stats.simulated(context.team))
    )
