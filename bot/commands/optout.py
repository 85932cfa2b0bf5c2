"""`/beagle optout [off]`: be answered, but not learned from."""

from __future__ import annotations

from bot.commands import CommandContext, text_reply
from bot.ui.blocks import Rendered
from bot.ui.texts import commands as texts

HELP = (
    "`[off]` be answered, but not learned from: no mining, no datasets, no examples, no channel "
    "history"
)


def run(context: CommandContext) -> Rendered:
    """Leaves the person out from now on; with `off` they take part again."""
    word = " ".join(context.words).lower()
    if word not in ("", "on", "off"):
        # What is not understood must change nothing.
        return text_reply(texts.OPT_OUT_WORDS)

    if word == "off":
        context.store.opt_outs.remove(context.team, context.user)
        return text_reply(texts.TAKES_PART)

    context.store.opt_outs.add(context.team, context.user, context.now())
    return text_reply(texts.LEFT_OUT)
