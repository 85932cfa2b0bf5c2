"""Gives versions, reports, datasets, artefacts and pending retrains to workspaces.

A row belongs to the workspace whose candidate names it, else to the only workspace there is. The
versions of route files stay the installation's, whose team is empty. Where a workspace takes its
live version along, the file's version is live for the others. A version that some rollout promoted
or tried, and that belongs to nobody any more, answers nobody: its workspace has been removed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

INSTALLATION = ""
Row = dict[str, Any]
VersionKey = tuple[str, str]
Owners = Mapping[VersionKey, set[str]]
NEUTRAL: Row = {
    "rollout_share": 0.0,
    "shadowing": False,
    "origin": "file",
    "previous_live": False,
}


def upgrade() -> None:
    """Reads the small tables, makes them anew with a team, and copies the artefacts."""
    connection = op.get_bind()
    only_team = _only_team(connection)
    versions, reports = _rows(connection, VERSION), _rows(connection, REPORT)
    datasets, retrains = _rows(connection, DATASET), _rows(connection, RETRAIN)
    owners = _owners(connection, versions, reports, only_team)
    adapters = _adapter_owners(versions, owners)

    team_of_candidate = dict(_pairs(connection, "SELECT id, team FROM candidate"))
    for row in datasets:
        row["team"] = team_of_candidate.get(str(row["candidate"]), only_team)

    for name in ("route_version", "report", "dataset", "retrain"):
        op.drop_table(name)

    _create_tables()
    _insert(connection, VERSION, _with_teams(versions, owners))
    _insert(connection, REPORT, _given_to(reports, "version", owners, only_team))
    _insert(connection, RETRAIN, _given_to(retrains, "version", owners, only_team))
    _insert(connection, DATASET, datasets)
    _move_artefacts(connection, adapters, only_team)


def _only_team(connection: sa.Connection) -> str:
    """Returns the only workspace there is; empty if there are several, or none."""
    for query in (
        "SELECT team, team FROM installation",
        "SELECT team, team FROM request UNION SELECT team, team FROM candidate",
    ):
        teams = {team for team, _ in _pairs(connection, query)}
        if teams:
            return teams.pop() if len(teams) == 1 else INSTALLATION

    return INSTALLATION


def _owners(
    connection: sa.Connection,
    versions: Iterable[Row],
    reports: Iterable[Row],
    only_team: str,
) -> dict[VersionKey, set[str]]:
    """Returns the workspaces of each version that a rollout made; not those of route files.

    An empty set means that it belongs to nobody any more.
    """
    reported = {(row["route"], row["version"]) for row in reports}
    owners: dict[VersionKey, set[str]] = defaultdict(set)
    replacements = set()

    for team, route, evidence in _evidence(connection):
        made = {evidence.get("version"), evidence.get("candidate_version")}
        made |= set((evidence.get("versions") or {}).values())
        # The prompted version to beat may also be that of the file, which has no report.
        if (route, evidence.get("prompted")) in reported:
            made.add(evidence["prompted"])

        replacements.add((route, str(evidence.get("instead"))))
        for version in made:
            if version:
                owners[route, version].add(team)

    for row in versions:
        key = (row["route"], row["id"])
        if key in owners or key in replacements - reported:
            continue

        tried = row["rollout_share"] > 0 or row["shadowing"] or row["origin"] == "rollout"
        # A command line without a candidate evaluates too; what its author made live is a file.
        is_reported = key in reported and row["state"] != "live"
        if tried or is_reported:
            owners[key] = {only_team} - {INSTALLATION}

    return owners


def _evidence(connection: sa.Connection) -> list[tuple[str, str, Row]]:
    """Returns the workspace, the route and the evidence of every candidate's every step."""
    edge = sa.table("candidate_edge", sa.column("candidate"), sa.column("evidence", sa.JSON()))
    columns = ("id", "team", "route")
    candidate = sa.table("candidate", *(sa.column(name) for name in columns))
    query = sa.select(candidate.c.team, candidate.c.route, edge.c.evidence).join_from(
        edge, candidate, edge.c.candidate == candidate.c.id
    )
    rows: list[tuple[str, str, Row]] = []
    for row in connection.execute(query):
        evidence: Row = dict(row.evidence)
        rows.append((row.team, evidence.get("route") or row.route or "", evidence))

    return rows


def _with_teams(versions: list[Row], owners: Owners) -> list[Row]:
    """Returns the versions with their teams; each route's file has a live one where it had."""
    rows = []
    for row in versions:
        key = (row["route"], row["id"])
        if key not in owners:
            rows.append(row | {"team": INSTALLATION, "origin": "file"})
            continue

        teams = owners[key]
        rows += [row | {"team": team} for team in sorted(teams)]
        if not teams:
            rows.append(row | NEUTRAL | {"team": INSTALLATION, "state": "retired"})

    for route in {row["route"] for row in versions if row["state"] == "live"}:
        _revive_file(rows, route, owners)

    return rows


def _revive_file(rows: list[Row], route: str, owners: Owners) -> None:
    """Makes the version of the route's file live that a rollout's version had replaced."""
    of_file = [
        row
        for row in rows
        if row["route"] == route and not row["team"] and (route, row["id"]) not in owners
    ]
    if not of_file or any(row["state"] == "live" for row in of_file):
        return

    # Else the newest one: the next start publishes the file as it is now.
    best = max(
        of_file, key=lambda row: (row["previous_live"], row["state"] == "retired", row["at"])
    )
    best.update(NEUTRAL | {"state": "live"})


def _given_to(rows: Iterable[Row], column: str, owners: Owners, only_team: str) -> list[Row]:
    """Returns each row once for every workspace of the version that it names."""
    result = []
    for row in rows:
        teams = owners.get((row["route"], row[column])) or {only_team}
        result += [row | {"team": team} for team in sorted(teams)]

    return result


def _adapter_owners(versions: Iterable[Row], owners: Owners) -> dict[str, set[str]]:
    """Returns the workspaces of each artefact that a version is served with."""
    teams: dict[str, set[str]] = defaultdict(set)
    for row in versions:
        adapter = row["body"].get("adapter")
        if adapter:
            teams[adapter] |= owners.get((row["route"], row["id"]), set())

    return teams


def _move_artefacts(
    connection: sa.Connection, owners: Mapping[str, set[str]], only_team: str
) -> None:
    """Copies each artefact within the database, because its body may be large."""
    op.rename_table("artefact", "artefact_without_team")
    if connection.dialect.name == "postgresql":
        # There, the name of a primary key is that of an index, and used once in a schema.
        op.execute(
            "ALTER TABLE artefact_without_team RENAME CONSTRAINT pk_artefact TO pk_artefact_old"
        )

    op.create_table(
        "artefact",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("suffix", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("team", "name", name=op.f("pk_artefact")),
    )
    copy = sa.text(
        "INSERT INTO artefact (team, name, route, suffix, body, at) "
        "SELECT :team, name, route, suffix, body, at FROM artefact_without_team "
        "WHERE name = :name"
    ).bindparams(sa.bindparam("team", type_=sa.Text()), sa.bindparam("name", type_=sa.Text()))

    for name, _ in _pairs(connection, "SELECT name, route FROM artefact_without_team"):
        for team in sorted(owners.get(name) or {only_team}):
            connection.execute(copy, {"team": team, "name": name})

    op.drop_table("artefact_without_team")


def _create_tables() -> None:
    op.create_table(
        "route_version",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("rollout_share", sa.Float(), nullable=False, server_default="0"),
        sa.Column("shadowing", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("origin", sa.Text(), nullable=False, server_default="file"),
        sa.Column("previous_live", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("team", "route", "id", name=op.f("pk_route_version")),
    )
    op.create_table(
        "report",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("against", sa.Text()),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("team", "id", name=op.f("pk_report")),
    )
    op.create_index("ix_report_route", "report", ["team", "route", "at"])
    op.create_table(
        "dataset",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("candidate", sa.Text()),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("card", sa.JSON(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["candidate"], ["candidate.id"], name=op.f("fk_dataset_candidate"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("team", "id", name=op.f("pk_dataset")),
    )
    op.create_table(
        "retrain",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("team", "route", "version", name=op.f("pk_retrain")),
    )


def _table(name: str, **columns: Any) -> sa.TableClause:
    """Returns the table with its columns but `team`, which the old one lacks."""
    return sa.table(name, *(sa.column(column, kind) for column, kind in columns.items()))


VERSION = _table(
    "route_version",
    route=sa.Text(),
    id=sa.Text(),
    kind=sa.Text(),
    state=sa.Text(),
    body=sa.JSON(),
    at=sa.Float(),
    rollout_share=sa.Float(),
    shadowing=sa.Boolean(),
    origin=sa.Text(),
    previous_live=sa.Boolean(),
)
REPORT = _table(
    "report",
    id=sa.Text(),
    route=sa.Text(),
    version=sa.Text(),
    against=sa.Text(),
    body=sa.JSON(),
    at=sa.Float(),
)
DATASET = _table(
    "dataset",
    id=sa.Text(),
    candidate=sa.Text(),
    route=sa.Text(),
    rows=sa.JSON(),
    card=sa.JSON(),
    at=sa.Float(),
)
RETRAIN = _table("retrain", route=sa.Text(), version=sa.Text(), why=sa.Text(), at=sa.Float())


def _rows(connection: sa.Connection, table: sa.TableClause) -> list[Row]:
    return [dict(row) for row in connection.execute(sa.select(table)).mappings()]


def _pairs(connection: sa.Connection, query: str) -> list[tuple[Any, Any]]:
    return [(first, second) for first, second in connection.execute(sa.text(query))]


def _insert(connection: sa.Connection, table: sa.TableClause, rows: list[Row]) -> None:
    columns = (sa.column("team", sa.Text()), *table.columns)
    with_team = sa.table(table.name, *(sa.column(column.name, column.type) for column in columns))
    if rows:
        connection.execute(with_team.insert(), rows)
