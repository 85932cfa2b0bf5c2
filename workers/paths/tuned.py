"""Serves a request with a small tuned model; if that fails, the version's other models are prompted."""

from __future__ import annotations

from router.errors import BudgetError, ModelError
from router.types import Outcome
from workers.context import Context, Work
from workers.paths import prompt
from workers.prompting.completion import Asker


def run(context: Context, work: Work) -> Outcome:
    """The tuned model's answer: no examples, no reasoning, one call. It is the first of `models` or a local adapter.

    A version with an adapter falls back on its `models`, which are shown its examples.
    """
    version = work.version
    asker = Asker(context, work)
    if version.adapter is None:
        return prompt.serve(context, work, asker)

    try:
        return prompt.serve(context, work, asker, version.adapter)
    except BudgetError:
        raise
    except ModelError:
        if not version.models:
            raise
        return prompt.serve(context, work, asker)
