"""Why a request went to its route, as people read it: plain words first, figures for admins."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.ui import rich_text
from bot.ui.blocks import Rendered
from bot.ui.texts import explain as texts


@dataclass(frozen=True, slots=True)
class Explanation:
    """The reasons, one a line: `plain` for whoever asked, `technical` for admins."""

    plain: tuple[str, ...]
    technical: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """All lines, with the heading between them where there are technical ones."""
        heading = [texts.FOR_ADMINS] if self.technical else []
        return [*self.plain, *heading, *self.technical]

    def without_technical(self) -> Explanation:
        """Returns what somebody reads who is no admin."""
        return replace(self, technical=())


def explanation_message(explanation: Explanation) -> Rendered:
    """Returns the lines as a message with a bullet for each, the technical ones under a heading."""
    elements = [rich_text.bullets([rich_text.text(line) for line in explanation.plain])]
    if explanation.technical:
        heading = rich_text.text(texts.FOR_ADMINS, bold=True)
        technical = [rich_text.text(line) for line in explanation.technical]
        elements += [rich_text.section(heading), rich_text.bullets(technical)]

    return Rendered("\n".join(explanation.lines), [rich_text.block(elements)])
