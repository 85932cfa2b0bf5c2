"""Contract of the document index: hits, misses and access rights."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import event

from router.index import Chunk
from router.store.knowledge.fusion import RankedChunk, merge
from router.store.knowledge.index import DocumentIndex
from router.types import Viewer
from workers.knowledge.ingest import embed_chunks


@pytest.fixture
def store(every_store):
    return every_store


def vector_of(encoder, text):
    return encoder.model_id, encoder.encode([text])[0]


def test_what_was_just_written_is_found_by_its_words(index, page, member):
    index.upsert(page("The tide turns at noon."))
    assert [hit.body for hit in index.search("when do tides turn?", None, member)] == [
        "The tide turns at noon."
    ]


def test_a_changed_document_is_found_by_its_new_words_only(index, page, member):
    index.upsert(page("Lunch is at noon."))
    index.upsert(page("Lunch is at one."))
    assert [hit.body for hit in index.search("lunch", None, member)] == ["Lunch is at one."]
    assert index.search("noon", None, member) == []


def test_a_deleted_document_is_gone_from_the_next_answer(index, page, member):
    index.upsert(page("The tide turns at noon."))
    assert index.delete("T1", ["handbook:page.md"]) == 1
    assert index.search("tide", None, member) == []


def test_a_search_counts_its_words_once(index, page, member, store):
    index.upsert(page("The tide turns at noon."))
    said = []
    event.listen(store.engine, "before_cursor_execute", lambda *about: said.append(about[2]))
    assert index.search("when do late tides turn", None, member)
    assert sum("count(*)" in statement for statement in said) == (
        store.engine.dialect.name == "postgresql"
    )


def test_a_document_is_found_by_its_heading(index, page, member):
    index.upsert(
        page(
            "",
            chunks=[Chunk("Holidays > Unused days", "unused-days", "They move to the next year.")],
        )
    )

    hit = index.search("unused holidays", None, member)[0]
    assert (hit.title, hit.url) == ("Holidays > Unused days", "http://127.0.0.1/page#unused-days")


def test_meaning_finds_what_words_do_not(index, page, member, encoder):
    index.upsert(page("The harbour is open."), page("The office is closed.", key="handbook:b.md"))
    embed_chunks(index, encoder)
    hits = index.search("xylophone", vector_of(encoder, "harbour"), member)
    assert hits[0].body == "The harbour is open."


def test_a_vector_of_another_encoder_is_not_compared(index, page, member, encoder):
    index.upsert(page("The harbour is open."))
    embed_chunks(index, encoder)
    assert index.search("xylophone", ("other", vector_of(encoder, "harbour")[1]), member) == []
    assert index.search("harbour", ("words-1", np.ones(3, np.float32)), member)[0].semantic is None


def test_vectors_are_made_for_changed_pieces_only(index, page, encoder):
    index.upsert(page("The tide turns.\n\nThe rain falls."))
    assert embed_chunks(index, encoder) == 2
    index.upsert(page("The tide turns.\n\nThe rain has stopped."))
    encoder.encoded.clear()
    assert embed_chunks(index, encoder) == 1
    assert encoder.encoded == ["Page\nThe rain has stopped."]


def test_workspaces_that_wait_for_vectors_share_them(index, page):
    long = [Chunk("Page", "", f"passage {number}") for number in range(50)]
    index.upsert(page("", chunks=long), page("The tide turns.\n\nRain.", team="T2"))

    bodies = [chunk.text for chunk in index.chunks_without_vector("words-1", 8)]

    assert bodies == [
        *(f"Page\npassage {n}" for n in range(4)),
        "Page\nThe tide turns.",
        "Page\nRain.",
    ]


def test_more_workspaces_than_asked_for_wait_in_turn(index, page, encoder):
    for number in range(5):
        index.upsert(page("The tide turns.\n\nRain.", team=f"T{number}"))

    assert len(index.chunks_without_vector(encoder.model_id, 3)) == 3
    assert embed_chunks(index, encoder, batch=3) == 10


def test_a_new_vector_counts_in_the_next_search(index, page, member, encoder):
    asked = vector_of(encoder, "cat")
    index.upsert(page("One dog."))
    embed_chunks(index, encoder)
    index.search("zebra", asked, member)
    index.upsert(page("One cat.", key="handbook:b.md"))
    embed_chunks(index, encoder)
    assert index.search("zebra", asked, member)[0].body == "One cat."


def test_another_process_sees_the_change_too(store, index, page, member, encoder):
    asked, other = vector_of(encoder, "cat"), DocumentIndex(store.engine)
    index.upsert(page("One cat."))
    embed_chunks(index, encoder)
    assert other.search("zebra", asked, member)
    index.delete("T1", ["handbook:page.md"])
    assert other.search("zebra", asked, member) == []


@pytest.mark.parametrize("with_vector", [False, True])
def test_a_channel_s_document_is_found_only_by_who_may_read_the_channel(
    index, page, encoder, with_vector
):
    index.upsert(page("The harbour password is anchor.", acl="C7"))
    embed_chunks(index, encoder)
    vector = vector_of(encoder, "harbour") if with_vector else None

    for channels, count in (({"public"}, 0), ({"public", "C8"}, 0), ({"C7"}, 1), (set(), 0)):
        hits = index.search("harbour", vector, Viewer("T1", "U1", frozenset(channels)))
        assert len(hits) == count


def test_another_workspace_finds_nothing(index, page, encoder):
    index.upsert(page("The harbour is open."))
    embed_chunks(index, encoder)
    stranger = Viewer("T2", "U1", frozenset({"public", "C7"}))
    assert index.search("harbour", vector_of(encoder, "harbour"), stranger) == []


def test_who_may_read_little_still_gets_all_of_it(index, page, encoder):
    index.upsert(
        *(page(f"The tide of day {n}.", key=f"handbook:{n}", acl="C1") for n in range(300))
    )
    index.upsert(page("A tide table.", key="handbook:mine", acl="C2"))
    hits = index.search("tide", None, Viewer("T1", "U1", frozenset({"C2"})))
    assert [hit.document for hit in hits] == ["handbook:mine"]


def test_a_source_made_private_is_closed_at_once(index, page, member, encoder):
    index.upsert(page("The harbour is open."))
    embed_chunks(index, encoder)
    asked = vector_of(encoder, "harbour")
    assert index.search("harbour", asked, member)
    assert index.set_acl("T1", "handbook", "C7") == 1
    assert index.search("harbour", asked, member) == []


def test_the_same_text_twice_is_shown_once(index, page, member):
    index.upsert(page("The tide turns."), page("The tide turns.", key="handbook:copy"))
    assert len(index.search("tide", None, member)) == 1


def test_a_question_is_never_a_query_language(index, page, member):
    index.upsert(page("The tide turns."))
    for text in (
        '"',
        "tide*",
        "NEAR(tide",
        "body:tide",
        "tide AND",
        "-tide",
        "^tide",
        "(",
        "tide'--",
        "\x00tide",
        "\ud800",
    ):
        index.search(text, None, member)

    assert index.search('tide" OR "x', None, member)[0].body == "The tide turns."


def test_a_question_of_common_words_only_is_still_searched(index, page, member):
    index.upsert(page("Who we are and what we do."))
    assert index.search("who are we", None, member)


def test_accents_and_endings_do_not_matter(index, page, member):
    index.upsert(page("Reimbursements of the café are paid."))
    assert index.search("reimbursed CAFE", None, member)


def test_a_piece_in_both_lists_beats_a_piece_in_one():
    by_words = [RankedChunk(1, 1, 9.0), RankedChunk(2, 1, 8.0), RankedChunk(3, 1, 1.0)]
    by_meaning = [RankedChunk(4, 1, 0.9), RankedChunk(2, 1, 0.8), RankedChunk(5, 1, 0.1)]
    assert merge(by_words, by_meaning, {})[0][0] == 2


def test_a_piece_of_a_page_about_all_that_is_asked_comes_first(index, page, member):
    body = "Ask the captain.\n\nHarbour pilots come aboard at dawn and bring the harbour's papers."
    index.upsert(page("Ask the captain at once.", key="handbook:other.md"), page(body))
    hits = index.search("which captain knows the pilots' papers", None, member)
    assert [hit.body for hit in hits][1] == "Ask the captain."


def test_a_page_s_old_words_no_longer_count(index, page, member, store):
    from sqlalchemy import text

    index.upsert(page("Old words."))
    index.upsert(page("New words."))
    index.delete("T1", ["handbook:page.md"])

    with store.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM chunk_text_page")).scalar() == 0


def test_sources_say_how_much_they_hold(index, page, encoder):
    index.upsert(page("One.\n\nTwo."))
    held = index.sources("T1")[0]
    assert (held.source, held.documents, held.chunks, held.without_vector) == ("handbook", 1, 2, 2)


def test_an_accent_more_or_less_changes_nothing(index, page, member):
    index.upsert(page("The café opens at nine."))
    assert index.search("cafe", None, member)
    assert index.search("Café", None, member)
