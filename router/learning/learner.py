"""The router that knows what people corrected, and what of that counts; a restart asks the gate no second time."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from router.classifier.persistence import only
from router.decide import Router
from router.encoder.factory import Encoder
from router.learning.corrections import SetAside, study
from router.types import Example

NOTES = "learned.json"
REFUSED = "with it and the others, routes lost messages that they had"


@dataclass(frozen=True, slots=True)
class Taught:
    """A router, the corrections it learned from, and those that wait for a reviewer. The rest repeat others."""

    router: Router
    used: Sequence[Example] = ()
    aside: Sequence[SetAside] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Learner:
    """Trains the routers of one installation and keeps them in `folder`, without one nowhere.

    Files of routers that know a message which is taught no more are removed, so that nothing
    forgotten stays in them.
    """

    encoder: Encoder
    folder: Path | None = None
    seed: int = 0
    false_reject: float = 0.05

    def teach(
        self, own: Sequence[Example], routes: Mapping[str, str], corrections: Sequence[Example] = ()
    ) -> Taught:
        """The router for these routes, taught by their `own` examples and by the corrections that hold up.

        When the gate refuses all of them together, those stay that it had let through before.
        """
        base = self._train(own, routes)
        if not corrections:
            self._keep({"key": "", "used": [], "aside": []}, base)
            return Taught(base)

        noted, key = self._noted(), _digest([base.version, *(_mark(one) for one in corrections)])
        if noted.get("key") == key:
            used = [corrections[i] for i in noted["used"]]
            aside = [SetAside(corrections[i], why) for i, why in noted["aside"]]
            return Taught(self._train([*own, *used], routes), used, aside)

        learned = study(base, own, corrections, self.encoder, folder=self.folder)
        used, aside = learned.used, learned.aside

        if learned.lost:
            before = set(noted.get("marks", ()))
            aside += [SetAside(one, REFUSED) for one in used if _mark(one) not in before]
            used = [one for one in used if _mark(one) in before]

        router = learned.router or self._train([*own, *used], routes)
        place = {id(one): i for i, one in enumerate(corrections)}
        notes = {
            "key": key,
            "used": [place[id(one)] for one in used],
            "aside": [(place[id(one.example)], one.why) for one in aside],
            "marks": [_mark(one) for one in used],
        }

        self._keep(notes, base, router)
        return Taught(router, used, aside)

    def _train(self, examples: Sequence[Example], routes: Mapping[str, str]) -> Router:
        return Router.train(
            examples,
            self.encoder,
            routes,
            seed=self.seed,
            false_reject=self.false_reject,
            folder=self.folder,
        )

    def _noted(self) -> dict[str, Any]:
        """What the last call noted; empty when there is nothing or it cannot be read, which only costs time."""
        if self.folder is None:
            return {}

        try:
            found = json.loads((self.folder / NOTES).read_text("utf-8"))
        except (OSError, ValueError):
            return {}

        return found if isinstance(found, dict) else {}

    def _keep(self, notes: Mapping[str, Any], *routers: Router) -> None:
        if self.folder is None:
            return

        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f"{NOTES}.{os.getpid()}.partial"
        partial.write_text(json.dumps(notes), "utf-8")
        partial.replace(self.folder / NOTES)
        only(self.folder, {router.version for router in routers})


def _mark(example: Example) -> str:
    """Names a correction without its words."""
    return _digest([example.text, example.route, example.source, example.user])


def _digest(parts: Sequence[str | None]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
