"""A database of the previous release is migrated and keeps all its data.

`data/release-0018.db.gz` was made by that release (schema 0018), by a script that called the
methods of its own store. It has requests in every state with their decisions, answers, replies,
feedback and proposals; versions in every state; candidates with their history up to a canary;
digests, datasets, reports, shadow runs, an artefact, a rollout card and drift checks; channel
rules, captured messages, opt-outs, audit, installations and spending; documents with chunks and
vectors, sources and members. Every table has at least one row, and texts hold characters outside
ASCII. The script ended with VACUUM, then the file was packed with gzip -9. A later release can be
added in the same way.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import MetaData, create_engine, insert, inspect, select

from router.canary import in_rollout
from router.index import WORKSPACE_ACL
from router.lifecycle_evidence import CanaryEvidence
from router.store import open_store
from router.store.base.engine import open_engine
from router.store.base.migrate import migrate
from router.store.mining.channel_messages import ChannelMessage
from router.store.usage.spend import ScopeUsage
from router.types import Citation, Feedback, Request, Score, Tokens, Viewer

# SQLAlchemy does not know pgvector's type, and reads it as text.
pytestmark = pytest.mark.filterwarnings("ignore:Did not recognize type 'vector'")

PACKED = Path(__file__).parent / "data" / "release-0018.db.gz"
NOW = 1_790_000_000.0
INTERNAL = ("alembic_", "chunk_text", "sqlite_")
"""Tables of Alembic, of the full-text index and of SQLite itself."""


def reflect(engine):
    """The tables as they are in the database, whatever the code says."""
    names = [name for name in inspect(engine).get_table_names() if not name.startswith(INTERNAL)]
    found = MetaData()
    found.reflect(engine, only=names)

    return found


def read_rows(engine):
    """Every row of every table, in the order of its primary key."""
    rows = {}
    with engine.connect() as connection:
        for table in reflect(engine).sorted_tables:
            query = select(table).order_by(*table.primary_key.columns)
            rows[table.name] = [dict(row) for row in connection.execute(query).mappings()]

    return rows


@pytest.fixture
def old_file(tmp_path):
    file = tmp_path / "beagle.db"
    file.write_bytes(gzip.decompress(PACKED.read_bytes()))

    return file


@pytest.fixture
def old_rows(old_file):
    engine = create_engine(f"sqlite:///{old_file}")
    rows = read_rows(engine)
    engine.dispose()

    return rows


@pytest.fixture
def sqlite_url(old_file):
    return f"sqlite:///{old_file}"


@pytest.fixture
def postgresql_url(databases, old_rows):
    """A PostgreSQL database of the same schema with the same rows."""
    url = databases.empty()
    engine = open_engine(url)
    migrate(engine, "0018")

    with engine.begin() as connection:
        for table in reflect(engine).sorted_tables:
            connection.execute(insert(table), old_rows[table.name])

    engine.dispose()
    return url


@pytest.fixture(params=["sqlite_url", "postgresql_url"], ids=["sqlite", "postgresql"])
def opened(request, old_rows):
    store = open_store(request.getfixturevalue(request.param))
    yield store
    store.close()


@pytest.fixture
def store(sqlite_url, old_rows):
    store = open_store(sqlite_url)
    yield store
    store.close()


FIXED_COLUMNS = ("route", "id", "kind", "body", "at")
"""What never changes of a version, whoever has it and wherever it answers."""


def by_content(rows, columns):
    """The rows with these columns alone, in an order that does not depend on their keys."""
    return sorted(({name: row[name] for name in columns} for row in rows), key=repr)


def wordless(reason):
    """The reason without the texts of similar messages, which were all that it said of them."""
    assert all(isinstance(example, str) for example in reason.get("nearest", []))
    return {**reason, "nearest": []} if "nearest" in reason else reason


def test_the_old_database_has_a_row_in_every_table(old_rows):
    assert len(old_rows) == 36
    assert all(old_rows.values())


def test_every_row_is_kept(opened, old_rows):
    new_rows = read_rows(opened.engine)
    decisions = new_rows.pop("decision")
    old_decisions = [{**row, "reason": wordless(row["reason"])} for row in old_rows.pop("decision")]
    old_columns = list(old_decisions[0])
    assert [{name: row[name] for name in old_columns} for row in decisions] == old_decisions

    versions = new_rows.pop("route_version")
    old_versions = old_rows.pop("route_version")
    # A cache: mining makes embeddings again where nobody knows whose they were.
    del old_rows["mined_vector"]

    for name, rows in old_rows.items():
        columns = list(rows[0])
        assert by_content(new_rows[name], columns) == by_content(rows, columns), name

    assert by_content(versions, FIXED_COLUMNS) == by_content(old_versions, FIXED_COLUMNS)


def version_facts(store, route):
    """Where each version of a route stands, by its workspace and id."""
    columns = ("state", "rollout_share", "shadowing", "origin", "previous_live")
    rows = read_rows(store.engine)["route_version"]
    return {
        (row["team"], row["id"]): tuple(row[name] for name in columns)
        for row in rows
        if row["route"] == route
    }


def test_a_version_belongs_to_the_workspace_whose_candidate_names_it(opened):
    assert version_facts(opened, "passwords") == {
        ("", "p1"): ("live", 0.0, False, "file", False),
        ("T1", "p2"): ("canary", 0.05, False, "file", False),
    }
    assert opened.versions.live("T1", "passwords").id == "p1"
    assert opened.versions.version_for_user("T2", "passwords", "U1").id == "p1"


def test_the_versions_of_route_files_stay_the_installations(opened):
    assert version_facts(opened, "boxes") == {
        ("", "b1"): ("retired", 0.0, False, "file", False),
        ("", "b2"): ("live", 0.0, False, "file", False),
        ("", "b3"): ("retired", 0.0, False, "file", False),
    }


def test_of_several_workspaces_none_gets_a_version_that_no_candidate_names(opened):
    # It was made from the words of a workspace that has been removed, or nobody knows of which.
    assert version_facts(opened, "triage") == {
        ("", "v1"): ("retired", 0.0, False, "file", False),
        ("", "v2"): ("live", 0.0, False, "file", False),
        ("", "v3"): ("retired", 0.0, False, "file", False),
        ("", "v4"): ("retired", 0.0, False, "file", False),
        ("", "v5"): ("shadow", 0.0, False, "file", False),
    }
    assert version_facts(opened, "rewrite") == {
        ("", "w1"): ("live", 0.0, False, "file", False),
        ("", "w2"): ("retired", 0.0, False, "file", False),
        ("", "w3"): ("shadow", 0.0, False, "file", False),
        ("", "w4"): ("retired", 0.0, False, "file", False),
    }


def test_the_only_workspace_is_answered_as_before(old_file, old_rows):
    with create_engine(f"sqlite:///{old_file}").begin() as connection:
        connection.exec_driver_sql("DELETE FROM installation WHERE team = 'T2'")

    store = open_store(f"sqlite:///{old_file}")
    users = [f"U{number}" for number in range(60)]

    for route in {row["route"] for row in old_rows["route_version"]}:
        former = [row for row in old_rows["route_version"] if row["route"] == route]
        live = next(row["id"] for row in former if row["state"] == "live")
        canary = next((row for row in former if row["state"] == "canary"), None)
        shadows = [row["id"] for row in former if row["state"] == "shadow" and row["share"] > 0]

        for user in users:
            tried = canary is not None and in_rollout(route, user, canary["share"])
            expected = canary["id"] if tried else live
            assert store.versions.version_for_user("T1", route, user).id == expected

        in_shadow = store.versions.shadow_version("T1", route)
        assert [in_shadow.id] == shadows if shadows else in_shadow is None

    assert store.versions.roll_back("T1", "triage", "v3") == "v2"
    assert store.versions.live("T2", "triage").id == "v2"
    store.close()


def test_an_old_version_can_be_rolled_back(opened):
    assert opened.versions.roll_back("T1", "passwords", "p2") == "p1"
    assert opened.versions.roll_back("", "boxes", "b2") == "b2"


def test_requests_and_answers_are_read(opened, old_rows):
    fields = Request.__slots__
    for row in old_rows["request"]:
        request = opened.requests.get(row["id"])
        assert all(getattr(request, name) == value for name, value in row.items() if name in fields)

    assert opened.requests.get("r3").text == "Printer is on fire 🔥 <@U9>"
    assert opened.requests.get("r2").user_team == "T9"
    assert opened.requests.vector("r2") == ("enc-a", np.float32([0.6, 0.8]).tobytes())
    assert [letter.id for letter in opened.requests.dead_letters()] == ["r4"]
    assert opened.requests.has_owner("r6")
    assert opened.decisions.progress("r8").is_cancelled

    decision = opened.decisions.newest("r3")
    assert (decision.revision, decision.route) == (1, "rewrite")
    assert decision.scores == (Score("triage", 0.9), Score("rewrite", 0.5))
    assert decision.reason["nearest"] == []

    answer = opened.decisions.outcome("r3", 0)
    citation = Citation(1, "Wi-Fi", "https://docs.example/wifi", "guest network")
    assert (answer.text, answer.data, answer.usd) == ("answer 3", {"answered": True}, 0.0021)
    assert (answer.citations, answer.tokens) == ((citation,), Tokens(10, 20, 30, 5, 7, 3))
    assert opened.decisions.outcome("r5", 0).error == "timeout"


def test_replies_feedback_and_proposals_are_read(opened):
    assert opened.replies.request_at("T1", "C1", "1790000103.000200") == "r3"
    assert opened.replies.get("r9").posting

    assert opened.feedback.for_request("r3") == [
        Feedback("r3", "U0", "thumb", "down", NOW + 50),
        Feedback("r3", "U0", "route", "rewrite", NOW + 51),
    ]
    assert {(label.request, label.example.route) for label in opened.labels.all("T1")} == {
        ("r3", "rewrite"),
        ("r5", "out_of_scope"),
    }

    pending, done = opened.proposals.get("r3.1"), opened.proposals.get("r5.0")
    assert (pending.state, pending.args) == ("pending", {"user": "U9", "deep": [1, None]})
    assert (done.state, done.decided_by, done.result) == ("done", "U2", "Ticket 7")


def test_the_weekly_loop_goes_on(opened, tmp_path):
    candidate = opened.candidates.get("c1")
    assert (candidate.state, candidate.route, candidate.approver) == ("canary", "passwords", "UADA")
    assert candidate.centroid == np.float32([1.0, 0.0, 0.5]).tobytes()
    assert {row.id for row in opened.candidates.for_team("T1")} == {"c1", "c2"}

    history = opened.candidates.history("c1")
    assert [edge.after for edge in history][-2:] == ["shadow", "canary"]
    assert history[-1].evidence == CanaryEvidence(
        version="p2", previous_version="p1", share=0.05, shadow_calls=12, agreement=0.9
    )
    assert (candidate.evidence.count, candidate.evidence.requests) == (14, ("r2", "r3"))

    digest = opened.digests.get("T1", "2026-W38")
    assert (digest.ts, digest.body["figures"]) == ("1790000300.000100", {"requests": 30})
    assert [verdict.value for verdict in opened.digests.verdicts("T1")] == ["approve", "chatter"]

    dataset = opened.datasets.newest_for_candidate("T1", "c1")
    assert [row["text"] for row in dataset.rows] == ["reset my password", "unlock me"]
    assert opened.datasets.newest_report("T1", "passwords").body == {"accuracy": 0.91, "rows": 40}

    shadow = opened.shadow_runs.shadow_metrics("T1", "rewrite", "w2")
    assert (shadow.calls, shadow.agreed, shadow.valid) == (2, 0.625, 0.5)
    artefact = opened.artefacts.materialise("", "boxes-cab54df4f93d", tmp_path / "artefacts")
    assert artefact.read_bytes() == b"weights \x00\xff" * 8

    assert opened.rollout_cards.card("c1").ts == "1790000400.000100"
    assert opened.rollout_cards.progress("c1").body == {"doing": "canary", "done": 3, "of": 10}
    assert [check.id for check in opened.drift_checks.unannounced()] == ["dr1"]
    assert [due.version for due in opened.retrain.pending("T1")] == ["p2"]


def test_a_workspace_keeps_its_settings(opened):
    rule = opened.channel_rules.for_channel("T1", "C1")
    assert (rule.hears, rule.routes, rule.usd) == ("all", ("triage", "rewrite"), 2.5)
    assert (rule.mined_by, rule.mined_since) == ("UADA", NOW + 300)

    messages = opened.channel_messages.between("T1", NOW, NOW + 1000)
    assert messages[1] == ChannelMessage(
        "T1",
        "C1",
        "1790000502.000100",
        "U2",
        "the coffee machine is broken – naïve",
        "public",
        NOW + 302,
    )
    assert opened.opt_outs.for_team("T1") == {"UOUT"}
    assert [act.outcome for act in opened.audit.for_subject("T1", "c1")] == ["applied", "refused"]

    assert opened.installations.teams() == ["T1", "T2"]
    assert opened.installations.get("T2").sealed == "sealed-token-two"
    assert opened.installations.is_state_used("state-1")

    day = int(NOW // 86_400)
    assert opened.spend.usage(("user", "T1/U0"), day) == ScopeUsage(3, 0.42)
    assert opened.spend.usage(("team", "T1"), day).usd == pytest.approx(0.40)


def test_documents_are_found(store):
    viewer = Viewer("T1", "U1", frozenset({WORKSPACE_ACL, "C2"}))
    vector = ("enc-a", np.float32([1.0, 0.0]))

    hits = store.documents.search("guest network password", vector, viewer)
    assert (hits[0].document, hits[0].lexical, hits[0].semantic) == ("handbook/wifi", 1, 1)
    assert hits[0].url == "https://docs.example/wifi#guests"

    rooms = store.documents.search("Terrier", None, viewer)
    assert [hit.document for hit in rooms] == ["thread/C2/1"]
    assert store.documents.search("dachshunds", None, viewer) == []
    assert store.documents.documents_by_author("T1", "U1") == [("T1", "thread/C2/1")]


def test_sources_and_readers_are_read(opened):
    assert opened.sources.get("T1", "handbook").places == ("/srv/handbook",)
    assert [source.source for source in opened.documents.sources("T1")] == ["handbook", "slack"]
    assert opened.access.channel_name("T1", "C1") == "general"
    assert opened.access.readable_channels("T1") == {"C2": "rooms"}

    def seen(user, since):
        return opened.access.viewer("T1", user, "D1", "dm", since=since).channels

    assert seen("U1", 0.0) == {WORKSPACE_ACL, "C1", "C2"}
    assert seen("U2", 0.0) == {"C2"}
    # When Slack described people was not kept, so it is asked again before that counts.
    assert seen("U1", 1.0) == frozenset()


def test_the_next_change_is_written(store, make_request, clock):
    assert store.requests.insert(make_request(id="r100", event_id="Ev100"), clock())
    assert store.documents.delete("T1", ["handbook/wifi"]) == 1
    assert store.personal_data.delete_team("T1")["request"] == 9


def test_embeddings_of_mining_are_kept_where_it_is_known_whose_they_are(old_file):
    with create_engine(f"sqlite:///{old_file}").begin() as connection:
        for table in ("request", "overheard"):
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE team = 'T2'")

    store = open_store(f"sqlite:///{old_file}")
    hashes = ["hash-a", "hash-b", "hash-c"]
    assert set(store.embeddings.get("T1", hashes, "enc-a", NOW)) == {"hash-a", "hash-b"}
    assert store.embeddings.get("T2", hashes, "enc-a", NOW) == {}
    store.close()


def test_of_several_workspaces_none_gets_the_embeddings_of_another(opened):
    for team in ("T1", "T2"):
        assert opened.embeddings.get(team, ["hash-a", "hash-b"], "enc-a", NOW) == {}
