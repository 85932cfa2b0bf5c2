"""Training labels from feedback, and the unlabelled requests whose label would teach most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, and_, exists, func, or_, select, text

from router.store.base.engine import one_statement
from router.store.base.tables import IS_LABEL, decision, feedback, request
from router.store.privacy.authorship import takes_part, words_of
from router.store.requests.decisions import read_decision
from router.types import Decision, Example, Viewer

SOURCES_BY_ASPECT = {"route": "feedback", "review": "reviewed"}
"""The source of a label by the aspect of its feedback: anybody's correction, or an admin's answer
to a question."""

CLOCK_SECONDS = 86_400.0
"""How far the clocks of two machines may differ."""
SHOWABLE = "public"
"""The only kind of channel whose messages an admin is shown."""


@dataclass(frozen=True, slots=True)
class Label:
    """A training example that came from feedback, and the id of the request behind it.

    `showable` says whether others may read the request's text.
    """

    request: str
    example: Example
    showable: bool


@dataclass(frozen=True, slots=True)
class UncertainRequest:
    """A decided request without a label yet, and its channel."""

    request: str
    channel: str
    text: str
    decision: Decision


class Labels:
    """Reads the feedback table as labels.

    Requests whose text has expired or been erased give none.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self, team: str) -> list[Label]:
        """Returns the workspace's labels, oldest first, in an order that the rows alone decide."""
        query = (
            select(request.c.text, request.c.channel_kind, feedback)
            .join(request, request.c.id == feedback.c.request)
            # Ordered by every key column, so that training does not depend on the database.
            # Wrapped, so that no index on the workspace is chosen: then all requests would be read.
            .where(func.coalesce(request.c.team, "") == team, _is_label(), takes_part())
            .order_by(feedback.c.at, feedback.c.request, feedback.c.user, feedback.c.aspect)
        )
        with one_statement(self._engine) as connection:
            rows = connection.execute(query).all()

        labels = []
        for row in rows:
            source = SOURCES_BY_ASPECT[row.aspect]
            example = Example(
                row.text, row.value, source=source, user=row.user, request=row.request
            )
            labels.append(Label(row.request, example, row.channel_kind == SHOWABLE))

        return labels

    def readable_text(self, key: str, viewer: Viewer) -> str:
        """Returns the text of a request, if the viewer may read it now; else an empty text.

        That is whoever wrote it, and those of its workspace who can read its channel. Nobody reads
        the words of a person who opted out.
        """
        query = select(request.c.text).where(
            request.c.id == key,
            request.c.team == viewer.team,
            or_(words_of(viewer.team, viewer.user), request.c.channel.in_(viewer.channels)),
            takes_part(),
        )
        with one_statement(self._engine) as connection:
            return str(connection.execute(query).scalar() or "")

    def fingerprints(self) -> dict[str, tuple[int, float]]:
        """Returns what changes when a label is added, changed or removed, by workspace.

        It is the count of its labels and the time of the newest. Workspaces without labels are
        missing. Those that labelled last come first.
        """
        newest = func.max(feedback.c.at)
        query = (
            select(request.c.team, func.count(), newest)
            .select_from(feedback)
            .join(request, request.c.id == feedback.c.request)
            .where(_is_label(), takes_part())
            .group_by(request.c.team)
            .order_by(newest.desc(), request.c.team)
        )
        with one_statement(self._engine) as connection:
            rows = connection.execute(query).all()

        return {row[0]: (int(row[1]), float(row[2])) for row in rows}

    def uncertain_requests(
        self, team: str, since: float, limit: int = 500
    ) -> Mapping[str, UncertainRequest]:
        """Returns the newest requests since then that have no label, by id.

        Only those of public channels whose first decision was to route or to ask back.
        """
        labelled = exists().where(
            feedback.c.request == request.c.id, feedback.c.aspect.in_(SOURCES_BY_ASPECT)
        )
        query = (
            select(request.c.text, request.c.channel, decision)
            .join(request, request.c.id == decision.c.request)
            .where(
                request.c.team == team,
                request.c.received_at >= since,
                request.c.channel_kind == SHOWABLE,
                request.c.text != "",
                # A revision above 0 was chosen by a person, so there is nothing left to ask.
                decision.c.revision == 0,
                decision.c.verb.in_(("route", "ask")),
                ~labelled,
                takes_part(),
            )
            .order_by(request.c.received_at.desc())
            .limit(limit)
        )

        with one_statement(self._engine) as connection:
            rows = connection.execute(query).mappings().all()

        return {
            row["request"]: UncertainRequest(
                row["request"], row["channel"], row["text"], read_decision(row)
            )
            for row in rows
        }


def _is_label() -> ColumnElement[bool]:
    # No label is older than the oldest text that is left, but for clocks that differ; those of
    # expired texts are many in time, and are not read again and again.
    texts = request.alias("texts")
    oldest = select(func.min(texts.c.received_at)).where(text("texts.text <> ''"))
    is_recent = feedback.c.at >= oldest.scalar_subquery() - CLOCK_SECONDS

    # People of another workspace teach this one nothing, neither with words nor with corrections.
    return and_(IS_LABEL, is_recent, feedback.c.user_team == "", request.c.text != "")
