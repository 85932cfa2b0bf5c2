"""`/beagle digest [now]`: the newest digest, or a new one."""

from __future__ import annotations

from bot.commands import CommandContext, text_reply
from bot.ui.blocks import Rendered
from bot.ui.texts import common
from bot.ui.texts import weekly as texts
from bot.weekly.digest import render_digest
from router.errors import QueueError
from workers.runtime.job_key import job_key
from workers.runtime.scheduling.weekly_schedule import due_week

HELP = "`[now]` the weekly digest; `now` makes a new one"


def run(context: CommandContext) -> Rendered:
    """Shows admins the newest digest; `now` makes a new one, posted in the admin channel."""
    if not context.is_admin:
        return text_reply(common.ADMINS_ONLY)
    if context.words[:1] == ("now",):
        return _make_digest(context)

    newest = context.store.digests.newest(context.team)
    if newest is None:
        return text_reply(texts.NO_CANDIDATES)

    return render_digest(context.store, newest)


def _make_digest(context: CommandContext) -> Rendered:
    if not context.settings.admin_channel:
        return text_reply(texts.DIGEST_NO_CHANNEL)

    # The week has a digest of its own: the time makes this one another.
    week, _ = due_week(context.settings, context.now())
    key = job_key(context.team, f"{week}+{int(context.now())}")
    try:
        context.queue.enqueue("digest", key)
    except QueueError:
        return text_reply(texts.DIGEST_NO_QUEUE)

    channel = f"<#{context.settings.admin_channel}>"
    return text_reply(texts.DIGEST_MAKING.format(channel=channel))
