"""`/beagle digest [now]`: the newest digest, or one of this moment."""

from __future__ import annotations

from bot.commands import Asked
from bot.ui.blocks import Shown, words
from bot.ui.texts import common as texts
from bot.weekly.digest import rendered
from workers.jobs.digest import key_of
from workers.mining.schedule import due_week

HELP = "`[now]` the weekly digest; `now` makes one of this moment (admins)"


def run(asked: Asked) -> Shown:
    """The newest digest, for admins only; with `now` a fresh one is made and posted to the admin channel."""
    if not asked.admin:
        return _said(texts.ADMINS_ONLY)
    if asked.words[:1] == ("now",):
        return _now(asked)

    newest = asked.store.digests.newest(asked.team)
    if newest is None:
        return _said(texts.NO_CANDIDATES)

    shown: Shown = rendered(asked.store, newest)
    return shown


def _now(asked: Asked) -> Shown:
    if not asked.settings.admin_channel:
        return _said(texts.DIGEST_NO_CHANNEL)

    week, _ = due_week(asked.settings, asked.now())
    asked.decider.wake(key_of(asked.team, f"{week}+{int(asked.now())}"), "digest")
    return _said(texts.DIGEST_MAKING.format(channel=f"<#{asked.settings.admin_channel}>"))


def _said(text: str) -> Shown:
    return Shown(text, [words(text)])
