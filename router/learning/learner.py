"""Trains the routers of an installation: one for all workspaces, and one for each that labels.

What people of a workspace teach stays in that workspace: its router learns from the installation's
examples and from its own labels. A restart with the same labels does not judge them again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from router.classifier.persistence import path_for, prune
from router.decide import Router
from router.encoder.protocol import Encoder
from router.learning.corrections import Quarantined, apply_corrections
from router.learning.training_process import (
    TrainingJob,
    TrainingProcessError,
    train_in_child,
)
from router.log import get_log
from router.types import Example
from router.workspace_folders import INSTALLATION_FOLDER, folder_name

STATE = "learned-{base}.json"
"""What was learned on top of a base router. Several bots on one folder may have several of these at
once, for instance during an update: none removes what another one uses."""
MAX_STATES = 5
"""States that stay in a workspace's folder, the newest, as long as all that they learned from is
still there."""
OLD_STATE_FILE = "learned.json"
"""The name of the only state of older releases."""
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

    Without a folder nothing is saved. With one and `trains_apart` a process of its own trains.
    Files that learned from a message that was erased are removed after each training; others stay
    for a while, because another process may use them.
    """

    encoder: Encoder
    folder: Path | None = None
    seed: int = 0
    false_reject: float = 0.05
    trains_apart: bool = False

    def train_base(self, own: Sequence[Example], routes: Mapping[str, str]) -> Router:
        """Returns the router of every workspace without labels, trained on `own` examples alone."""
        # Of the base routers the newest few stay: no words of people are in them.
        base = self._train_router(own, routes, self._folder(""))
        if self.folder is not None:
            # Release 0.1 saved one router here that had learned from all workspaces.
            prune(self.folder, ())
            (self.folder / OLD_STATE_FILE).unlink(missing_ok=True)

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
        first. If the gate refuses the router that learned all of them, only those are used that an
        earlier router had learned from. Without corrections the workspace's files are removed.
        """
        if not corrections:
            self._remove_corrections(team)
            return TrainingResult(base)

        saved = self.load(team, base, own, corrections)
        if saved is None and self._has_trained_apart(team, base, own, corrections):
            saved = self.load(team, base, own, corrections)

        return saved or self._train_corrections(team, base, own, corrections)

    def train_saved_corrections(
        self,
        team: str,
        base_folder: Path,
        own: Sequence[Example],
        routes: Mapping[str, str],
        corrections: Sequence[Example],
    ) -> None:
        """Trains as `train` does, from the base router that is saved in `base_folder`."""
        base = self._train_router(own, routes, base_folder)
        self._train_corrections(team, base, own, corrections)

    def train_saved_router(
        self, examples: Sequence[Example], routes: Mapping[str, str], folder: Path
    ) -> None:
        """Trains a router that is then saved in `folder`."""
        self._train_router(examples, routes, folder)

    def _train_corrections(
        self, team: str, base: Router, own: Sequence[Example], corrections: Sequence[Example]
    ) -> TrainingResult:
        folder = self._folder(team)
        result = apply_corrections(base, own, corrections, self.encoder, folder=folder)
        used = result.used
        quarantined = result.quarantined

        # One bad correction must not take back what the others have already taught.
        if result.losses:
            counted_before = _newest_marks(folder)
            for correction in used:
                if correction.id not in counted_before:
                    quarantined.append(Quarantined(correction, REFUSED))
            used = [correction for correction in used if correction.id in counted_before]

        router = result.router or self._extend(base, own, used, folder)
        key = _key(base, corrections)
        state = _state(key, corrections, used, quarantined) | {"router": router.version}
        if folder is not None:
            _save_state(folder, base.version, state)
            _remove_unlearned(folder, {correction.id for correction in corrections})

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
        if folder is None:
            return None

        state = _read_state(folder / STATE.format(base=base.version))
        if state.get("key") != _key(base, corrections):
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

        _remove_unlearned(folder, frozenset())

    def remove_others(self, teams: Callable[[], Collection[str]]) -> None:
        """Removes the files of all workspaces but those that `teams` returns."""
        if self.folder is None or not self.folder.is_dir():
            return

        # Listed before the workspaces are read: another process may make a folder for the first
        # label of a workspace at any moment, and the label is stored before that.
        folders = list(self.folder.iterdir())
        kept = {INSTALLATION_FOLDER, *(folder_name(team) for team in teams())}
        for folder in folders:
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
        def train_apart() -> bool:
            arguments = {"examples": list(examples), "routes": dict(routes), "folder": folder}
            return self._train_apart("train_saved_router", arguments)

        return Router.train(
            examples,
            self.encoder,
            routes,
            seed=self.seed,
            false_reject=self.false_reject,
            folder=folder,
            train_apart=train_apart if self.trains_apart and folder is not None else None,
        )

    def _has_trained_apart(
        self, team: str, base: Router, own: Sequence[Example], corrections: Sequence[Example]
    ) -> bool:
        """Returns whether a process of its own has judged the corrections and saved what it did."""
        if not self.trains_apart:
            return False

        folder = self._folder(team)
        folders = [] if folder is None else [folder / OWN_ROUTES, self._folder("")]
        for base_folder in folders:
            if base_folder is not None and path_for(base_folder, base.version).is_file():
                arguments = {
                    "team": team,
                    "base_folder": base_folder,
                    "own": list(own),
                    "routes": dict(base.config.routes),
                    "corrections": list(corrections),
                }
                return self._train_apart("train_saved_corrections", arguments)

        return False

    def _train_apart(self, method: str, arguments: Mapping[str, Any]) -> bool:
        """Calls a method in a process of its own; returns whether that went well, else logs it."""
        assert self.folder is not None
        encoder = self.encoder
        job = TrainingJob(
            method, arguments, self.folder, self.seed, self.false_reject, encoder.model_id,
            encoder.dim,
        )  # fmt: skip
        try:
            train_in_child(job, encoder)
        except TrainingProcessError as error:
            # It is trained here then, which takes this process's memory and nothing else.
            get_log(part="learning").warning("not_trained_apart", why=str(error))
            return False

        return True


def _state_files(folder: Path | None) -> list[Path]:
    """Returns the states of a workspace's folder, the newest first."""
    if folder is None:
        return []

    times = {}
    for file in folder.glob(STATE.format(base="*")):
        # Another process may have removed it since.
        with suppress(FileNotFoundError):
            times[file] = file.stat().st_mtime_ns

    return sorted(times, key=lambda file: -times[file])


def _read_state(file: Path) -> dict[str, Any]:
    """Returns what a training saved; empty when there is no file or it cannot be read.

    Then corrections are judged again, which only costs time.
    """
    try:
        state = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}

    return state if isinstance(state, dict) else {}


def _newest_marks(folder: Path | None) -> set[str]:
    """Returns the ids of the corrections that counted after the last training."""
    for file in _state_files(folder):
        return set(_read_state(file).get("marks", ()))

    return set()


def _save_state(folder: Path, base: str, state: Mapping[str, object]) -> None:
    """Saves the state whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / STATE.format(base=base)
    # The process id keeps two processes from writing to the same partial file.
    partial = folder / f"{file.name}.{os.getpid()}.partial"
    partial.write_text(json.dumps(state), "utf-8")
    partial.replace(file)


def _remove_unlearned(folder: Path, corrections: Collection[str]) -> None:
    """Removes the routers that learned from anything but these corrections, and old ones."""
    versions = set()
    for number, file in enumerate(_state_files(folder)):
        state = _read_state(file)
        if number < MAX_STATES and set(state.get("marks", ("?",))) <= set(corrections):
            versions.add(str(state["router"]))
        else:
            file.unlink(missing_ok=True)

    (folder / OLD_STATE_FILE).unlink(missing_ok=True)
    prune(folder, versions)


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
