"""Two workers that reserve at the same time cannot pass a cap together."""

import pytest

from router.store import open_store
from router.store.usage.spend import Cap, ScopeUsage
from tests.fixtures.interleaving import before_next_write

DAY = 20_000
CAPS = [Cap(("user", "T1/U1"), requests=9, usd=9.0), Cap(("team", "T1"), usd=1.0)]


@pytest.fixture
def first(every_store):
    return every_store


@pytest.fixture
def second(first):
    """Another process's store on the same database."""
    store = open_store(first.engine.url.render_as_string(hide_password=False))
    yield store
    store.close()


def test_who_is_overtaken_after_the_check_is_refused(first, second):
    granted = []
    before_next_write(first, lambda: granted.append(second.spend.reserve(CAPS, DAY, 1, 0.7)))

    assert first.spend.reserve(CAPS, DAY, 1, 0.7) == CAPS[1]

    assert granted == [None]


def test_a_reservation_that_was_overtaken_leaves_nothing(first, second):
    before_next_write(first, lambda: second.spend.reserve(CAPS, DAY, 1, 0.7))

    first.spend.reserve(CAPS, DAY, 1, 0.7)

    assert second.spend.usage(("user", "T1/U1"), DAY) == ScopeUsage(1, 0.7)
    assert second.spend.usage(("team", "T1"), DAY) == ScopeUsage(1, 0.7)


def test_who_is_overtaken_but_still_fits_is_served(first, second):
    before_next_write(first, lambda: second.spend.reserve(CAPS, DAY, 1, 0.5))

    assert first.spend.reserve(CAPS, DAY, 1, 0.5) is None

    assert first.spend.usage(("team", "T1"), DAY) == ScopeUsage(2, 1.0)
