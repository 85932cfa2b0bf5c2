"""Reads a Slack export, as a zip or unpacked: users.json, lists of channels, a folder for each.

An export of a whole organisation has these once for each workspace, below `teams/`. Dumps of one
channel, as other programs write them, are read as well.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from router.text.printable import counted
from workers.affiliation import affiliation
from workers.mining.exports import Answer, BotRequest, Export
from workers.mining.exports.slack_files import Files, is_export, open_files
from workers.mining.exports.slack_message import (
    MENTION,
    SLACKBOT,
    Other,
    PersonMessage,
    read_message,
)
from workers.mining.rows import Row

CONVERSATION_LISTS = {
    "channels.json": True,
    "groups.json": False,
    "mpims.json": False,
    "dms.json": False,
}
"""The lists of conversations, and whether messages there may be quoted."""
USER_LISTS = ("users.json", "org_users.json")
NAME_KEYS = (
    "real_name",
    "display_name",
    "real_name_normalized",
    "display_name_normalized",
    "first_name",
    "last_name",
)
MIN_NAME_CHARACTERS = 3
"""Shorter parts of names are common words as well."""
DAY_FILE = re.compile(r"\A((?:teams/[^/]+/)?)([^/]+)/\d{4}-\d{2}-\d{2}\.json\Z")
DUMP_FILE = re.compile(r"\A[CDG][A-Z0-9]*\.json\Z")
MAX_EXAMPLES = 3
"""Of what is wrong, so many are named."""

User = Mapping[str, Any]


def knows(path: Path) -> bool:
    """Returns whether it is a zip, or an unpacked export."""
    return is_export(path)


def read(path: Path) -> Export:
    """Reads what people said: no bots, no joins and leaves, nobody of another company.

    Messages in private places are read as well, but are not quotable. A workflow form that a person
    submitted is that person's message.
    """
    with open_files(path) as files:
        user_lists = _load_lists(files, USER_LISTS)
        users = [user for own in user_lists for user in own]
        reader = _Reader(
            users={str(user.get("id")): _user_name(user) for user in users},
            bots={str(user.get("id")): _user_name(user) for user in users if user.get("is_bot")},
            own=frozenset().union(*map(_own_ids, user_lists)),
        )
        is_quotable = _quotable_conversations(files)
        for place, conversation, messages in _conversations(files):
            quotable = is_quotable.get(place, is_quotable.get(conversation, False))
            for message in messages:
                reader.read(message, conversation, quotable=quotable)

    return reader.export(_people_names(users))


@dataclass
class _Reader:
    """Reads messages one by one, and counts what becomes of each."""

    users: Mapping[str, str]
    bots: Mapping[str, str]
    own: frozenset[str]
    rows: list[Row] = field(default_factory=list)
    bot_messages: Counter[str] = field(default_factory=Counter)
    forms: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    bad: Counter[str] = field(default_factory=Counter)
    replies: list[tuple[tuple[str, float], Row]] = field(default_factory=list)
    bot_replies: dict[tuple[str, float], str] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)

    def read(self, message: object, conversation: str, *, quotable: bool) -> None:
        """Reads one message of that conversation."""
        said = read_message(message, self.users, self.bots)
        if isinstance(said, Other):
            self._count(said, conversation)
            return

        # A form's message carries the workflow's own affiliation, not the person's.
        if not said.form and _is_foreign(message, self.own):
            self.others["outsider"] += 1
            return

        self._keep(said, conversation, quotable=quotable)

    def _count(self, other: Other, conversation: str) -> None:
        if other.kind == "bot":
            self.bot_messages[other.detail] += 1
            if other.thread_at is not None:
                self.bot_replies.setdefault((conversation, other.thread_at), other.detail)
        elif other.kind == "bad":
            self.bad[other.detail] += 1
        else:
            self.others[other.kind] += 1

    def _keep(self, said: PersonMessage, conversation: str, *, quotable: bool) -> None:
        row = Row(said.text, said.user, said.at, conversation, quotable)
        self.rows.append(row)
        if said.form:
            self.forms[said.form] += 1
        if said.thread_at is not None:
            self.replies.append(((conversation, said.thread_at), row))
        if self.users and said.user not in self.users:
            self.unlisted.add(said.user)

    def export(self, names: frozenset[str]) -> Export:
        """Returns everything that was read."""
        bad = sum(self.bad.values())
        notes = [f"{count:,} × {detail}" for detail, count in self.bad.most_common(MAX_EXAMPLES)]
        if not self.users:
            notes.append("no users.json: people are known by their ids, and bots by their messages")
        elif self.unlisted:
            notes.append(
                f"{counted(len(self.unlisted), 'person', 'people')} not in users.json, by their ids"
            )

        return Export(
            tuple(self.rows),
            names,
            bad,
            "Slack export",
            bots=dict(self.bot_messages.most_common()),
            events=self.others["event"],
            without_text=self.others["no text"],
            outsiders=self.others["outsider"],
            forms=dict(self.forms.most_common()),
            notes=tuple(notes),
            answers=self._answers(),
            bot_requests=tuple(self._bot_requests()),
        )

    def _answers(self) -> dict[tuple[str, float], Answer]:
        """Returns for each message the first one that somebody else wrote in its thread."""
        author_of = {(row.channel, row.at): row.user for row in self.rows}
        answers: dict[tuple[str, float], Answer] = {}
        for place, row in self.replies:
            if author_of.get(place) in (None, row.user):
                continue

            seconds = row.at - place[1]
            if place not in answers or seconds < answers[place].seconds:
                answers[place] = Answer(seconds, row.user)

        return answers

    def _bot_requests(self) -> Iterator[BotRequest]:
        """Yields the messages that mention a bot, and those that a bot answered in a thread."""
        for row in self.rows:
            mentioned = [user for user in MENTION.findall(row.text) if user in self.bots]
            bot = self.bots[mentioned[0]] if mentioned else None
            bot = bot or self.bot_replies.get((row.channel, row.at))
            if bot is not None:
                yield BotRequest(bot, row)


def _conversations(files: Files) -> Iterator[tuple[str, str, list[Any]]]:
    """Yields of each day of each conversation its folder, its name for people and its messages."""
    for name in sorted(files.names()):
        day = DAY_FILE.match(name)
        if day is not None:
            team, folder = day[1], day[2]
            conversation = f"{team.split('/')[1]}/{folder}" if team else folder
            yield f"{team}{folder}", conversation, _messages(files.load(name))
        elif DUMP_FILE.match(name):
            body = files.load(name)
            if isinstance(body, dict):
                conversation = str(body.get("name") or body.get("channel_id") or name)
                yield str(body.get("channel_id")), conversation, _messages(body.get("messages"))


def _messages(body: object) -> list[Any]:
    return body if isinstance(body, list) else []


def _load_lists(files: Files, names: tuple[str, ...]) -> list[list[User]]:
    """Returns the lists of these names, at the top and of each workspace of an organisation."""
    found: list[list[User]] = []
    for path in sorted(files.names()):
        is_top = "/" not in path
        is_team = path.startswith("teams/") and path.count("/") == 2
        if (is_top or is_team) and path.rpartition("/")[2] in names:
            body = files.load(path)
            found.append([item for item in _messages(body) if isinstance(item, dict)])

    return found


def _own_ids(users: list[User]) -> frozenset[str]:
    """Returns the workspaces and the organisation of most of the users; empty if it is not said."""
    teams = Counter(str(user["team_id"]) for user in users if user.get("team_id"))
    if not teams:
        return frozenset()

    team = teams.most_common(1)[0][0]
    colleagues = [affiliation(user, team, shared=True) for user in users]
    return frozenset({team}.union(*(person.teams for person in colleagues)))


def _is_foreign(message: object, own: frozenset[str]) -> bool:
    """Returns whether somebody of another company wrote it, in a channel that both share."""
    return bool(own and isinstance(message, dict) and affiliation(message, "", own=own).home)


def _quotable_conversations(files: Files) -> dict[str, bool]:
    """Returns for each folder of messages whether it may be quoted.

    The folders of direct messages are named after an id, those of channels after the name.
    """
    quotable: dict[str, bool] = {}
    for path in sorted(files.names()):
        folder, _, list_name = path.rpartition("/")
        is_known = not folder or (folder.startswith("teams/") and folder.count("/") == 1)
        if list_name not in CONVERSATION_LISTS or not is_known:
            continue

        prefix = f"{folder}/" if folder else ""
        for conversation in _messages(files.load(path)):
            if not isinstance(conversation, dict):
                continue

            for key in ("name", "id"):
                if conversation.get(key):
                    quotable[f"{prefix}{conversation[key]}"] = CONVERSATION_LISTS[list_name]

    return quotable


def _user_name(user: User) -> str:
    """Returns what people call the user or bot."""
    names = (user.get("real_name"), user.get("name"), user.get("id"))
    return str(next((name for name in names if name), SLACKBOT))


def _people_names(users: list[User]) -> frozenset[str]:
    """Returns the names of people as the workspace lists them, whole and in parts."""
    names: set[str] = set()
    for user in users:
        profile = user.get("profile")
        values = [user.get("name")]
        if isinstance(profile, Mapping):
            values += [profile.get(key) for key in NAME_KEYS]

        for value in values:
            if value:
                whole = str(value).strip()
                names |= {whole, *whole.split()}

    return frozenset(name for name in names if len(name) >= MIN_NAME_CHARACTERS)
