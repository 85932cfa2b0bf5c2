"""The other workspaces in which people of organisations were seen (Enterprise Grid).

Slack names somebody of another organisation by its id in a mention, by a workspace in a message,
and by the workspace that they happen to be in at a click. Here each gets one home: the first
workspace in which they were seen. A colleague may be in another workspace of our organisation.
"""

from __future__ import annotations

from sqlalchemy import Column, ColumnElement, Engine, and_, or_, select, update

from router.store.base.engine import insert_for, one_statement, writing
from router.store.base.knowledge_tables import chunk, foreign_home
from router.store.base.tables import decision, feedback, request
from router.types import SlackPerson


class ForeignHomes:
    """The foreign_home table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def home_of(self, person: SlackPerson) -> str:
        """Returns the one home of somebody whom Slack named as `person.home` this time.

        That is `person.home` itself where nothing is known of its organisation.
        """
        same_organisation = select(foreign_home.c.organisation).where(
            foreign_home.c.team == person.team, foreign_home.c.workspace == person.home
        )
        query = select(foreign_home.c.workspace).where(
            foreign_home.c.team == person.team,
            foreign_home.c.user == person.user,
            or_(
                foreign_home.c.organisation == person.home,
                foreign_home.c.organisation.in_(same_organisation),
            ),
        )
        with one_statement(self._engine) as connection:
            home: str | None = connection.execute(query.limit(1)).scalar()

        return home or person.home

    def organisation_of(self, team: str, workspace: str) -> str:
        """Returns the organisation of a workspace in which somebody was seen, empty if unknown."""
        query = select(foreign_home.c.organisation).where(
            foreign_home.c.team == team, foreign_home.c.workspace == workspace
        )
        with one_statement(self._engine) as connection:
            return connection.execute(query.limit(1)).scalar() or ""

    def learn(self, person: SlackPerson, workspace: str) -> str:
        """Stores that somebody of the organisation `person.home` was seen in the workspace.

        Returns their home, the first of their workspaces. What was stored of them under the
        organisation alone is theirs from then on.
        """
        row = {
            "team": person.team,
            "user": person.user,
            "organisation": person.home,
            "workspace": workspace,
        }
        new = self._insert(foreign_home).values(row).on_conflict_do_nothing()
        first = select(foreign_home.c.workspace).where(
            foreign_home.c.team == person.team,
            foreign_home.c.user == person.user,
            foreign_home.c.organisation == person.home,
        )
        with writing(self._engine) as connection:
            connection.execute(new)
            known: str = connection.execute(first).scalar_one()
            # Each time: another process may have stored a mention of theirs meanwhile.
            for user, home, in_team in _homes(person.team):
                theirs = and_(in_team, user == person.user, home == person.home)
                connection.execute(update(home.table).where(theirs).values({home.name: known}))

        return known


def _homes(team: str) -> list[tuple[Column[str], Column[str], ColumnElement[bool]]]:
    """Returns the columns of people and of their homes, with the condition of the workspace."""
    requests = select(request.c.id).where(request.c.team == team)
    of_team = request.c.team == team
    return [
        (request.c.user, request.c.user_team, of_team),
        (request.c.author, request.c.author_team, of_team),
        (feedback.c.user, feedback.c.user_team, feedback.c.request.in_(requests)),
        (decision.c.asked_by, decision.c.asked_by_team, decision.c.request.in_(requests)),
        (chunk.c.author, chunk.c.author_team, chunk.c.team == team),
    ]
