"""Trains the routers of an installation: one for all workspaces, and one for each that labels.

What people of a workspace teach stays in that workspace: its router learns from the installation's
examples and from its own labels. A restart with the same labels does not judge them again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from router.classifier.persistence import path_for, prune
from router.decide import Router
from router.encoder.protocol import Encoder
from router.learning.corrections import Quarantined, apply_corrections
from router.types import Example
from router.workspace_folders import INSTALLATION_FOLDER, folder_name

STATE_FILE = "learned.json"
OWN_ROUTES = "own"
"""In a workspace's folder: the router that knows its own routes, before its corrections."""
REFUSED = "with it and the others, routes lost messages that they had"


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """A workspace's router, the corrections it learned from, and those that wait for a reviewer.

    Corrections that are in neither list repeat others.
    """

    router: Router
    used: Sequence[Example] = ()
    quarantined: Sequence[Quarantined] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Learner:
    """Trains routers and saves them in `folder`, each workspace's in a folder of its own.

    Without a folder nothing is saved. Files of older routers are removed after each training, so
    that nothing learned from an erased message stays in them.
    """

    encoder: Encoder
    folder: Path | None = None
    seed: int = 0
    false_reject: float = 0.05

    def train_base(self, own: Sequence[Example], routes: Mapping[str, str]) -> Router:
        """Returns the router of every workspace without labels, trained on `own` examples alone."""
        folder = self._folder("")
        base = self._train_router(own, routes, folder)
        if self.folder is not None and folder is not None:
            prune(folder, {base.version})
            # Release 0.1 saved one router here that had learned from all workspaces.
            prune(self.folder, ())
            (self.folder / STATE_FILE).unlink(missing_ok=True)

        return base

    def train_with_own_routes(
        self, team: str, own: Sequence[Example], routes: Mapping[str, str]
    ) -> Router:
        """Returns the router that a workspace with routes of its own starts from.

        `own` and `routes` are the installation's together with the workspace's.
        """
        folder = self._folder(team)
        if folder is None:
            return self._train_router(own, routes, None)

        router = self._train_router(own, routes, folder / OWN_ROUTES)
        prune(folder / OWN_ROUTES, {router.version})
        return router

    def remove_own_routes(self, team: str) -> None:
        """Removes the files of `train_with_own_routes`: the workspace has no route any more."""
        folder = self._folder(team)
        if folder is not None:
            shutil.rmtree(folder / OWN_ROUTES, ignore_errors=True)

    def train(
        self, team: str, base: Router, own: Sequence[Example], corrections: Sequence[Example]
    ) -> TrainingResult:
        """Returns the workspace's router: `base` with those of its corrections that hold up.

        `base` was trained on `own` examples; `corrections` are the workspace's and come oldest
        first. When they are refused all together, those still count that counted before. Without
        corrections the workspace's files are removed.
        """
        if not corrections:
            self._remove_corrections(team)
            return TrainingResult(base)

        saved = self.load(team, base, own, corrections)
        if saved is not None:
            return saved

        folder = self._folder(team)
        result = apply_corrections(base, own, corrections, self.encoder, folder=folder)
        used = result.used
        quarantined = result.quarantined

        # One bad correction must not take back what the others have already taught.
        if result.losses:
            counted_before = set(self._load_state(folder).get("marks", ()))
            for correction in used:
                if correction.id not in counted_before:
                    quarantined.append(Quarantined(correction, REFUSED))
            used = [correction for correction in used if correction.id in counted_before]

        router = result.router or self._extend(base, own, used, folder)
        key = _key(base, corrections)
        state = _state(key, corrections, used, quarantined) | {"router": router.version}
        self._save_state(folder, state, router)
        return TrainingResult(router, used, quarantined)

    def load(
        self, team: str, base: Router, own: Sequence[Example], corrections: Sequence[Example]
    ) -> TrainingResult | None:
        """Returns what `train` would, if nothing has to be trained for it; else None.

        That is so where there are no corrections, and where the router that learned from the same
        ones is saved.
        """
        if not corrections:
            return TrainingResult(base)

        # The key covers the base router, so another catalogue or other code judges them again.
        folder = self._folder(team)
        state = self._load_state(folder)
        if folder is None or state.get("key") != _key(base, corrections):
            return None
        if state["used"] and not path_for(folder, state["router"]).is_file():
            return None

        used = [corrections[number] for number in state["used"]]
        quarantined = [Quarantined(corrections[number], why) for number, why in state["aside"]]
        return TrainingResult(self._extend(base, own, used, folder), used, quarantined)

    def remove(self, team: str) -> None:
        """Removes the files of the workspace's routers."""
        folder = self._folder(team)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _remove_corrections(self, team: str) -> None:
        """Removes what learned from corrections; the router of the workspace's routes stays."""
        folder = self._folder(team)
        if folder is None or not (folder / OWN_ROUTES).is_dir():
            self.remove(team)
            return

        prune(folder, ())
        (folder / STATE_FILE).unlink(missing_ok=True)

    def remove_others(self, teams: Collection[str]) -> None:
        """Removes the files of all workspaces but these."""
        if self.folder is None or not self.folder.is_dir():
            return

        kept = {INSTALLATION_FOLDER, *(folder_name(team) for team in teams)}
        for folder in self.folder.iterdir():
            if folder.is_dir() and folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, team: str) -> Path | None:
        return None if self.folder is None else self.folder / folder_name(team)

    def _extend(
        self, base: Router, own: Sequence[Example], used: Sequence[Example], folder: Path | None
    ) -> Router:
        """Returns the base router itself where nothing else is learned from."""
        return self._train_router([*own, *used], base.config.routes, folder) if used else base

    def _train_router(
        self, examples: Sequence[Example], routes: Mapping[str, str], folder: Path | None
    ) -> Router:
        return Router.train(
            examples,
            self.encoder,
            routes,
            seed=self.seed,
            false_reject=self.false_reject,
            folder=folder,
        )

    def _load_state(self, folder: Path | None) -> dict[str, Any]:
        """Returns what the last training of a workspace saved.

        Returns nothing when there is no file or it cannot be read: then corrections are judged
        again, which only costs time.
        """
        if folder is None:
            return {}

        try:
            state = json.loads((folder / STATE_FILE).read_text("utf-8"))
        except (OSError, ValueError):
            return {}

        return state if isinstance(state, dict) else {}

    def _save_state(self, folder: Path | None, state: Mapping[str, object], router: Router) -> None:
        """Saves the state whole or not at all, and removes the files of all other routers."""
        if folder is None:
            return

        folder.mkdir(parents=True, exist_ok=True)
        # The process id keeps two processes from writing to the same partial file.
        partial = folder / f"{STATE_FILE}.{os.getpid()}.partial"
        partial.write_text(json.dumps(state), "utf-8")
        partial.replace(folder / STATE_FILE)
        prune(folder, {router.version})


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


def _key(base: Router, corrections: Sequence[Example]) -> str:
    """Names what was judged: the base router and the corrections with the requests behind them."""
    parts = [base.version]
    for correction in corrections:
        parts += [correction.id, correction.request]

    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
