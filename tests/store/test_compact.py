"""A packed vector comes back as good as it was, and one of an older release as it is."""

from __future__ import annotations

from contextlib import closing

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evals.bench.aged.year import fill
from router.store import open_store
from router.store.base.compact import pack_vector, unpack_vector


@given(st.integers(1, 500), st.integers(0, 2**32 - 1))
def test_a_packed_vector_points_the_same_way(length, seed) -> None:
    vector = np.random.default_rng(seed).standard_normal(length).astype(np.float32)

    packed = pack_vector(vector.tobytes())

    found = np.frombuffer(unpack_vector(packed), np.float32)
    cosine = found @ vector / (np.linalg.norm(found) * np.linalg.norm(vector))
    assert len(found) == length
    assert cosine > 0.999
    assert len(packed) <= length + 6


@given(st.integers(1, 500))
def test_a_vector_of_an_older_release_is_read_as_it_is(length) -> None:
    vector = np.linspace(-1, 1, length, dtype=np.float32).tobytes()

    assert unpack_vector(vector) == vector


def test_a_vector_of_nothing_stays_nothing() -> None:
    zero = np.zeros(3, np.float32).tobytes()

    assert unpack_vector(pack_vector(zero)) == zero


def test_a_thousand_requests_take_less_than_two_and_a_half_megabytes(tmp_path) -> None:
    file = tmp_path / "beagle.db"
    with closing(open_store(f"sqlite:///{file}")):
        pass  # It is in the file afterwards, so what the tables take without a row can be told.

    empty = file.stat().st_size
    with closing(open_store(f"sqlite:///{file}")) as store:
        fill(store, 1_000, 0, (1.0, 0.0))

    assert file.stat().st_size - empty < 2_500_000
