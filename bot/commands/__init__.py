"""`/beagle WORD`: each file here is one sub-command, and its name is the word.

A file has `HELP` (one line) and `run(asked) -> Shown`. Answers are visible only to the person who asked.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from bot import texts
from bot.blocks import Shown, words
from bot.decider import Decider
from router.config import Settings
from router.store import Store


@dataclass(frozen=True, slots=True)
class Asked:
    """A command as it was typed, with the parts that answer it. `words` follow the sub-command."""

    words: tuple[str, ...]
    team: str
    user: str
    channel: str
    settings: Settings
    store: Store
    decider: Decider
    now: Callable[[], float]

    @property
    def admin(self) -> bool:
        """Whether the person is an admin; without a list of admins nobody is."""
        return self.user in self.settings.admins


def names() -> list[str]:
    """Every sub-command."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> ModuleType:
    """The file of that sub-command."""
    return importlib.import_module(f"{__name__}.{name}")


def answer(word: str, asked: Asked) -> Shown:
    """The answer to `/beagle word …`; an unknown word gets the nearest known one."""
    word = word.lower() or "help"
    if word in names():
        shown: Shown = load(word).run(asked)
        return shown
    nearest = (difflib.get_close_matches(word, names(), n=1, cutoff=0.0) or ["help"])[0]
    said = texts.UNKNOWN_COMMAND.format(word="".join(c for c in word if c.isalnum())[:30], nearest=nearest)
    return Shown(said, [words(said)])
