"""The choices that make sense for one candidate, each with what it would cost and need."""

from __future__ import annotations

from dataclasses import dataclass

from router.config import Settings
from router.types import Candidate
from workers.llm.model_prices import LOCAL
from workers.rollout.approval import PROMPT_ONLY, PROVIDER
from workers.training.plan import ROWS_NEEDED, TrainingPlan
from workers.training.plan.candidate import plan_here
from workers.training.plan.memory import Method
from workers.training.trainers import Trainer, trainers_by_cost

CHECKABLE_GATE = "checkable reward"


@dataclass(frozen=True, slots=True)
class ApprovalChoice:
    """One thing that an admin may approve: the stored word, and what people read.

    `plan` is what training would take on this machine, None where nothing is trained here. `usd`
    is what one run costs where somebody else is paid for it.
    """

    word: str
    label: str
    plan: TrainingPlan | None = None
    usd: float | None = None


def approval_choices(candidate: Candidate, settings: Settings) -> tuple[ApprovalChoice, ...]:
    """Returns what may be approved for the candidate, the default first.

    Reinforcement is offered where a program can check the answers, all weights where there are as
    many examples as they need, and a provider where requests go to one already.
    """
    choices = []
    for trainer in trainers_by_cost().values():
        for word, label in trainer.BASES.items():
            plan = plan_here(candidate, LOCAL, settings.tune_rank, trainer.METHOD)
            if _makes_sense(trainer, candidate, plan):
                choices.append(ApprovalChoice(word, label, plan))

    if settings.model != LOCAL:
        label = "At a provider's fine-tuning service"
        choices.append(ApprovalChoice(PROVIDER, label, usd=settings.training_usd))

    choices.append(ApprovalChoice(PROMPT_ONLY, "None: improve the prompt only"))
    return tuple(choices)


def _makes_sense(trainer: Trainer, candidate: Candidate, plan: TrainingPlan) -> bool:
    method: Method = trainer.METHOD
    if method == "full":
        return plan.rows >= ROWS_NEEDED[method][0]

    if method == "rft":
        gates = candidate.evidence.gates
        return any(gate.name == CHECKABLE_GATE and gate.passed is True for gate in gates)

    return True
