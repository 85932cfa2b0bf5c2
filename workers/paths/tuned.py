"""Serves a request with a small tuned model; if that fails, prompts the version's other models."""

from __future__ import annotations

from router.errors import ModelError
from router.types import Outcome
from workers.context import Context, Work
from workers.paths import prompt
from workers.prompting.completion import CompletionSession


def run(context: Context, work: Work) -> Outcome:
    """Asks the tuned model once, without examples or reasoning: both are in its weights.

    It is a local adapter, or the first of the version's `models`. A version with an adapter falls
    back on its `models`, which are shown its examples.
    """
    version = work.version
    session = CompletionSession(context, work)
    if version.adapter is None:
        return prompt.serve(context, work, session)

    # One session for both, so that the fallback has only the time and money that are left.
    try:
        return prompt.serve(context, work, session, version.adapter)
    except ModelError:
        if not version.models:
            raise

        return prompt.serve(context, work, session)
