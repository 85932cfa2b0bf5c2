"""Sends what generated people do through the intake, and looks for what must not be there."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from slack_bolt import BoltContext, BoltResponse

from bot.admins import Admins
from bot.intake.access_events import AccessEvents
from bot.intake.people import PeopleOfPayloads
from bot.intake.requests import Intake
from bot.payloads import clicker
from evals.bench.people.payloads import (
    BOT,
    CHANNEL_TYPES,
    HERE,
    SHARED_CHANNELS,
    GeneratedPerson,
    draw_click,
    draw_message,
    draw_person,
)
from router.config import Settings
from router.index import WORKSPACE_ACL
from router.store import Store
from router.store.workspace.channel_rules import ChannelRule, Hears
from router.types import Feedback, Request, Viewer
from workers.affiliation import Affiliation, affiliation
from workers.fakes import MemoryDirectory, MemoryQueue
from workers.knowledge.channel_history import ChannelHistory
from workers.knowledge.membership import ReadingRights
from workers.ports import ChannelInfo
from workers.runtime.person_limit import PersonLimit

NOW = 1_700_000_000.0
RIGHTS_SECONDS = 3_600.0
OUTSIDE, INSIDE = "outsiderwords", "colleaguewords"
"""What every message of another company, and of this one, says."""


class GeneratedDirectory(MemoryDirectory):
    """The `Directory` port over generated people."""

    def __init__(self) -> None:
        super().__init__()
        self.users: dict[str, Mapping[str, Any]] = {}

    def people(self, team: str, users: Sequence[str]) -> Mapping[str, Affiliation]:
        """See `Directory.people`."""
        known = {user: self.users[user] for user in users if user in self.users}
        return {user: affiliation(said, team, shared=True) for user, said in known.items()}

    def channel_info(self, team: str, channel: str) -> ChannelInfo:
        """See `Directory.channel_info`."""
        is_public = CHANNEL_TYPES.get(channel, "channel") == "channel"
        return ChannelInfo(channel, channel, is_public, channel in SHARED_CHANNELS)

    def members(self, team: str, channel: str) -> Sequence[str]:
        """See `Directory.members`."""
        return sorted(self.users)


class GeneratedWorkspace:
    """One workspace with Beagle. Every channel is read and mined, some are heard as a whole."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store, self.rng = store, random.Random(seed)  # noqa: S311  # no secret
        self.directory = GeneratedDirectory()
        self.rights = ReadingRights(store.access, self.directory, lambda: NOW, RIGHTS_SECONDS)
        self.wrong: Counter[str] = Counter()
        self.requests: list[tuple[GeneratedPerson, Request]] = []
        self.colleagues: dict[str, GeneratedPerson] = {}
        self._place = PeopleOfPayloads(store.access)
        # The one thing that is asked: the address of the workspace, for links.
        no_slack: Any = SimpleNamespace(auth_test=lambda: {"url": "https://here.example/"})
        queue = MemoryQueue({"ingest_shared_file": "compute"})
        self._access = AccessEvents(store, queue, lambda _: BOT, lambda _: no_slack)
        ids = itertools.count()
        limit = PersonLimit(0, lambda: NOW)
        self._intake = Intake(store, BOT, lambda: NOW, lambda: f"r{next(ids)}", limit)
        self._open_channels()

    def run(self, people: int) -> dict[str, int]:
        """Lets so many people write and click; returns how many things went wrong, by what."""
        for number in range(people):
            person = self._draw_person(people)
            self._write(person, number)
            self._click(person)

        self._check_store()
        self._check_rights()
        return dict(self.wrong)

    def _open_channels(self) -> None:
        history = ChannelHistory(self.store.documents, self.store.access, lambda _: "")
        for number, channel in enumerate((*CHANNEL_TYPES, *SHARED_CHANNELS)):
            history.allow(HERE, self.directory.channel_info(HERE, channel), [], NOW)
            hears: Hears = "all" if number % 2 else "mentions"
            self.store.channel_rules.upsert(ChannelRule(HERE, channel, hears=hears))
            self.store.channel_messages.start_mining(HERE, channel, "U0ADMIN0001", NOW)

    def _draw_person(self, people: int) -> GeneratedPerson:
        person = draw_person(self.rng, max(people // 3, 2))
        if person.is_outsider:
            # What Slack says of this id here, if it knows no colleague with it.
            self.directory.users.setdefault(person.user, person.user_object())
            return person

        # A colleague has one kind, which Slack has said before they write.
        person = self.colleagues.setdefault(person.user, person)
        self.directory.users[person.user] = person.user_object()
        event = {"type": "user_change", "user": person.user_object()}
        ChannelHistory(self.store.documents, self.store.access, lambda _: "").apply(HERE, event)
        return person

    def _write(self, person: GeneratedPerson, number: int) -> None:
        words = OUTSIDE if person.is_outsider else INSIDE
        body: Any = draw_message(self.rng, person, number, f"{words} number{number}")
        self._place(body, _acknowledge)
        self._access(body, _acknowledge)
        self._intake(body, BoltContext(), _acknowledge)

        event = body["event"]
        request = self.store.requests.find(HERE, event["channel"], event["ts"])
        if request is None:
            return

        self.requests.append((person, request))
        if bool(request.user_team) != person.is_outsider:
            self.wrong["request_of_the_wrong_company"] += 1
        for user, home in ((request.user, request.user_team), ("U0ADMIN0001", "")):
            feedback = Feedback(request.id, user, "route", "handbook", NOW, home)
            self.store.feedback.record(feedback)

    def _click(self, person: GeneratedPerson) -> None:
        body: Any = draw_click(person)
        self._place(body, _acknowledge)
        presser = clicker(body)
        if presser.team != HERE or bool(presser.home) != person.is_outsider:
            self.wrong["click_of_the_wrong_company"] += 1

        admins = Admins(Settings(_env_file=None, admins=person.user), self.store.audit, lambda: NOW)
        if admins.includes(presser) == person.is_outsider:
            self.wrong["admin_check"] += 1

    def _check_store(self) -> None:
        """Looks for words of outsiders in everything that is kept, mined, taught or shown."""
        channels = frozenset({WORKSPACE_ACL, *CHANNEL_TYPES, *SHARED_CHANNELS})
        reader = Viewer(HERE, "U0READER001", channels)
        kept = [message.text for message in self.store.channel_messages.between(HERE, 0, NOW + 1)]
        mined = [request.text for request in self.store.mining.requests(HERE, 0, NOW + 1)]
        taught = [label.example.text for label in self.store.labels.all(HERE)]
        hits = self.store.documents.search(OUTSIDE, None, reader, 50)
        shown = [
            self.store.labels.readable_text(request.id, reader) for _, request in self.requests
        ]

        everything = {"kept": kept, "mined": mined, "taught": taught, "shown": shown}
        everything["read"] = [hit.body for hit in hits]
        for name, texts in everything.items():
            self.wrong[f"outsiders_{name}"] += sum(OUTSIDE in text for text in texts)

        # Where nothing of anybody is there, nothing could be wrong.
        for name in ("kept", "mined", "taught", "shown"):
            if not any(INSIDE in text for text in everything[name]):
                self.wrong[f"nothing_{name}"] += 1

    def _check_rights(self) -> None:
        for person, request in self.requests:
            alone = Request(**{**_fields(request), "channel": "D0ALONE0001", "channel_kind": "dm"})
            sees_all = WORKSPACE_ACL in self.rights.viewer(alone).channels
            if person.is_outsider and sees_all:
                self.wrong["outsider_with_rights"] += 1
            if not person.is_outsider and sees_all == (person.kind == "guest"):
                self.wrong["colleague_as_guest"] += 1


def _fields(request: Request) -> dict[str, Any]:
    return {name: getattr(request, name) for name in request.__dataclass_fields__}


def _acknowledge() -> BoltResponse:
    return BoltResponse(status=200, body="")
