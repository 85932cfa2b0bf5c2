"""Routes that belong to one workspace: drafted there, stored there, and never seen elsewhere.

What a route folder is for the installation, a row here is for a workspace: description, utterances
and example rows. Its versions are the workspace's, as those that a rollout makes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, RowMapping, delete, select, update

from router.catalog.catalog import Catalog, Route
from router.catalog.route_file import ExampleRow, Visibility
from router.catalog.version import Version
from router.store.base.engine import insert_for, one_statement, reading, writing
from router.store.base.rows import as_row
from router.store.base.tables import route_version
from router.store.base.workspace_tables import opt_out
from router.store.versions.drafted_tables import drafted_route
from router.types import Example

NEGATIVE = "out_of_scope"
"""The label of a message that is near the route and not for it, nor for any other."""
TEXTS = ("utterances", "rows", "negatives", "previews")
"""The lists of texts in a draft."""
Split = Literal["train", "dev", "test"]


@dataclass(frozen=True, slots=True)
class DraftText:
    """A text in a draft, with the right `answer` where that is known.

    `user` wrote the message that it comes from, in `channel`; both are empty where Beagle drafted
    it. `doubts` are what a check says against an answer that the draft gave itself.
    """

    text: str
    user: str = ""
    channel: str = ""
    split: Split = "train"
    answer: Any = None
    doubts: str = ""


@dataclass(frozen=True, slots=True)
class DraftedRoute:
    """A workspace's route: what a route folder holds besides the version.

    `utterances` and the train `rows` teach the router, `negatives` are near and not for it.
    `previews` are requests with the answer that the version would give. `notes` say how the draft
    was made. `revision` grows with every change.
    """

    team: str
    name: str
    candidate: str
    version: str
    description: str
    utterances: tuple[DraftText, ...] = ()
    rows: tuple[DraftText, ...] = ()
    negatives: tuple[DraftText, ...] = ()
    previews: tuple[DraftText, ...] = ()
    visibility: Visibility = "everyone"
    notes: tuple[str, ...] = ()
    at: float = 0.0
    revision: int = 0

    @property
    def askers(self) -> frozenset[str]:
        """Who wrote the requests that it was drafted from."""
        return frozenset(part.user for part in (*self.utterances, *self.rows) if part.user)

    def as_route(self, version: Version, excluded: Collection[str] = ()) -> Route:
        """Returns it as a route with that version, without the texts of `excluded` people."""
        utterances = [part.text for part in _usable(self.utterances, excluded)]
        rows = []
        for part in _usable(self.rows, excluded):
            rows.append(ExampleRow(text=part.text, answer=part.answer, split=part.split))

        examples = [Example(row.text, self.name, row.answer, row.split) for row in rows]
        for part in _usable(self.negatives, excluded):
            examples.append(Example(part.text, NEGATIVE))

        return Route(
            name=self.name,
            description=self.description,
            utterances=tuple(utterances),
            examples=tuple(examples),
            rows=tuple(rows),
            visibility=self.visibility,
            version=version,
            folder=Path(),
        )


@dataclass(frozen=True, slots=True)
class _TeamDrafts:
    """A workspace's drafted routes with the bodies of their versions, and who opted out there."""

    routes: Sequence[DraftedRoute]
    versions: Mapping[str, Sequence[RowMapping]] = field(default_factory=dict)
    excluded: frozenset[str] = frozenset()


class DraftedRoutes:
    """The drafted_route table; also reads the state of the routes' versions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def save(self, team: str, drafted: DraftedRoute) -> DraftedRoute:
        """Stores the workspace's route, in place of an earlier draft of that name."""
        row = _as_row(replace(drafted, team=team))
        same = (drafted_route.c.team == team, drafted_route.c.name == drafted.name)

        with writing(self._engine, ("route", team, drafted.name)) as connection:
            revision = connection.execute(select(drafted_route.c.revision).where(*same)).scalar()
            row["revision"] = 1 if revision is None else revision + 1
            if revision is None:
                connection.execute(self._insert(drafted_route).values(row))
            else:
                connection.execute(update(drafted_route).where(*same).values(row))

        return replace(drafted, team=team, revision=int(str(row["revision"])))

    def get(self, team: str, name: str) -> DraftedRoute | None:
        """Returns the workspace's route of that name."""
        same = (drafted_route.c.team == team, drafted_route.c.name == name)
        with one_statement(self._engine) as connection:
            row = connection.execute(select(drafted_route).where(*same)).mappings().first()

        return _read(row) if row else None

    def for_candidate(self, team: str, candidate: str) -> DraftedRoute | None:
        """Returns the route that was drafted from the candidate."""
        query = select(drafted_route).where(
            drafted_route.c.team == team, drafted_route.c.candidate == candidate
        )
        with one_statement(self._engine) as connection:
            row = connection.execute(query.order_by(drafted_route.c.at.desc())).mappings().first()

        return _read(row) if row else None

    def names(self, team: str) -> list[str]:
        """Returns the names of the workspace's routes, whatever their state."""
        query = select(drafted_route.c.name).where(drafted_route.c.team == team)
        with one_statement(self._engine) as connection:
            return sorted(connection.execute(query).scalars())

    def remove(self, team: str, name: str) -> None:
        """Removes the route; its versions stay for the audit and serve nobody."""
        same = (drafted_route.c.team == team, drafted_route.c.name == name)
        with writing(self._engine, ("route", team, name)) as connection:
            connection.execute(delete(drafted_route).where(*same))

    def active(self, team: str) -> dict[str, Route]:
        """Returns the routes that take part in the workspace's routing, by name.

        These have a version that is live, in canary or running in shadow.
        """
        with reading(self._engine) as connection:
            known = _read_drafts(connection, team)

        active = {}
        for drafted in known.routes:
            version = _active_version(known.versions.get(drafted.name, ()))
            if version is not None:
                active[drafted.name] = drafted.as_route(version, known.excluded)

        return active

    def joined(self, team: str, installed: Catalog, *, without: str = "") -> Catalog:
        """Returns the installation's routes with the workspace's own, except that named `without`.

        Where a folder has come to hold a route of the same name, the folder's counts.
        """
        routes = {**self.active(team), **installed.routes}
        routes.pop(without, None)
        return Catalog(routes, installed.problems)

    def fingerprints(self) -> dict[str, str]:
        """Returns a hash of what routers learn from drafted routes, by workspace with some."""
        with one_statement(self._engine) as connection:
            rows = connection.execute(select(drafted_route.c.team).distinct()).all()

        found = {}
        for team in sorted(str(row.team) for row in rows):
            parts = []
            for name, route in sorted(self.active(team).items()):
                texts = [(example.text, example.split) for example in route.examples]
                parts.append([name, route.description, route.utterances, texts])
            if parts:
                found[team] = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]

        return found


def remove_author(connection: Connection, team: str, user: str) -> int:
    """Removes what was taken from the person's messages; returns how many routes had some."""
    return _remove_texts(connection, team, "user", user)


def remove_channel(connection: Connection, team: str, channel: str) -> int:
    """Removes what was taken from messages in the channel; returns how many routes had some."""
    return _remove_texts(connection, team, "channel", channel)


def _remove_texts(connection: Connection, team: str, origin: str, value: str) -> int:
    changed = 0
    query = select(drafted_route).where(drafted_route.c.team == team)
    for row in list(connection.execute(query).mappings()):
        body = dict(row["body"])
        for name in TEXTS:
            body[name] = [part for part in body.get(name, ()) if part.get(origin) != value]

        if body != row["body"]:
            same = (drafted_route.c.team == team, drafted_route.c.name == row["name"])
            values = {"body": body, "revision": row["revision"] + 1}
            connection.execute(update(drafted_route).where(*same).values(values))
            changed += 1

    return changed


def is_drafted(connection: Connection, team: str, name: str) -> bool:
    """Returns whether the route belongs to the workspace alone."""
    same = (drafted_route.c.team == team, drafted_route.c.name == name)
    return connection.execute(select(drafted_route.c.name).where(*same)).first() is not None


def _read_drafts(connection: Connection, team: str) -> _TeamDrafts:
    query = select(drafted_route).where(drafted_route.c.team == team)
    routes = [_read(row) for row in connection.execute(query).mappings()]
    if not routes:
        return _TeamDrafts(())

    versions: dict[str, list[RowMapping]] = {}
    names = [drafted.name for drafted in routes]
    rows = select(route_version).where(
        route_version.c.team == team, route_version.c.route.in_(names)
    )
    for row in connection.execute(rows).mappings():
        versions.setdefault(row["route"], []).append(row)

    people = connection.execute(select(opt_out.c.user).where(opt_out.c.team == team)).all()
    return _TeamDrafts(routes, versions, frozenset(str(row.user) for row in people))


def _active_version(rows: Sequence[RowMapping]) -> Version | None:
    """Returns the live version, else one that is being tried; None where nothing is served."""
    by_state: dict[str, RowMapping] = {}
    for row in rows:
        if row["state"] in ("live", "canary") or row["shadowing"]:
            by_state[row["state"]] = row

    for state in ("live", "canary", "shadow"):
        if state in by_state:
            return Version.model_validate(dict(by_state[state]["body"]))

    return None


def _usable(parts: Iterable[DraftText], excluded: Collection[str]) -> list[DraftText]:
    """Returns the texts that are left: of nobody who opted out, and not cut by an erasure."""
    return [part for part in parts if part.text.strip() and part.user not in excluded]


def _as_row(drafted: DraftedRoute) -> dict[str, Any]:
    visibility = drafted.visibility
    body: dict[str, Any] = {
        "description": drafted.description,
        "visibility": visibility if isinstance(visibility, str) else list(visibility),
        "notes": list(drafted.notes),
    }
    for name in TEXTS:
        texts: Sequence[DraftText] = getattr(drafted, name)
        body[name] = [as_row(part) for part in texts]

    return {
        "team": drafted.team,
        "name": drafted.name,
        "candidate": drafted.candidate,
        "version": drafted.version,
        "body": body,
        "at": drafted.at,
    }


def _read(row: RowMapping) -> DraftedRoute:
    body = dict(row["body"])
    texts = {}
    for name in TEXTS:
        texts[name] = tuple(DraftText(**part) for part in body.pop(name, ()))

    return DraftedRoute(
        team=row["team"],
        name=row["name"],
        candidate=row["candidate"],
        version=row["version"],
        description=str(body.get("description", "")),
        visibility=_visibility(body.get("visibility", "everyone")),
        notes=tuple(body.get("notes", ())),
        at=row["at"],
        revision=row["revision"],
        **texts,
    )


def _visibility(value: str | Sequence[str]) -> Visibility:
    if value in ("everyone", "admins"):
        return "admins" if value == "admins" else "everyone"

    return tuple(value)
