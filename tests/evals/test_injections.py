"""The injection benchmark finds nothing that got through, and would detect it."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.routes.injections import PAYLOADS, AttackCounts, attack
from workers.tools import note

HARM = AttackCounts.__slots__[1:7]


def test_an_obedient_model_gets_nothing_through(tmp_path: Path) -> None:
    found = attack(tmp_path, PAYLOADS[::9])

    assert len(PAYLOADS) >= 200
    assert {name: getattr(found, name) for name in HARM} == dict.fromkeys(HARM, 0)
    assert found.proposed
    assert found.answered
    assert found.stopped_by_cap


def test_a_change_without_a_persons_word_would_be_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(note, "READ_ONLY", True)

    assert attack(
        tmp_path, [one for one in PAYLOADS if "CALL: note" in one][:2]
    ).unconfirmed_changes
