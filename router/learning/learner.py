"""Trains the router of an installation on examples and corrections, and remembers which count.

A restart with the same corrections does not judge them again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from router.classifier.persistence import prune
from router.decide import Router
from router.encoder.protocol import Encoder
from router.learning.corrections import Quarantined, apply_corrections
from router.types import Example

STATE_FILE = "learned.json"
REFUSED = "with it and the others, routes lost messages that they had"


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """A router, the corrections it learned from, and those that wait for a reviewer.

    Corrections that are in neither list repeat others.
    """

    router: Router
    used: Sequence[Example] = ()
    quarantined: Sequence[Quarantined] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Learner:
    """Trains the routers of one installation and saves them in `folder`; without one, nowhere.

    Files of other routers are removed after each training, so that no erased message stays in them.
    """

    encoder: Encoder
    folder: Path | None = None
    seed: int = 0
    false_reject: float = 0.05

    def train(
        self, own: Sequence[Example], routes: Mapping[str, str], corrections: Sequence[Example] = ()
    ) -> TrainingResult:
        """Returns the router trained on `own` examples and on the corrections that hold up.

        `corrections` come oldest first. When they are refused all together, those still count that
        counted before.
        """
        base = self._train_router(own, routes)
        if not corrections:
            self._save_state({"key": "", "used": [], "aside": []}, base)
            return TrainingResult(base)

        # The key covers the base router, so another catalogue or other code judges them again.
        state = self._load_state()
        key = _digest([base.version, *(correction.id for correction in corrections)])
        if state.get("key") == key:
            used = [corrections[number] for number in state["used"]]
            quarantined = [
                Quarantined(corrections[number], reason) for number, reason in state["aside"]
            ]
            router = self._train_router([*own, *used], routes)
            return TrainingResult(router, used, quarantined)

        result = apply_corrections(base, own, corrections, self.encoder, folder=self.folder)
        used = result.used
        quarantined = result.quarantined

        # One bad correction must not take back what the others have already taught.
        if result.losses:
            counted_before = set(state.get("marks", ()))
            for correction in used:
                if correction.id not in counted_before:
                    quarantined.append(Quarantined(correction, REFUSED))
            used = [correction for correction in used if correction.id in counted_before]

        router = result.router or self._train_router([*own, *used], routes)
        self._save_state(_state(key, corrections, used, quarantined), base, router)
        return TrainingResult(router, used, quarantined)

    def _train_router(self, examples: Sequence[Example], routes: Mapping[str, str]) -> Router:
        return Router.train(
            examples,
            self.encoder,
            routes,
            seed=self.seed,
            false_reject=self.false_reject,
            folder=self.folder,
        )

    def _load_state(self) -> dict[str, Any]:
        """Returns what the last training saved.

        Returns nothing when there is no file or it cannot be read: then corrections are judged
        again, which only costs time.
        """
        if self.folder is None:
            return {}

        try:
            state = json.loads((self.folder / STATE_FILE).read_text("utf-8"))
        except (OSError, ValueError):
            return {}

        return state if isinstance(state, dict) else {}

    def _save_state(self, state: Mapping[str, object], *routers: Router) -> None:
        """Saves the state whole or not at all, and removes the files of all but these routers."""
        if self.folder is None:
            return

        self.folder.mkdir(parents=True, exist_ok=True)
        # The process id keeps two processes from writing to the same partial file.
        partial = self.folder / f"{STATE_FILE}.{os.getpid()}.partial"
        partial.write_text(json.dumps(state), "utf-8")
        partial.replace(self.folder / STATE_FILE)
        prune(self.folder, {router.version for router in routers})


def _state(
    key: str,
    corrections: Sequence[Example],
    used: Sequence[Example],
    quarantined: Sequence[Quarantined],
) -> dict[str, object]:
    """Returns which corrections count, by position and by id, without their texts.

    `key` names the base router and the corrections, `used` and `aside` are positions among them,
    and `marks` are the ids of those that count.
    """
    position = {correction.id: number for number, correction in enumerate(corrections)}
    return {
        "key": key,
        "used": [position[correction.id] for correction in used],
        "aside": [(position[entry.example.id], entry.reason) for entry in quarantined],
        "marks": [correction.id for correction in used],
    }


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
