"""Each lock of PostgreSQL is named, explained where people look, and taken somewhere."""

import re
from pathlib import Path

import pytest

from router.store.base.locks import PURPOSES, lock_key, take_locks

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "docs" / "decisions" / "0016-concurrent-writers.md"
USED = re.compile(r"""\(\s*"([a-z -]+)",""")


def test_every_lock_is_in_the_record_and_in_the_code():
    source = "".join(
        file.read_text()
        for file in (ROOT / "router" / "store").rglob("*.py")
        if file.name != "locks.py"
    )
    taken = {name for name in USED.findall(source) if name in PURPOSES}
    explained = {name for name in PURPOSES if f"| `{name}` |" in RECORD.read_text()}

    assert taken == explained == PURPOSES.keys()


def test_an_unknown_lock_is_refused_and_two_are_taken_in_one_order():
    with pytest.raises(KeyError):
        lock_key(("nothing", "T1"))

    one, other = ("route", "T1", "a"), ("route", "T1", "b")
    assert lock_key(one) != lock_key(other)
    assert take_locks([one, other]) == take_locks([other, one])


def test_no_session_keeps_a_lock():
    for file in (ROOT / "router").rglob("*.py"):
        source = file.read_text()
        assert "pg_advisory_lock" not in source, file
        assert "pg_try_advisory_lock" not in source, file
