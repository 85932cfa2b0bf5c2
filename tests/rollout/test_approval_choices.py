"""The choices that the approval dialog offers: those that make sense for the candidate."""

from __future__ import annotations

import json

import pytest

from bot.ui.texts import weekly as texts
from bot.weekly import approval_dialog
from router.candidate_evidence import CandidateEvidence, GateOutcome
from router.config import Settings
from router.errors import InputError
from router.lifecycle import SYSTEM
from router.types import Candidate
from tests.fixtures.rollout import RolloutWorkspace, no_base_model
from workers.rollout.approval_choices import approval_choices
from workers.rollout.states import get_handler
from workers.training.provider.version import newest_provider_version, store_provider_version

__all__ = ["no_base_model"]


def candidate(count: int = 400, checkable: bool | None = True) -> Candidate:
    gate = GateOutcome(name="checkable reward", passed=checkable, figure="verified: queue")
    evidence = CandidateEvidence(count=count, gates=(gate,))
    return Candidate("T1:c1", "T1", "tickets", "d", "digested", evidence=evidence)


def words(*arguments, **settings) -> list[str]:
    chosen = Settings(_env_file=None, **settings)
    return [choice.word for choice in approval_choices(candidate(*arguments), chosen)]


def test_the_included_model_comes_first_and_nothing_at_all_last():
    offered = words()
    assert offered[0] == "local"
    assert offered[-1] == "none"


@pytest.mark.parametrize(("checkable", "is_offered"), [(True, True), (False, False), (None, False)])
def test_reinforcement_needs_answers_that_a_program_can_check(checkable, is_offered):
    assert ("local-rft" in words(400, checkable)) is is_offered


@pytest.mark.parametrize(("model", "is_offered"), [("local", False), ("gpt-5.6-luna", True)])
def test_a_provider_is_offered_where_requests_go_to_one_already(model, is_offered):
    assert ("provider" in words(model=model)) is is_offered


def test_the_dialog_shows_what_each_rung_takes_and_refuses_others():
    settings = Settings(_env_file=None, model="gpt-5.6-luna")
    view = approval_dialog.approval_view(candidate(), settings)
    text = json.dumps(view, ensure_ascii=False)
    for choice in approval_choices(candidate(), settings):
        assert choice.label in text
        if choice.plan is not None:
            assert f"{choice.plan.memory.total[1]:.0f} GB" in text

    assert "$20 a run" in text
    state = {"base": {"base": {"selected_option": {"value": "local-rft"}}}}
    view = {"state": {"values": state}}
    unchecked = candidate(checkable=False)
    _, errors = approval_dialog.parse_approval(unchecked, view, settings)
    assert errors["base"] == texts.APPROVE_BASE_WRONG
    _, errors = approval_dialog.parse_approval(candidate(), view, settings)
    assert "base" not in errors


class ProviderWorkspace(RolloutWorkspace):
    """A workspace whose candidate was approved for a provider's service."""

    def set_state(self, state, actor=SYSTEM, **evidence):
        if state == "approved":
            evidence |= {"verdict": "approve", "consent": True, "base": "provider"}
            evidence |= {"budget_usd": 5.0}

        super().set_state(state, actor, **evidence)


def test_a_candidate_approved_for_a_provider_waits_for_its_model_and_is_measured_with_it(
    no_base_model, tmp_path
):
    workspace = ProviderWorkspace(tmp_path)
    workspace.run_until_waiting()
    workspace.accept_dataset()
    reviewed = workspace.store.candidates.get("T1:c1")
    run = get_handler("reviewed").run
    assert newest_provider_version(workspace.store, "T1", "boxes") is None
    with pytest.raises(InputError, match="beagle dataset provider"):
        run(workspace.context, reviewed, workspace.trainer)

    version = store_provider_version(workspace.store, "T1", "boxes", "openai/ft:boxes", 2.0)
    evidence = run(workspace.context, reviewed, workspace.trainer)
    assert evidence.versions == {"prompt": version.id}
    assert evidence.bill == {"provider": "openai/ft:boxes"}
    workspace.run_until_waiting()
    assert workspace.state in ("evaluated", "shadow", "kept_prompt")
    workspace.store.close()
