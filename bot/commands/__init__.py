"""`/beagle WORD`: each file here is one sub-command, and its name is the word.

A file has `HELP` (one line) and `run(asked)`, which gives what to show, or None when it opened a
dialog. Answers are visible only to the person who asked.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from slack_sdk import WebClient

from bot.admins import Admins
from bot.routing.service import Decider
from bot.ui.blocks import Shown, words
from bot.ui.texts import common as texts
from router.config import Settings
from router.store import Store


@dataclass(frozen=True, slots=True)
class Asked:
    """A command as it was typed, with the parts that answer it. `words` follow the sub-command.

    `open` shows a dialog to the person, within three seconds of the command; `client` calls their
    workspace.
    """

    words: tuple[str, ...]
    team: str
    user: str
    channel: str
    settings: Settings
    store: Store
    decider: Decider
    now: Callable[[], float]
    admins: Admins | None = None
    open: Callable[[dict[str, Any]], None] | None = None
    client: WebClient | None = None

    @property
    def admin(self) -> bool:
        """Whether the person is an admin; without a list of admins nobody is."""
        return (self.admins or Admins(self.settings, self.store.audit, self.now)).includes(
            self.team, self.user
        )


OLD_WORDS = {"road": "rollout"}
"""Words of release 0.1, still understood for one release."""


def names() -> list[str]:
    """Every sub-command."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> ModuleType:
    """The file of that sub-command."""
    return importlib.import_module(f"{__name__}.{name}")


def answer(word: str, asked: Asked) -> Shown | None:
    """The answer to `/beagle word …`, None where a dialog is open; an unknown word gets the nearest known one."""
    word = word.lower() or "help"

    word = OLD_WORDS.get(word, word)
    if word in names():
        shown: Shown | None = load(word).run(asked)
        return shown

    nearest = (difflib.get_close_matches(word, names(), n=1, cutoff=0.0) or ["help"])[0]
    said = texts.UNKNOWN_COMMAND.format(
        word="".join(c for c in word if c.isalnum())[:30], nearest=nearest
    )

    return Shown(said, [words(said)])
