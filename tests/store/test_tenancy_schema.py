"""Every row and every file says which workspace it belongs to, and is asked for by it.

These tests walk what there is: a new table, a new method or a new folder is found by itself.
"""

from __future__ import annotations

import inspect

import pytest
from sqlalchemy import Table

from router.store import Store
from router.store.base.tables import metadata
from router.store.privacy.registry import rows_of_team
from tests.fixtures.stores import open_sqlite

INSTALLATIONS_OWN = {
    "contact": "until when the installation as a whole could receive events",
    "data_folder": "the ids of the data folders that processes work in",
    "leader": "the processes that do periodic work for the whole installation",
    "install_state": "a random number of an install under way, before there is a workspace",
    "knowledge_change": "numbers of documents that changed; a document has its team",
    "usage_total": "totals of the installation for its operator, without anybody's name",
    "spend": "its key begins with the workspace, or is it",
}
"""Tables without a workspace, each with its reason."""

WITHOUT_TEAM = {
    "Candidates.advance": "the id of a candidate is one workspace's, and its row says whose",
    "Candidates.get": "the id of a candidate is one workspace's; clicks compare it with their own",
    "Candidates.history": "the id of a candidate is one workspace's",
    "Candidates.in_states": "the workers' list of work, which they do for each one's workspace",
    "Candidates.upsert": "the candidate has its team",
    "Datasets.insert": "the dataset has its team",
    "Datasets.insert_report": "the report has its team",
    "Datasets.save_review": "the dataset has its team",
    "Digests.record_verdict": "the verdict is on a candidate",
    "Digests.unposted": "the scheduler's list of work; each digest is posted in its workspace",
    "DraftedRoutes.fingerprints": "the bots' list of what to train, by workspace",
    "DriftChecks.claim": "the id of a check is one workspace's",
    "DriftChecks.for_candidate": "the id of a candidate is one workspace's",
    "DriftChecks.get": "the id of a check begins with its candidate's or its workspace's",
    "DriftChecks.insert": "the check has its team",
    "DriftChecks.mark_for_announcement": "the id of a check is one workspace's",
    "DriftChecks.mark_posted": "the id of a check is one workspace's",
    "DriftChecks.newest": "the id of a candidate is one workspace's",
    "DriftChecks.release": "the id of a check is one workspace's",
    "DriftChecks.unannounced": "the publisher's list of work; each is posted in its workspace",
    "RolloutCards.card": "the id of a candidate is one workspace's",
    "RolloutCards.claim": "the id of a candidate is one workspace's",
    "RolloutCards.mark_shown": "the id of a candidate is one workspace's",
    "RolloutCards.progress": "the id of a candidate is one workspace's",
    "RolloutCards.record_progress": "the id of a candidate is one workspace's",
    "RolloutCards.release": "the id of a candidate is one workspace's",
    "ShadowRuns.insert": "the run is of a request",
    "StoredEmbeddings.delete_unused": "retention, of every workspace",
    "Versions.declare_tiers": "the tiers of a route's file are the installation's",
    "Versions.insert": "the version has its team",
}
"""Methods of the weekly loop's parts of the store that take no workspace, each with its reason."""

WEEKLY_PARTS = (
    "artefacts",
    "candidates",
    "datasets",
    "digests",
    "drafted_routes",
    "drift_checks",
    "embeddings",
    "retrain",
    "rollout_cards",
    "shadow_runs",
    "versions",
)


def belongs_to_workspace(table: Table) -> bool:
    """Whether a row has a team, or a parent that has one."""
    if "team" in table.c:
        return True

    parents = [key.column.table for key in table.foreign_keys]
    return any(parent is not table and belongs_to_workspace(parent) for parent in parents)


@pytest.mark.parametrize("name", sorted(metadata.tables))
def test_a_row_belongs_to_a_workspace(name):
    belongs = belongs_to_workspace(metadata.tables[name])

    assert belongs != (name in INSTALLATIONS_OWN), (
        f"table {name!r}: give it a column 'team', or a parent that has one; or list it here with "
        "the reason why it belongs to no workspace"
    )


@pytest.mark.parametrize("name", ["route_version", "report", "dataset", "artefact", "retrain"])
def test_two_workspaces_may_have_rows_of_the_same_id(name):
    assert metadata.tables[name].primary_key.columns.keys()[0] == "team"


def test_rows_that_rollouts_make_can_be_selected_by_workspace():
    for name in ("route_version", "report", "dataset", "artefact", "retrain", "trial", "progress"):
        assert rows_of_team(metadata.tables[name], "T1") is not None


def methods(store: Store) -> dict[str, list[str]]:
    """The public methods of the weekly loop's parts, with the names of their parameters."""
    found = {}
    for part in WEEKLY_PARTS:
        kind = type(getattr(store, part))
        for name, function in inspect.getmembers(kind, inspect.isfunction):
            if not name.startswith("_"):
                parameters = list(inspect.signature(function).parameters)
                found[f"{kind.__name__}.{name}"] = parameters[1:]

    return found


def test_what_a_rollout_stores_is_asked_for_by_its_workspace(tmp_path):
    store = open_sqlite(tmp_path / "beagle.db")
    found = methods(store)
    store.close()

    without = {name for name, parameters in found.items() if parameters[:1] != ["team"]}
    assert without == set(WITHOUT_TEAM)
