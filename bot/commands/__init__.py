"""`/beagle WORD`: each file here is one sub-command, and its name is the word.

A file has `HELP` (one line for `/beagle help`), `ADMIN_HELP` where admins can do more, and
`run(context)`, which returns the reply, or None when it opened a dialog. Only the
person who typed the command sees the reply.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from slack_sdk import WebClient

from bot.admins import Admins
from bot.payloads import Block
from bot.routing.service import RoutingService
from bot.ui.blocks import Rendered, paragraph
from bot.ui.texts import commands as texts
from router.config import Settings
from router.store import Store
from router.store.workspace.audit import ActionOutcome
from router.types import SlackPerson
from workers.ports import Queue

OLD_WORDS = {"road": "rollout"}
"""Words of release 0.1, still understood for one release."""
MIN_SIMILARITY = 0.6
"""How much of a word a command has to share, 0-1, to be meant by it: `hlep`, and not `how`."""
SHOWN_WORD_LIMIT = 30
"""Characters of an unknown word that the reply repeats."""


@dataclass(frozen=True, slots=True)
class CommandContext:
    """A typed command and what it may use. `words` are those behind the sub-command.

    `client` calls the person's workspace; `trigger_id` opens a dialog within three seconds.
    """

    words: tuple[str, ...]
    team: str
    user: str
    channel: str
    settings: Settings
    store: Store
    queue: Queue
    routing: RoutingService
    now: Callable[[], float]
    admins: Admins
    client: WebClient
    trigger_id: str

    @property
    def person(self) -> SlackPerson:
        """Who typed it: Slack offers the command to people of the workspace itself alone."""
        return SlackPerson(self.team, self.user)

    @property
    def is_admin(self) -> bool:
        """Whether the person is an admin of this workspace."""
        return self.admins.includes(self.person)

    def open_dialog(self, view: Block) -> None:
        """Shows a dialog to the person."""
        self.client.views_open(trigger_id=self.trigger_id, view=view)

    def record(self, action: str, subject: str, *, applied: bool) -> None:
        """Writes to the audit log that the person did this, or was refused."""
        outcome: ActionOutcome = "applied" if applied else "refused"
        self.admins.record((self.team, self.user), action, subject, outcome)


def names() -> list[str]:
    """Returns every sub-command."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> ModuleType:
    """Imports the file of that sub-command."""
    return importlib.import_module(f"{__name__}.{name}")


def answer(word: str, context: CommandContext) -> Rendered | None:
    """Returns the reply to `/beagle word …`; to an unknown word it suggests a similar one."""
    word = word.lower() or "help"
    word = OLD_WORDS.get(word, word)

    # Only names of this folder are imported, never what somebody typed.
    if word in names():
        reply: Rendered | None = load(word).run(context)
        return reply

    similar = difflib.get_close_matches(word, names(), n=1, cutoff=MIN_SIMILARITY)
    # The reply is mrkdwn: letters and digits alone cannot mention anybody.
    typed = "".join(letter for letter in word if letter.isalnum())[:SHOWN_WORD_LIMIT]
    if not similar:
        return text_reply(texts.NO_COMMAND.format(word=typed))

    return text_reply(texts.UNKNOWN_COMMAND.format(word=typed, nearest=similar[0]))


def text_reply(text: str) -> Rendered:
    """Returns a reply of one paragraph."""
    return Rendered(text, [paragraph(text)])
