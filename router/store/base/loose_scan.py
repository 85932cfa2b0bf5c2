"""Reads the distinct values of an indexed column by jumping from one to the next in the index.

`SELECT DISTINCT` reads every entry of the index; a year of requests has millions of them and a few
workspaces. Databases call this a loose index scan, and neither of ours makes one by itself.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import CTE, Column, ColumnElement, Subquery, Table, func, select


def distinct_teams(table: Table) -> Subquery:
    """Returns a table with the column `team`: every workspace that has a row in `table`.

    An index of it has to begin with the team.
    """
    first = select(func.min(table.c.team).label("team")).select_from(table)
    teams = first.cte(f"{table.name}_teams", recursive=True)
    later = table.alias()
    following = select(func.min(later.c.team)).where(later.c.team > teams.c.team)
    teams = teams.union_all(
        select(following.scalar_subquery()).where(teams.c.team.is_not(None)),
    )
    return select(teams.c.team).where(teams.c.team.is_not(None)).subquery()


def distinct_by_team(column: Column[str], *where: ColumnElement[bool]) -> Subquery:
    """Returns a table with the columns `team` and that column's name: the pairs that have a row.

    An index has to begin with the team, then what `where` compares, then the column.
    """
    table, name = column.table, column.name
    teams = distinct_teams(table)

    first = _smallest(column, table.c.team == teams.c.team, *where)
    pairs = select(teams.c.team, first.label(name)).cte(f"{table.name}_{name}s", recursive=True)
    following = _smallest(
        column, table.c.team == pairs.c.team, column > pairs.c[name], *where, outer=pairs
    )
    pairs = pairs.union_all(
        select(pairs.c.team, following.label(name)).where(pairs.c[name].is_not(None))
    )
    return select(pairs.c.team, pairs.c[name]).where(pairs.c[name].is_not(None)).subquery()


def _smallest(
    column: Column[str], *where: ColumnElement[bool], outer: CTE | None = None
) -> ColumnElement[Any]:
    query = select(func.min(column)).select_from(column.table).where(*where)
    if outer is not None:
        query = query.correlate(outer)
    return query.scalar_subquery()
