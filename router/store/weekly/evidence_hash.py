"""The hash by which a stored decision about a candidate proves what it was based on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

QUOTING_KEYS = ("examples", "example_channels", "named")
"""Keys of a candidate's evidence that quote people. They are not hashed: who wrote the quotations
may be forgotten later, and the decision still rests on the same figures."""


def evidence_hash(
    candidate_body: Mapping[str, object], transition_body: Mapping[str, object]
) -> str:
    """Returns a SHA-256 over both JSON bodies, in a form that does not depend on key order."""
    figures = {key: value for key, value in candidate_body.items() if key not in QUOTING_KEYS}
    return full_hash(figures, transition_body)


def full_hash(candidate_body: Mapping[str, object], transition_body: Mapping[str, object]) -> str:
    """Returns the hash as releases up to 0.1 made it, over the quotations too."""
    bodies = [candidate_body, transition_body]
    text = json.dumps(bodies, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
