"""Whose words a row holds: the conditions by which queries find a person's rows.

A person is a workspace and a user id: the same id in two workspaces is two people. In a channel
that two workspaces share, people of the other one write too; their rows belong to the workspace
that was asked, and name the person's own in a column beside the user.
"""

from __future__ import annotations

from sqlalchemy import Column, ColumnElement, and_, case, exists, or_, select

from router.store.base.knowledge_tables import chunk
from router.store.base.tables import feedback, request
from router.store.base.workspace_tables import opt_out


def requests_of(team: str, user: str) -> ColumnElement[bool]:
    """Returns the condition that the person asked, or wrote what somebody else asked about."""
    asked = _is_person(request.c.user, request.c.user_team, team, user)
    wrote = _is_person(request.c.author, request.c.author_team, team, user)
    return or_(asked, wrote)


def words_of(team: str, user: str) -> ColumnElement[bool]:
    """Returns the condition that the request's text is the person's own."""
    asked = _is_person(request.c.user, request.c.user_team, team, user)
    wrote = _is_person(request.c.author, request.c.author_team, team, user)
    return or_(and_(asked, request.c.author == ""), wrote)


def feedback_of(team: str, user: str) -> ColumnElement[bool]:
    """Returns the condition that the person gave the feedback."""
    in_team = select(request.c.id).where(request.c.team == team)
    at_home = and_(feedback.c.user_team == "", feedback.c.request.in_(in_team))
    return and_(feedback.c.user == user, or_(at_home, feedback.c.user_team == team))


def chunks_of(team: str, user: str) -> ColumnElement[bool]:
    """Returns the condition that the person wrote the part of a document."""
    at_home = and_(chunk.c.author_team == "", chunk.c.team == team)
    return and_(chunk.c.author == user, or_(at_home, chunk.c.author_team == team))


def takes_part() -> ColumnElement[bool]:
    """Returns the condition that a request may be learned from.

    Neither who asked nor who wrote the text has opted out, and both belong to the workspace: it
    cannot consent for people of another one. For every query that learns from requests.
    """
    opted_out = exists().where(
        opt_out.c.team == request.c.team,
        or_(opt_out.c.user == request.c.user, opt_out.c.user == request.c.author),
    )
    return and_(~opted_out, request.c.user_team == "", request.c.author_team == "")


def writer() -> ColumnElement[str]:
    """Returns the column of who wrote a request's text."""
    return case((request.c.author != "", request.c.author), else_=request.c.user)


def _is_person(column: Column[str], home: Column[str], team: str, user: str) -> ColumnElement[bool]:
    at_home = and_(home == "", request.c.team == team)
    return and_(column == user, or_(at_home, home == team))
