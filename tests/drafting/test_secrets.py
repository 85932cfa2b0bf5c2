"""Of a thousand seeded secrets in requests, answers and talk none is anywhere in a draft."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np

from evals.weekly.drafted.workspace import ADMIN, TEAM
from evals.weekly.drafts import make_secrets
from router.lifecycle_evidence import ApprovalEvidence
from tests.drafting.conftest import room_requests
from workers.drafting.store_draft import draft_candidate
from workers.knowledge.workspace_scope import workspace_context

SECRETS = 1000
ROUNDS = 8


def strewn(messages, secrets, seed):
    """The messages with each secret at some place of one of them."""
    random = np.random.default_rng(seed)
    changed = list(messages)
    for secret in secrets:
        place = int(random.integers(0, len(changed)))
        words = changed[place].text.split()
        words.insert(int(random.integers(0, len(words) + 1)), secret)
        changed[place] = replace(changed[place], text=" ".join(words))

    return changed


def test_no_secret_gets_into_a_draft(open_workspace, add_candidate, tmp_path):
    secrets = make_secrets(SECRETS, 0)
    messages = []
    for number in range(ROUNDS):
        # Several times the same month, so that most messages have no secret and a draft is left.
        month = []
        for one in room_requests(count=80):
            answers = None if one.answers is None else one.answers + number
            month.append(replace(one, at=one.at + number, answers=answers))

        messages += strewn(month, secrets[number::ROUNDS], number)

    workspace = open_workspace(messages)
    candidate = add_candidate(workspace, messages)
    approved = workspace.store.candidates.advance(
        candidate.id, ApprovalEvidence(), actor=ADMIN, at=1.0, version=candidate.version
    )

    draft = draft_candidate(workspace_context(workspace.context, TEAM), approved)

    stored = json.dumps([asdict(draft.route), draft.version.model_dump(mode="json")])
    assert len(draft.route.utterances) >= 5
    assert [secret for secret in secrets if secret in stored] == []
