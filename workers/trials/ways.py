"""Measures one way of answering on labelled rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from router.catalog.route_file import ExampleRow
from router.catalog.version import Version
from router.errors import ModelError
from router.types import Tokens
from workers.context import Context
from workers.evaluation.accuracy import row_scores
from workers.evaluation.run import run_rows
from workers.readiness.trial_results import WayResult


def measure_way(
    context: Context, name: str, version: Version, rows: Sequence[ExampleRow]
) -> WayResult:
    """Returns how the version does on these rows, on the path that serves people.

    Raises ModelError(retry=True) where no row was answered: then nothing was measured.
    """
    results = run_rows(context, version, rows)
    answered = [result for result in results if result.outcome is not None]
    if not answered:
        raise ModelError(
            f"trying {name!r} of route {version.route!r}: no row was answered: {results[0].error}",
            retry=True,
        )

    tokens = sum((result.billed.tokens for result in results), Tokens())
    input_tokens = tokens.total - tokens.output
    return WayResult(
        name=name,
        version=version.id,
        model=model_of(context, version),
        accuracy=float(np.mean(row_scores(version, results, rows))),
        rows=len(rows),
        input_tokens=input_tokens / len(rows),
        output_tokens=tokens.output / len(rows),
        cached_share=min(1.0, tokens.cached / max(input_tokens, 1)),
        seconds=float(np.median([result.seconds for result in answered])),
        usd=float(np.mean([result.billed.usd for result in results])),
    )


def model_of(context: Context, version: Version) -> str:
    """Returns the model that answers for a version: its first one, or that of the settings."""
    return version.models[0] if version.models else context.settings.model
