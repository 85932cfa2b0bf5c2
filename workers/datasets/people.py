"""Rows of datasets from answers that people gave in threads and somebody reviewed."""

from __future__ import annotations

from collections.abc import Collection

from router.store import Store
from workers.datasets.build import LoggedAnswer

BY_A_PERSON = "person"
"""Takes the place of a model's name where a person answered."""


def people_rows(store: Store, team: str, keys: Collection[str], route: str) -> list[LoggedAnswer]:
    """Returns the saved answers to those of the route's requests, for a route without a schema.

    They count before what a model answered, like other corrections.
    """
    rows = []
    for row in store.captured_answers.answers_to(team, keys, route):
        rows.append(LoggedAnswer(row["text"], row["answer"], row["user"], row["at"], "corrected"))

    return rows
