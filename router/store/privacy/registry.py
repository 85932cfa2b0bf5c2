"""Every column of the database that can hold people's words, and how those words leave it.

*Forget me*, retention, uninstalling, the overwriting of deleted bytes and the proof all walk this
list. A test compares it with the schema: a new column has to be entered here or in `wordless.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, LargeBinary, Table, select

from router.errors import StoreError
from router.store.base.knowledge_tables import chunk, chunk_vector, document
from router.store.base.mining_tables import mined_vector, overheard
from router.store.base.tables import (
    candidate,
    dataset,
    decision,
    digest,
    feedback,
    metadata,
    outcome,
    report,
    request,
    route_version,
    verdict,
)
from router.store.requests.proposals import proposal
from router.store.requests.sendings import sending
from router.store.versions.artefact_tables import artefact
from router.store.versions.drafted_tables import drafted_route
from router.store.weekly.candidate_tables import candidate_edge
from router.store.weekly.drift_tables import drift
from router.store.weekly.failure_tables import failure_group
from router.store.weekly.rollout_tables import progress

Belonging = Literal["written", "answer", "quote", "derived", "record"]
"""How words in a column belong to a person.

`written`: the person wrote them; their rows are deleted. `answer`: made for a request, from what
was said around it; blanked where it repeats a person. `quote`: shown to admins; the sentences are
cut out. `derived`: vectors and indexes of other columns; deleted with those. `record`: figures, ids
and an admin's reasons for a decision; kept, and searched by the proof.
"""

JsonPath = tuple[str, ...]
"""Keys into a JSON value; `*` stands for every item of a list or value of an object."""

WHOLE: JsonPath = ()
EXAMPLES: tuple[JsonPath, ...] = (("examples", "*"),)
GAPS: tuple[JsonPath, ...] = (("gaps", "*", "example"),)
LABELS: tuple[JsonPath, ...] = (("decided", "*", "label"), ("drift", "*"))
DRAFT: tuple[JsonPath, ...] = (
    ("description",),
    *((name, "*", "text") for name in ("utterances", "rows", "negatives", "previews")),
    *((name, "*", "answer") for name in ("rows", "previews")),
    *((name, "*", "answer", "*") for name in ("rows", "previews")),
)
CONTRADICTIONS: tuple[JsonPath, ...] = (("contradictions", "*"),)


@dataclass(frozen=True, slots=True)
class WordColumn:
    """A column with people's words.

    `age` is the column that says when the row got its words. `paths` are the strings within a JSON
    column that may quote somebody; nothing else in it is ever changed. `samples` are those that are
    always somebody's words, so they expire; `WHOLE` names a column that is no JSON.
    """

    column: Column[Any]
    belonging: Belonging
    age: Column[Any] | None = None
    paths: tuple[JsonPath, ...] = ()
    samples: tuple[JsonPath, ...] = ()

    @property
    def table(self) -> Table:
        """The table of the column."""
        return self.column.table

    @property
    def name(self) -> str:
        """The column as `table.column`."""
        return f"{self.table.name}.{self.column.name}"


WORD_COLUMNS: tuple[WordColumn, ...] = (
    WordColumn(request.c.text, "written", request.c.received_at),
    WordColumn(overheard.c.text, "written", overheard.c.at),
    WordColumn(feedback.c.value, "written", feedback.c.at),
    WordColumn(chunk.c.body, "written"),
    WordColumn(dataset.c.rows, "written", dataset.c.at),
    WordColumn(outcome.c.text, "answer", outcome.c.at),
    WordColumn(outcome.c.data, "answer", outcome.c.at),
    WordColumn(outcome.c.citations, "answer", outcome.c.at),
    WordColumn(proposal.c.args, "answer", proposal.c.at),
    WordColumn(proposal.c.said, "answer", proposal.c.at),
    WordColumn(proposal.c.result, "answer", proposal.c.at),
    WordColumn(sending.c.content, "answer", sending.c.at),
    WordColumn(candidate.c.label, "quote", candidate.c.last_seen, (WHOLE,)),
    WordColumn(candidate.c.definition, "quote", candidate.c.last_seen, (WHOLE,), (WHOLE,)),
    WordColumn(candidate.c.evidence, "quote", candidate.c.last_seen, EXAMPLES, EXAMPLES),
    WordColumn(digest.c.body, "quote", digest.c.at, (*GAPS, *LABELS), GAPS),
    WordColumn(drift.c.body, "quote", drift.c.at, (("label",),)),
    WordColumn(dataset.c.card, "quote", dataset.c.at, CONTRADICTIONS, CONTRADICTIONS),
    # A route stays until somebody retires it, so what it learned from does not expire with its age.
    WordColumn(drafted_route.c.body, "quote", drafted_route.c.at, DRAFT),
    WordColumn(request.c.vector, "derived", request.c.received_at),
    WordColumn(chunk.c.headings, "derived"),
    WordColumn(chunk.c.extra, "derived"),
    WordColumn(document.c.title, "derived"),
    WordColumn(chunk_vector.c.vector, "derived"),
    WordColumn(mined_vector.c.vector, "derived", mined_vector.c.used_at),
    WordColumn(candidate.c.centroid, "derived", candidate.c.last_seen),
    WordColumn(failure_group.c.centroid, "derived", failure_group.c.at),
    WordColumn(artefact.c.body, "derived", artefact.c.at),
    WordColumn(decision.c.reason, "record", decision.c.at),
    WordColumn(verdict.c.reason, "record", verdict.c.at),
    WordColumn(candidate_edge.c.evidence, "record", candidate_edge.c.at),
    WordColumn(route_version.c.body, "record", route_version.c.at),
    WordColumn(report.c.body, "record", report.c.at),
    WordColumn(progress.c.body, "record", progress.c.at),
)

INDEX_TABLES = ("chunk_text_page",)
"""Tables without a model that hold the words of documents: full-text indexes of whole pages."""


def columns(*belonging: Belonging) -> list[WordColumn]:
    """Returns the entries with one of these belongings; all of them if none is named."""
    return [entry for entry in WORD_COLUMNS if not belonging or entry.belonging in belonging]


def readable_columns() -> list[WordColumn]:
    """Returns the entries whose words can be read: all but vectors and trained weights."""
    return [entry for entry in WORD_COLUMNS if not isinstance(entry.column.type, LargeBinary)]


def word_tables() -> list[str]:
    """Returns the names of the tables that can hold people's words, parents first."""
    names = {entry.table.name for entry in WORD_COLUMNS}
    ordered = [table.name for table in metadata.sorted_tables if table.name in names]
    return [*ordered, *INDEX_TABLES]


def rows_of_team(table: Table, team: str) -> ColumnElement[bool]:
    """Returns the condition that a row belongs to that workspace, itself or through its parent."""
    if "team" in table.c:
        return table.c.team == team

    for parent in (request, candidate):
        if parent.name in table.c:
            return table.c[parent.name].in_(select(parent.c.id).where(parent.c.team == team))

    raise StoreError(
        f"selecting rows of a workspace: table {table.name!r} has no column 'team', 'request' or "
        "'candidate'; add one"
    )
