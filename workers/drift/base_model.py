"""Fingerprints of the models behind a version.

The hash of local weights, or what a server reports.
"""

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
from workers.llm.local.weights import weights_file
from workers.ports import ModelCall

HELLO = "hello"


def models_of(version: Version, settings: Settings) -> tuple[str, ...]:
    """Returns the models that answer for a version, the base of its adapter among them.

    None for a head.
    """
    if not version.traits.calls_model:
        return ()

    models = tuple(version.models)
    if version.adapter is None:
        return models or (settings.model,)

    # An adapter always needs the local base, whether the version names it or not.
    return models if LOCAL in models else (LOCAL, *models)


def fingerprints(context: Context, version: Version) -> dict[str, dict[str, str]]:
    """Returns by model what is behind it.

    `weights`, `model` and `system`, as far as they can be known. A served model is asked for one
    token. One that does not answer now has no fingerprint, which counts as no change.
    """
    if version.traits.calls_model:
        models = models_of(version, context.settings)
        return {model: _fingerprint(context, model) for model in models}

    if not context.encoder.is_configured:
        return {}

    # A head has no language model; its base is the encoder.
    return {"encoder": {"model": context.encoder.model_id}}


def changed_models(
    then: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[str]]:
    """Returns the old and the new fingerprint of each model that has changed.

    `system` is not compared: a provider's system fingerprint changes with every roll-out of its
    servers.
    """
    changed = {}
    for model in sorted(set(then) & set(now)):
        # Without one side there is nothing to compare: the model did not answer then, or now.
        for part in ("weights", "model"):
            old, new = then[model].get(part, ""), now[model].get(part, "")
            if old and new and old != new:
                changed[model] = [old, new]

    return changed


def file_sha256(path: Path) -> str:
    """Returns the file's hash, without a cache: the file may have been replaced."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fingerprint(context: Context, model: str) -> dict[str, str]:
    try:
        if model == LOCAL and not context.settings.model_url:
            # The file itself, not the name: local weights can be replaced in place.
            return {"weights": file_sha256(weights_file())}

        reply = context.model.complete(
            ModelCall([{"role": "user", "content": HELLO}], models=(model,), output_tokens=1)
        )
    except (ModelError, OSError):
        return {}

    parts = {"model": reply.reported_model, "system": reply.system_fingerprint}
    return {name: value for name, value in parts.items() if value}
