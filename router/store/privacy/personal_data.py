"""Personal data in all tables: erases a person, expires texts, deletes a workspace."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Delete, Engine, delete, select, update

from router.store.base.engine import reading, writing
from router.store.base.knowledge_tables import chunk, document, member, person
from router.store.base.mining_tables import mined_vector, overheard
from router.store.base.rows import batches
from router.store.base.tables import (
    dataset,
    decision,
    feedback,
    metadata,
    outcome,
    report,
    request,
    route_version,
)
from router.store.base.workspace_tables import installation
from router.store.knowledge.documents import remove_documents
from router.store.privacy import overwriting
from router.store.privacy.authorship import feedback_of, requests_of, words_of
from router.store.privacy.quotations import (
    BLANK_ANSWER,
    blank_quoting_answers,
    blank_quoting_json,
)
from router.store.requests.proposals import proposal
from router.store.usage.spend import spend


@dataclass(frozen=True, slots=True)
class ErasedRows:
    """What `erase_user` changed: how many rows, by table, and what was made from them.

    `datasets` are the ids of those that lost rows, `versions` (route, id) were trained on them.
    """

    rows: Mapping[str, int]
    datasets: Sequence[str]
    versions: Sequence[tuple[str, str]]


class PersonalData:
    """Works across the tables that hold what people wrote."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def overwriting_is_cheap(self) -> bool:
        """Whether `overwrite_deleted` may run every minute.

        PostgreSQL rewrites whole tables for it.
        """
        return self._engine.dialect.name == "sqlite"

    def texts_by_user(self, team: str, user: str) -> list[str]:
        """Returns the person's requests and captured channel messages."""
        asked = select(request.c.text).where(words_of(team, user))
        captured = select(overheard.c.text).where(
            overheard.c.team == team, overheard.c.user == user
        )
        with reading(self._engine) as connection:
            return [
                *connection.execute(asked).scalars(),
                *connection.execute(captured).scalars(),
            ]

    def all_texts(self) -> list[str]:
        """Returns every request, document chunk and captured message that is stored."""
        texts: list[str] = []
        with reading(self._engine) as connection:
            for column in (request.c.text, chunk.c.body, overheard.c.text):
                texts += connection.execute(select(column)).scalars()

        return texts

    def erase_user(
        self, team: str, user: str, texts: Sequence[str], hashes: Sequence[str]
    ) -> ErasedRows:
        """Deletes the person's rows and blanks quotations of `texts`, in one transaction.

        `texts` is everything that the person wrote; `hashes` names the mining embeddings made from
        it. Where somebody else wrote the same, mining makes the embedding again.
        """
        statements = {
            "request": delete(request).where(requests_of(team, user)),
            "overheard": delete(overheard).where(
                overheard.c.team == team, overheard.c.user == user
            ),
            "feedback": delete(feedback).where(feedback_of(team, user)),
            "member": delete(member).where(member.c.team == team, member.c.user == user),
            "person": delete(person).where(person.c.team == team, person.c.user == user),
        }
        with writing(self._engine) as connection:
            # Quotations first: answers to the person are deleted below.
            rows = {"answer": blank_quoting_answers(connection, texts)}
            for name, statement in statements.items():
                rows[name] = _count(connection, statement)

            # Others see what was confirmed, but no longer by whom.
            anonymous = update(proposal).where(proposal.c.decided_by == user)
            connection.execute(anonymous.values(decided_by=""))
            own_team = select(request.c.id).where(request.c.team == team)
            clicks = update(decision).where(
                decision.c.asked_by == user, decision.c.request.in_(own_team)
            )
            connection.execute(clicks.values(asked_by=""))
            _delete_embeddings(connection, hashes)

            datasets = _remove_dataset_rows(connection, user)
            versions = _versions_trained_on(connection, datasets)
            rows["shown"] = blank_quoting_json(connection, texts)

        rows["dataset"] = len(datasets)
        return ErasedRows(rows, datasets, versions)

    def expire_texts(self, before: float) -> int:
        """Blanks the texts of requests received before then and deletes older captured messages.

        `before` is in unix seconds. Counts, times and costs of requests stay. Returns how many
        requests and messages it were.
        """
        with writing(self._engine) as connection:
            messages = _count(connection, delete(overheard).where(overheard.c.at < before))

            expired = (request.c.received_at < before, request.c.text != "")
            query = select(request.c.id).where(*expired)
            keys: list[str] = list(connection.execute(query).scalars())
            for batch in batches(keys):
                _blank_requests(connection, batch)

        return messages + len(keys)

    def delete_team(self, team: str) -> dict[str, int]:
        """Deletes every row of a workspace; returns how many, by table.

        Calling it twice is safe.
        """
        rows = {"document": self._delete_documents(team)}

        with writing(self._engine) as connection:
            # Children come before their parents; what has no team goes by cascade.
            for table in reversed(metadata.sorted_tables):
                if "team" in table.c and table is not installation:
                    count = _count(connection, delete(table).where(table.c.team == team))
                    rows[table.name] = rows.get(table.name, 0) + count

            scopes = spend.c.key.startswith(f"{team}/", autoescape=True) | (spend.c.key == team)
            rows["spend"] = _count(connection, delete(spend).where(scopes))

            # Last, so that a stop half way leaves the workspace listed and it is done again.
            installed = delete(installation).where(installation.c.team == team)
            rows["installation"] = _count(connection, installed)

        return rows

    def overwrite_deleted(self) -> None:
        """Overwrites the bytes of everything deleted so far.

        See `overwriting.overwrite_deleted`.
        """
        overwriting.overwrite_deleted(self._engine)

    def _delete_documents(self, team: str) -> int:
        """Deletes documents by their keys: the full-text index has no team to select by."""
        query = select(document.c.key).where(document.c.team == team)
        with writing(self._engine) as connection:
            keys: list[str] = list(connection.execute(query).scalars())
            return remove_documents(connection, team, keys)


def _blank_requests(connection: Connection, keys: Collection[str]) -> None:
    """Blanks the requests and what was written about them: answers, notes and proposals."""
    blank_request = {"text": "", "vector": None, "encoder": None}
    connection.execute(update(request).where(request.c.id.in_(keys)).values(blank_request))
    connection.execute(update(outcome).where(outcome.c.request.in_(keys)).values(**BLANK_ANSWER))

    notes = (feedback.c.request.in_(keys), feedback.c.aspect == "note")
    connection.execute(update(feedback).where(*notes).values(value=""))

    # The state stays: a running change still has to be completed.
    blank_proposal = {"args": {}, "said": "", "result": ""}
    connection.execute(update(proposal).where(proposal.c.request.in_(keys)).values(blank_proposal))


def _count(connection: Connection, statement: Delete) -> int:
    return int(connection.execute(statement).rowcount)


def _delete_embeddings(connection: Connection, hashes: Sequence[str]) -> None:
    for batch in batches(hashes):
        connection.execute(delete(mined_vector).where(mined_vector.c.hash.in_(batch)))


def _remove_dataset_rows(connection: Connection, user: str) -> list[str]:
    """Removes the person's rows from every dataset; returns the ids of those that had some."""
    changed: dict[str, list[Mapping[str, object]]] = {}
    for row in connection.execute(select(dataset.c.id, dataset.c.rows)):
        others = [example for example in row.rows if not _is_by(example, user)]
        if len(others) != len(row.rows):
            changed[row.id] = others

    for key, others in changed.items():
        connection.execute(update(dataset).where(dataset.c.id == key).values(rows=others))

    return list(changed)


def _is_by(example: object, user: str) -> bool:
    return isinstance(example, dict) and example.get("user") == user


def _versions_trained_on(connection: Connection, datasets: Sequence[str]) -> list[tuple[str, str]]:
    """Returns the versions (route, id) whose body or report names one of the datasets."""
    if not datasets:
        return []

    # Searched as text, because bodies and reports name the dataset under different keys.
    reports = {row.version: str(row.body) for row in connection.execute(select(report))}
    found = []
    for row in connection.execute(select(route_version)):
        text = str(row.body) + reports.get(row.id, "")
        if any(name in text for name in datasets):
            found.append((row.route, row.id))

    return sorted(found)
