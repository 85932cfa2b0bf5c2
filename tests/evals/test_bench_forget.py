"""`beagle bench forget` finds nothing of the forgotten, and would find it."""

from __future__ import annotations

import pytest

from evals.bench.people.forget import measure
from evals.bench.people.life import readable_vector
from router.store.base.compact import pack_vector
from workers.privacy import folder_erasure

SEED = 7


def test_nothing_is_left_of_forgotten_people_and_nothing_of_others_changes() -> None:
    report = measure(lives=24, seed=SEED)

    assert (report["lives"], report["left"], report["foreign_changed"]) == (24, 0, 0)
    assert report["stored_rows"] > 24 * 20


def test_a_stored_vector_would_show_a_word_that_is_left() -> None:
    assert b"the walrus of zq0x1" in pack_vector(readable_vector("the walrus of zq0x1"))


def test_a_folder_that_is_not_cleaned_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_erasure, "erase_in_folder", lambda _data, _erasure: [])

    assert measure(lives=2, seed=SEED)["left"] == 2


def test_an_eraser_that_takes_too_much_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from router.store.privacy import quotations
    from router.store.privacy.sentences import Sentences

    monkeypatch.setattr(Sentences, "cut_from", lambda *_: "")
    assert quotations.Sentences is Sentences

    assert measure(lives=2, seed=SEED)["foreign_changed"] > 0
