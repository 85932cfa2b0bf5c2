"""Group-relative policy optimisation (GRPO, arXiv 2402.03300): sampling, advantages and the loss.

For each prompt a group of answers is sampled and scored. An answer's advantage is its reward's
distance from the group's mean, in standard deviations. Each group is learned from once, while it is
the policy's own, so the importance ratio of the paper is 1 and nothing is clipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from workers.training.trainers import ReinforcementOptions
from workers.training.trainers._base import mixed_precision
from workers.training.trainers._batches import (
    IGNORED,
    EncodedExample,
    batches_in_order,
    collate,
)
from workers.training.trainers._checkpoint import TrainingRun, get_weights, set_weights

MIN_DEVIATION = 1e-4
"""Added to a group's standard deviation, as in the paper's implementations."""


@dataclass(frozen=True, slots=True)
class SampledAnswer:
    """An answer that the policy wrote: its prompt and tokens, and its text without the end mark."""

    encoded: EncodedExample
    text: str


def prompts_of_step(count: int, size: int, step: int, seed: int) -> list[int]:
    """Returns which of `count` prompts a step uses; all are used once before one is used again.

    It depends on nothing but its arguments, so a resumed run goes on with the same prompts.
    """
    import torch

    chosen = []
    for position in range(step * size, (step + 1) * size):
        epoch, place = divmod(position, count)
        generator = torch.Generator().manual_seed(seed * 1000 + epoch)
        chosen.append(int(torch.randperm(count, generator=generator)[place]))

    return chosen


def sample_answers(
    run: TrainingRun,
    prompts: Sequence[Sequence[int]],
    options: ReinforcementOptions,
    seed: int | None,
) -> list[SampledAnswer]:
    """Returns `options.group` answers to each prompt, one prompt after the other.

    With `seed` None each prompt is answered once, greedily.
    """
    import torch

    width = max(map(len, prompts))
    ids = torch.full((len(prompts), width), run.pad, dtype=torch.long)
    mask = torch.zeros((len(prompts), width), dtype=torch.long)
    for row, prompt in enumerate(prompts):
        ids[row, -len(prompt) :] = torch.tensor(prompt)
        mask[row, -len(prompt) :] = 1

    sampling: dict[str, Any] = {"do_sample": False}
    repeats = 1
    if seed is not None:
        repeats = options.group
        sampling = {"do_sample": True, "temperature": 1.0, "top_k": 0, "top_p": 1.0}

    run.model.eval()
    # Seeded, without touching the generator of others.
    with torch.random.fork_rng(), torch.inference_mode(), mixed_precision(run.device):
        torch.manual_seed(seed or 0)
        written = run.model.generate(
            input_ids=ids.to(run.device),
            attention_mask=mask.to(run.device),
            max_new_tokens=options.answer_tokens,
            num_return_sequences=repeats,
            pad_token_id=run.pad,
            eos_token_id=run.pad,
            **sampling,
        )

    answers = []
    for row, tokens in enumerate(written[:, width:].tolist()):
        answers.append(_as_answer(run, prompts[row // repeats], tokens))

    return answers


def _as_answer(run: TrainingRun, prompt: Sequence[int], tokens: list[int]) -> SampledAnswer:
    """Returns the answer up to its end mark, which is learned too; padding is cut off."""
    answer = tokens
    if run.pad in tokens:
        answer = tokens[: tokens.index(run.pad) + 1]

    text = run.tokenizer.decode([token for token in answer if token != run.pad])
    return SampledAnswer(EncodedExample([*prompt, *answer], len(answer)), text)


def advantages(rewards: Sequence[float], group: int) -> list[float]:
    """Returns each reward's distance from its group's mean, in standard deviations.

    In a group of equal rewards every advantage is 0: there is nothing to prefer.
    """
    values: list[float] = []
    for start in range(0, len(rewards), group):
        members = rewards[start : start + group]
        mean = sum(members) / len(members)
        deviation = (sum((reward - mean) ** 2 for reward in members) / len(members)) ** 0.5
        values += [(reward - mean) / (deviation + MIN_DEVIATION) for reward in members]

    return values


def add_gradients(
    run: TrainingRun,
    learned: Sequence[tuple[SampledAnswer, float]],
    start: dict[str, Any],
    kl_weight: float,
) -> tuple[float, float]:
    """Adds the gradients of answers, each with its advantage, to the policy's weights.

    Returns the loss and the KL divergence of `policy_loss` over all of them. A batch at a time: the
    logits of all answers together take gigabytes.
    """
    tokens = sum(answer.encoded.answer for answer, _ in learned)
    loss = kl = 0.0
    for batch in batches_in_order(learned, run.options.batch_size):
        answers, values = zip(*batch, strict=True)
        batch_loss, batch_kl = policy_loss(run, answers, values, start, kl_weight)
        # Both are means over tokens.
        share = sum(answer.encoded.answer for answer in answers) / tokens
        (share * batch_loss).backward()
        loss += share * float(batch_loss.detach())
        kl += share * batch_kl

    return loss, kl


def policy_loss(
    run: TrainingRun,
    answers: Sequence[SampledAnswer],
    values: Sequence[float],
    start: dict[str, Any],
    kl_weight: float,
) -> tuple[Any, float]:
    """Returns the loss and the mean KL divergence from the start, in nats a token.

    The divergence is estimated without bias and without negative values (k3 of J. Schulman,
    "Approximating KL divergence"): exp(d) - d - 1, where d is the start's log-probability of a
    sampled token less the policy's.
    """
    import torch

    encoded = [answer.encoded for answer in answers]
    with using_weights(run, start), torch.no_grad():
        reference, _ = _log_probabilities(run, encoded)

    run.model.train()
    policy, counted = _log_probabilities(run, encoded)
    distance = reference - policy
    divergence = torch.exp(distance) - distance - 1
    weights = torch.tensor(values, device=policy.device)[:, None]

    # The ratio's value is 1; its gradient is that of the policy.
    ratio = torch.exp(policy - policy.detach())
    per_token = -weights * ratio + kl_weight * divergence
    total = counted.sum()
    loss = (per_token * counted).sum() / total
    kl = float((divergence.detach() * counted).sum() / total)
    return loss, kl


def _log_probabilities(run: TrainingRun, encoded: Sequence[EncodedExample]) -> tuple[Any, Any]:
    """Returns the answers' log-probabilities `(batch, longest answer)`, and 1 where one counts."""
    import torch

    inputs, targets = collate(encoded, run.pad, run.device)
    with mixed_precision(run.device):
        logits = run.model(**inputs).logits[:, :-1].float()

    counted = (targets != IGNORED).float()
    tokens = targets.clamp(min=0)[..., None]
    chosen = torch.log_softmax(logits, -1).gather(-1, tokens)[..., 0]
    return chosen * counted, counted


@contextmanager
def using_weights(run: TrainingRun, weights: dict[str, Any]) -> Iterator[None]:
    """Runs the block with other adapter weights, and puts the run's own back."""
    own = {name: values.detach().clone() for name, values in get_weights(run.model).items()}
    set_weights(run.model, weights)
    try:
        yield
    finally:
        set_weights(run.model, own)
