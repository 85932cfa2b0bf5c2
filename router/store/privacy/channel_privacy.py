"""Makes private what was said in a channel while it was public, in every table that holds it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from router.store.base.mining_tables import overheard
from router.store.base.tables import candidate, dataset, digest, request
from router.store.privacy.authorship import writer
from router.store.privacy.quotations import keep_hashes_true
from router.store.versions.drafted_routes import remove_channel

DEFINITION = "People write about “{label}”."
"""The definition of a request type whose example may no longer be quoted."""


def mark_private(
    connection: Connection, team: str, channel_id: str, *, was_public: bool = False
) -> None:
    """Marks what was said in the channel as private, in the caller's transaction.

    `was_public` says that the channel itself counted as public until now.

    It still counts, and is no longer shown to others: examples of it leave the candidates and
    digests, its rows leave the datasets. A channel that becomes public again does not publish what
    was said before. Calling it twice is safe.
    """
    requests = _said_in(connection, team, channel_id)
    changed = int(was_public)
    for table in (request, overheard):
        said_there = (
            table.c.team == team,
            table.c.channel == channel_id,
            table.c.channel_kind == "public",
        )
        changed += connection.execute(
            update(table).where(*said_there).values(channel_kind="private")
        ).rowcount

    # Most channels that Slack describes as private have been private all along.
    if changed:
        _hide_examples(connection, team, channel_id, frozenset(requests))
        _hide_gaps(connection, team, channel_id)
        _remove_dataset_rows(connection, team, frozenset(requests.values()))
        remove_channel(connection, team, channel_id)


def _said_in(connection: Connection, team: str, channel_id: str) -> dict[str, tuple[str, float]]:
    """Returns writer and time of the channel's public requests, by id."""
    query = select(request.c.id, writer().label("user"), request.c.received_at).where(
        request.c.team == team,
        request.c.channel == channel_id,
        request.c.channel_kind == "public",
    )
    return {row.id: (row.user, row.received_at) for row in connection.execute(query)}


def _hide_examples(
    connection: Connection, team: str, channel_id: str, requests: frozenset[str]
) -> None:
    query = select(
        candidate.c.id, candidate.c.label, candidate.c.definition, candidate.c.evidence
    ).where(candidate.c.team == team)

    for row in connection.execute(query).all():
        evidence = _without_examples(row.evidence, channel_id, requests)
        if evidence == row.evidence:
            continue

        definition = row.definition
        left = evidence["examples"]
        if any(text not in left and text in definition for text in row.evidence["examples"]):
            definition = DEFINITION.format(label=row.label)

        same_row = [candidate.c.id == row.id]
        keep_hashes_true(connection, same_row, row.evidence, evidence)
        values = {"evidence": evidence, "definition": definition}
        connection.execute(update(candidate).where(*same_row).values(values))


def _without_examples(
    evidence: Mapping[str, Any], channel_id: str, requests: frozenset[str]
) -> Mapping[str, Any]:
    """Returns the evidence without the examples from the channel."""
    examples = list(evidence.get("examples") or ())
    channels = list(evidence.get("example_channels") or ())

    if len(channels) == len(examples):
        pairs = [pair for pair in zip(examples, channels, strict=True) if pair[1] != channel_id]
    else:
        # An older release did not store where examples are from: any of them may be from here.
        is_concerned = evidence.get("overheard") or not requests.isdisjoint(
            evidence.get("requests") or ()
        )
        pairs = [] if is_concerned else [(text, "") for text in examples]

    if len(pairs) == len(examples):
        return evidence

    return {
        **evidence,
        "examples": [text for text, _ in pairs],
        "example_channels": [channel for _, channel in pairs],
    }


def _hide_gaps(connection: Connection, team: str, channel_id: str) -> None:
    """Blanks the questions of the channel in digests; what an older release stored, all of them."""
    query = select(digest.c.week, digest.c.body).where(digest.c.team == team)
    for row in connection.execute(query).all():
        gaps = []
        for gap in row.body.get("gaps") or ():
            is_hidden = gap.get("channel", channel_id) == channel_id
            gaps.append({**gap, "example": ""} if is_hidden else gap)

        if gaps != list(row.body.get("gaps") or ()):
            same_row = (digest.c.team == team, digest.c.week == row.week)
            connection.execute(
                update(digest).where(*same_row).values(body={**row.body, "gaps": gaps})
            )


def _remove_dataset_rows(
    connection: Connection, team: str, said: Collection[tuple[str, float]]
) -> None:
    """Removes the rows that were made from these requests, named by writer and time."""
    query = select(dataset.c.id, dataset.c.rows).where(dataset.c.team == team)
    for row in connection.execute(query).all():
        others = [
            example for example in row.rows if (example.get("user"), example.get("at")) not in said
        ]
        if len(others) != len(row.rows):
            same_row = (dataset.c.team == team, dataset.c.id == row.id)
            connection.execute(update(dataset).where(*same_row).values(rows=others))
