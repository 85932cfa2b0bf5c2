"""What stands behind a version's models: the hash of local weights, or what a server says of itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from router.catalog.version import Version
from router.config import Settings
from router.errors import ModelError
from workers.context import Context
from workers.llm.gateway import LOCAL
from workers.llm.weights import weights_file
from workers.ports import Call

HELLO = "hello"


def models_of(version: Version, settings: Settings) -> tuple[str, ...]:
    """The models that answer for a version, the base of its adapter among them; none for a head."""
    if version.kind == "head":
        return ()

    named = tuple(version.models) or ((settings.model,) if version.adapter is None else ())
    return ((LOCAL,) if version.adapter is not None and LOCAL not in named else ()) + named


def fingerprints(context: Context, version: Version) -> dict[str, dict[str, str]]:
    """What is behind each model, by its name: `weights`, `model` and `system`, each where it can be known.

    A served model is asked for one token. One that does not answer now has none: that is no change.
    """
    if version.kind == "head":
        return (
            {"encoder": {"model": context.encoder().model_id}}
            if context.encoder is not None
            else {}
        )

    return {name: _of(context, name) for name in models_of(version, context.settings)}


def changes(
    then: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[str]]:
    """`model` -> what was and what is, for each model that is another one by now.

    A provider's system fingerprint alone changes with every roll-out of its servers: it is told,
    and never an alarm.
    """
    found = {}
    for name in sorted(set(then) & set(now)):
        for part in ("weights", "model"):
            old, new = then[name].get(part, ""), now[name].get(part, "")
            if old and new and old != new:
                found[name] = [old, new]

    return found


def sha256(path: Path) -> str:
    """The file's hash, read anew."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _of(context: Context, name: str) -> dict[str, str]:
    try:
        if name == LOCAL and not context.settings.model_url:
            return {"weights": sha256(weights_file())}

        said = context.model.complete(
            Call([{"role": "user", "content": HELLO}], models=(name,), output_tokens=1)
        )
    except (ModelError, OSError):
        return {}

    return {
        key: value for key, value in (("model", said.reported), ("system", said.system)) if value
    }
