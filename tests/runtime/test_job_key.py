"""A job key holds several identifiers; a malformed one is refused with a reason."""

from __future__ import annotations

import pytest

from router.errors import QueueError
from workers.runtime.job_key import job_key, parse_key


def test_a_key_gives_back_what_it_was_made_of():
    assert job_key("T1", "2027-W05") == "T1 2027-W05"
    assert parse_key("T1 2027-W05", "team", "week") == ("T1", "2027-W05")


@pytest.mark.parametrize("key", ["", "T1", "T1 ", " 2027-W05", "T1 2027-W05 more"])
def test_a_malformed_key_is_refused(key):
    with pytest.raises(QueueError, match="expected 'team week'"):
        parse_key(key, "team", "week")


@pytest.mark.parametrize("part", ["", "two words"])
def test_a_part_that_could_not_be_read_back_is_refused(part):
    with pytest.raises(QueueError, match="empty or has a blank"):
        job_key("T1", part)
