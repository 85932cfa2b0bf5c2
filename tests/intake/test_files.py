"""A request knows the files of its message, however Slack tells of them."""

from __future__ import annotations

import pytest

from bot.intake.message_files import MAX_FILES, file_ids

FILE = {"id": "F0123ABCD", "name": "a.png", "mimetype": "image/png"}
STUB = {"id": "F0123ABCE", "mode": "file_access", "file_access": "check_file_info"}


@pytest.mark.parametrize(
    ("message", "ids"),
    [
        ({"files": [FILE, STUB]}, "F0123ABCD F0123ABCE"),
        ({"files": [FILE, FILE]}, "F0123ABCD"),
        ({"attachments": [{"is_share": True, "files": [FILE]}]}, "F0123ABCD"),
        ({"files": [STUB], "attachments": [{"files": [FILE]}]}, "F0123ABCE F0123ABCD"),
        ({"files": None, "attachments": [{"text": "x"}]}, ""),
        ({"files": [{"mode": "tombstone"}, {"id": "../x"}, {"id": "F1 F2"}, {"id": "- F1"}]}, ""),
        ({"text": "hello"}, ""),
    ],
)
def test_files_are_known_by_their_ids(message, ids):
    assert file_ids(message) == ids


def test_files_of_a_forwarded_message_count_if_its_author_lets_them():
    attachments = [{"author_id": "U9", "files": [FILE]}, {"author_id": "U8", "files": [STUB]}]
    message = {"attachments": attachments}
    assert file_ids(message, lambda shared: shared["author_id"] == "U8") == "F0123ABCE"


def test_a_message_brings_a_bounded_number_of_files():
    files = [{"id": f"F{number:08d}"} for number in range(500)]
    assert len(file_ids({"files": files}).split()) == MAX_FILES
