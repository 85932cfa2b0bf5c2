"""`/beagle report ROUTE [VERSION]`: how a trained version did beside the others."""

from __future__ import annotations

from bot.commands import CommandContext, text_reply
from bot.ui.blocks import Rendered
from bot.ui.texts import common
from bot.ui.texts import report as texts
from bot.weekly import report_view

HELP = "`ROUTE [VERSION]` a trained version's report with chart, figures and verdict"


def run(context: CommandContext) -> Rendered:
    """Shows the workspace's own report to admins."""
    if not context.is_admin:
        return text_reply(common.ADMINS_ONLY)

    # Without a version the newest report is shown.
    route, version, *_ = (*context.words, "", "")
    if route:
        report = context.store.datasets.newest_report(context.team, route, version)
        if report is not None:
            simulated = context.store.stats.simulated(context.team)
            return report_view.render_report(report, simulated)

    known = sorted(context.routing.catalog_of(context.team).routes)
    if not route:
        return text_reply(texts.WHICH.format(known=", ".join(known)))
    if route not in known:
        return text_reply(texts.UNKNOWN.format(known=", ".join(known)))

    return text_reply(texts.NONE)
