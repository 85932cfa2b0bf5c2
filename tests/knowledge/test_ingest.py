"""Ingesting folders: only changes are written, and bad files are skipped."""

from __future__ import annotations

import pytest

from workers.knowledge.formats import SourceError
from workers.knowledge.ingest import DocumentOrigin, ingest_folder


def test_a_page_is_found_with_a_link_to_its_heading(ingested, index, member):
    ingested(team__travel_md="# Travel\n\n## Booking a trip\n\nBook ten days ahead.")
    hit = index.search("booking trips", None, member)[0]
    assert hit.url == "http://127.0.0.1:9/handbook/team/travel#booking-a-trip"
    assert hit.title == "Travel > Booking a trip"


def test_a_second_ingest_writes_nothing(ingested):
    assert ingested(a_md="# A\n\nOne.").changed == 1
    assert ingested().changed == 0


def test_only_the_edited_page_is_written_again(ingested, index, member):
    ingested(a_md="# A\n\nLunch at noon.", b_md="# B\n\nTea at four.")
    assert ingested(a_md="# A\n\nLunch at one.").changed == 1
    assert index.search("lunch", None, member)[0].body == "Lunch at one."


def test_a_removed_page_is_pruned(ingested, index, member, folder):
    ingested(a_md="# A\n\nLunch at noon.", b_md="# B\n\nTea at four.")
    (folder() / "b.md").unlink()
    assert ingested().pruned == 1
    assert index.search("tea", None, member) == []


def test_another_source_is_not_pruned(ingested, index, folder, member):
    ingested(a_md="# A\n\nLunch at noon.")
    (folder() / "a.md").unlink()
    ingest_folder(index, folder(c_md="# C\n\nCake at five."), DocumentOrigin("T1", "other"))
    assert index.search("lunch", None, member)


def test_new_links_are_written_without_new_vectors(ingested, index, folder, member, encoder):
    from workers.knowledge.ingest import embed_chunks

    ingested(a_md="# A\n\nLunch at noon.")
    embed_chunks(index, encoder)
    ingest_folder(
        index,
        folder(),
        DocumentOrigin("T1", "handbook", base_url="https://docs.example/{path}?plain=1"),
    )
    assert index.search("lunch", None, member)[0].url == "https://docs.example/a.md?plain=1#a"
    assert embed_chunks(index, encoder) == 0


def test_a_bad_file_is_named_and_the_rest_goes_on(ingested, index, member):
    summary = ingested(
        bad_md=b"\x89PNG\r\n\x1a\n\x00\xff\xfe",
        zero_md=b"ab\x00cd",
        empty_md="",
        film_mp4=b"0",
        good_md="# G\n\nFine tides.",
    )

    assert summary.seen == 1
    assert sorted(path for path, _ in summary.skipped) == [
        "bad.md",
        "empty.md",
        "film.mp4",
        "zero.md",
    ]

    assert index.search("tides", None, member)


def test_a_huge_file_is_refused_unread(ingested, folder):
    file = folder() / "huge.md"
    with file.open("wb") as out:
        out.truncate(200 * 1024 * 1024)

    assert "200 MB; at most 20 MB" in ingested().skipped[0][1]


def test_hidden_folders_and_links_out_of_the_folder_are_left_out(
    ingested, folder, tmp_path, index, member
):
    (tmp_path / "secret.md").write_text("# S\n\nThe harbour password.")
    (folder() / "link.md").symlink_to(tmp_path / "secret.md")
    ingested(_git__config_md="# X\n\nThe harbour remote.")
    assert index.search("harbour", None, member) == []


def test_a_name_that_is_no_utf_8_or_hides_something_is_harmless(ingested, folder):
    (folder() / "caf\udce9.md").write_text("# A\n\nOne.")
    (folder() / "a\x1b[2J\u202e.gif").write_text("x")
    summary = ingested(good_md="# G\n\nTwo.")
    assert summary.seen == 1
    assert sorted(name for name, _ in summary.skipped) == ["a[2J.gif", "caf?.md"]


def test_a_missing_folder_is_said_so(index, origin, tmp_path):
    with pytest.raises(SourceError, match="no such folder"):
        ingest_folder(index, tmp_path / "nowhere", origin)


def test_progress_counts_every_file(index, folder, origin):
    seen: list[tuple[int, int]] = []
    ingest_folder(
        index,
        folder(a_md="# A\n\nOne.", b_md="# B\n\nTwo."),
        origin,
        lambda done, of: seen.append((done, of)),
    )

    assert seen == [(1, 2), (2, 2)]


def test_a_folder_that_is_suddenly_empty_keeps_its_documents(
    index, ingested, folder, origin, member
):
    ingested(tide_md="# Tide\n\nAt noon.")
    (folder() / "tide.md").unlink()

    with pytest.raises(SourceError, match="is empty, although 1 documents"):
        ingest_folder(index, folder(), origin)

    assert index.search("tide", None, member)


def test_one_text_in_three_formats_is_one_document(ingested, index, member):
    text = "The tide turns at noon and the harbour closes at six in winter."
    summary = ingested(
        tide_txt=text, tide_html=f"<h1>Tide</h1><p>{text}", tide_md=f"# Tide\n\n{text}"
    )

    assert summary.seen == 1
    assert [(path, why.split(",")[0]) for path, why in summary.skipped] == [
        ("tide.html", "the same text as tide.md"),
        ("tide.txt", "the same text as tide.md"),
    ]
    assert len(index.search("harbour", None, member)) == 1
    assert ingested(tide_txt=text).changed == 0


def test_two_texts_with_one_name_are_two_documents(ingested):
    assert ingested(a_md="# A\n\nThe tide turns at noon.", a_csv="City,Limit\nOslo,90").seen == 2
