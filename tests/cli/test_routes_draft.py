"""`beagle routes draft`: a draft as files, edited, and read back."""

from __future__ import annotations

import pytest

from bot.cli.routes.draft import draft_files
from router.config import Settings
from router.errors import InputError
from router.lifecycle import SYSTEM
from router.lifecycle_evidence import ApprovalEvidence
from router.store import open_store
from router.store.versions.versions import StoredVersion
from router.types import Candidate
from tests.fixtures.drafts import DRAFTED, DRAFTED_EVIDENCE, DRAFTED_VERSION
from workers.privacy.exports import exported_files

KEY = "T1:room"


@pytest.fixture
def settings(tmp_path):
    return Settings(_env_file=None, data=tmp_path / "data", admins=("UADA",))


@pytest.fixture
def drafted(settings):
    """A workspace whose candidate has a draft that waits for a person."""
    store = open_store(settings.store_url)
    store.candidates.upsert(Candidate(KEY, "T1", "meeting room", "d", "digested"), 1.0)
    body = DRAFTED_VERSION.model_dump(mode="json")
    store.versions.insert(
        StoredVersion("T1", DRAFTED.name, DRAFTED_VERSION.id, "prompt", "shadow", body, 1.0)
    )
    store.drafted_routes.save("T1", DRAFTED)
    for version, (evidence, actor) in enumerate(
        [(ApprovalEvidence(), "UADA"), (DRAFTED_EVIDENCE, SYSTEM)]
    ):
        store.candidates.advance(KEY, evidence, actor=actor, at=1.0, version=version)

    yield store
    store.close()


def test_a_draft_is_written_edited_and_read_back(settings, drafted, tmp_path):
    written = draft_files(settings, KEY, tmp_path / "out", None, "", "T1")
    folder = tmp_path / "out" / "meeting_room"
    file = folder / "route.md"
    file.write_text(file.read_text("utf-8").replace("Give its details.", "List its details."))

    read = draft_files(settings, KEY, tmp_path, folder, "UADA", "T1")

    stored = drafted.drafted_routes.get("T1", "meeting_room")
    evidence = drafted.candidates.history(KEY)[-1].evidence
    assert written["version"] == DRAFTED_VERSION.id
    assert read["version"] == stored.version != DRAFTED_VERSION.id
    assert [part.user for part in stored.utterances] == ["U1", "U2", ""]
    assert not evidence.evaluated
    assert file in exported_files(settings.data)


def test_nobody_but_an_admin_reads_files_back(settings, drafted, tmp_path):
    draft_files(settings, KEY, tmp_path / "out", None, "", "T1")

    with pytest.raises(InputError, match="BEAGLE_ADMINS"):
        draft_files(settings, KEY, tmp_path, tmp_path / "out" / "meeting_room", "UEVE", "T1")


def test_a_candidate_of_another_workspace_is_unknown(settings, drafted, tmp_path):
    with pytest.raises(InputError, match="no candidate"):
        draft_files(settings, "T2:room", tmp_path, None, "", "T1")
