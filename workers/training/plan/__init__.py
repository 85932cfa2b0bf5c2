"""What a training would need and cost, before anything is rented: ranges by arithmetic."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

from router.errors import InputError
from workers.training.plan.memory import (
    GROUP,
    Memory,
    Method,
    Span,
    trainable_parameters,
    training_memory,
)
from workers.training.plan.shapes import ModelShape, find_shape

ROW_TOKENS: Span = (500, 2000)
"""Tokens of one example, prompt and answer; a longer one is named with `row_tokens`."""
EPOCHS: Span = (2, 3)
USABLE: Span = (0.95, 0.8)
"""Share of a card's memory that is left beside the driver, buffers and fragmentation."""
UTILISATION: Span = (0.45, 0.15)
"""Share of a card's peak that a training reaches: 46 % in PaLM's own (arXiv 2204.02311, table 3),
a third of it with small batches or several nodes."""
GENERATION_UTILISATION: Span = (0.15, 0.02)
"""The same while answers are sampled token by token, which memory bounds."""
SAMPLED_TOKENS: Span = (64, 512)
"""Tokens of one sampled answer."""
START_HOURS: Span = (0.25, 1.5)
"""Of every run: loading the weights, compiling, evaluating and saving them."""
RUNS: dict[Method, Span] = {"qlora": (1, 3), "lora": (1, 3), "full": (3, 10), "rft": (2, 6)}
"""Runs until one is kept: seeds and learning rates are tried, and runs fail. Fewer with adapters,
whose learning rate carries over from small models."""
FLOPS: dict[Method, Span] = {"qlora": (4, 5), "lora": (4, 4), "full": (6, 6), "rft": (4, 6)}
"""Operations per parameter and token: 2 forward, 2 back to the activations, 2 for the gradients of
the weights (arXiv 2001.08361, section 2.1); frozen weights have no gradient. In 4 bits each weight
is restored first."""
ROWS_NEEDED: dict[Method, Span] = {
    "qlora": (500, 10_000),
    "lora": (500, 10_000),
    "full": (10_000, 100_000),
    "rft": (100, 1_000),
}
"""Reviewed examples; with a reward that can be checked, prompts without answers."""
NODE = 8
"""Cards in one machine: more than these are rented by the machine."""


@dataclass(frozen=True, slots=True)
class Card:
    """Graphics cards of one size, with their memory in GB.

    `fast` and `slow` are the fastest and the slowest usual model of that size: the peak in bf16
    without sparsity, in 1e12 operations a second, and what an hour costs in USD: of the fast one
    the lowest price, of the slow one the highest. `start_hours` is the start of each run.
    """

    name: str
    memory_gb: float
    fast: Span
    slow: Span
    start_hours: Span = START_HOURS

    def at_price(self, hour_usd: float) -> Card:
        """Returns the card at a price of one's own."""
        return replace(self, fast=(self.fast[0], hour_usd), slow=(self.slow[0], hour_usd))


CARDS = (
    Card("24 GB (L4, RTX 4090)", 24, (165, 0.35), (121, 1.0)),
    Card("48 GB (RTX A6000, L40S)", 48, (362, 0.8), (155, 1.3)),
    Card("80 GB (A100, H100)", 80, (989, 2.0), (312, 4.1)),
)
"""Peaks are those of the makers' data sheets. Prices run from marketplaces to large clouds on
demand and are rounded figures of 2026, not a quotation: `--card-usd` names your own."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What one training needs, each figure as lowest and highest.

    `gpus` and `hours` are those of one run, `usd` is for all `runs` until one is kept.
    """

    base: str
    method: Method
    rows: int
    parameters: float
    trainable_parameters: Span
    memory: Memory
    card: Card
    gpus: Span
    hours: Span
    runs: Span
    usd: Span

    @property
    def rows_needed(self) -> Span:
        """How many examples this method usually needs."""
        return ROWS_NEEDED[self.method]

    def as_dict(self) -> dict[str, Any]:
        """Returns the plan for scripts; ranges are `[low, high]`."""
        parts = {name: _rounded(span) for name, span in asdict(self.memory).items()}
        return {
            "base": self.base,
            "method": self.method,
            "rows": self.rows,
            "parameters": self.parameters,
            "trainable_parameters": list(self.trainable_parameters),
            "memory_gb": _rounded(self.memory.total),
            "memory_parts_gb": parts,
            "card": self.card.name,
            "gpus": [int(count) for count in self.gpus],
            "hours": _rounded(self.hours),
            "runs": list(self.runs),
            "usd": _rounded(self.usd),
            "rows_needed": list(self.rows_needed),
        }


def plan_training(
    base: str,
    method: Method,
    rows: int,
    row_tokens: int | None = None,
    rank: int | None = None,
    card: Card | None = None,
) -> TrainingPlan:
    """Returns what training `base` on so many rows needs.

    `row_tokens` and `rank` narrow the ranges where they are known. `card` None is the smallest card
    that holds all, else the largest. Raises InputError for a base without a known shape.
    """
    if rows < 1:
        raise InputError(f"planning a training: {rows} rows; at least 1 is needed")

    shape = find_shape(base)
    memory = training_memory(shape, method, rank)
    card = card or _smallest_card(memory)
    gpus = _cards(memory, card)
    card_seconds = _card_seconds(shape, method, rows, row_tokens, card)

    # More cards share the work; each run has its start whatever their number.
    hours = (
        card_seconds[0] / gpus[1] / 3600 + card.start_hours[0],
        card_seconds[1] / gpus[0] / 3600 + card.start_hours[1],
    )
    runs = RUNS[method]
    usd = []
    for end in (0, 1):
        card_hours = card_seconds[end] / 3600 + card.start_hours[end] * gpus[end]
        usd.append(runs[end] * card_hours * (card.fast, card.slow)[end][1])

    return TrainingPlan(
        base=base,
        method=method,
        rows=rows,
        parameters=float(shape.parameters),
        trainable_parameters=trainable_parameters(shape, method, rank),
        memory=memory,
        card=card,
        gpus=gpus,
        hours=hours,
        runs=runs,
        usd=(usd[0], usd[1]),
    )


def _smallest_card(memory: Memory) -> Card:
    for card in CARDS:
        if memory.total[1] <= USABLE[1] * card.memory_gb:
            return card

    return CARDS[-1]


def _cards(memory: Memory, card: Card) -> Span:
    """Returns how many cards hold the training, sharded over them; whole machines beyond one."""
    counts = []
    for end in (0, 1):
        count = math.ceil(memory.total[end] / (USABLE[end] * card.memory_gb))
        counts.append(count if count <= NODE else NODE * math.ceil(count / NODE))

    return float(counts[0]), float(counts[1])


def _card_seconds(
    shape: ModelShape, method: Method, rows: int, row_tokens: int | None, card: Card
) -> Span:
    """Returns the seconds that one card would compute for one run."""
    seconds = []
    for end in (0, 1):
        tokens = rows * EPOCHS[end] * (row_tokens or ROW_TOKENS[end])
        sampled = 0.0
        if method == "rft":
            # Of one prompt a group of answers is sampled, and all of them are learned from.
            sampled = rows * EPOCHS[end] * GROUP[end] * SAMPLED_TOKENS[end]
            tokens += sampled

        # The fastest card bounds the time from below, the slowest from above.
        peak = 1e12 * (card.fast, card.slow)[end][0]
        training = FLOPS[method][end] * shape.parameters * tokens / (UTILISATION[end] * peak)
        sampling = 2 * shape.parameters * sampled / (GENERATION_UTILISATION[end] * peak)
        seconds.append(training + sampling)

    return seconds[0], seconds[1]


def _rounded(span: Span) -> list[float]:
    """Returns the ends with three significant digits: an estimate has no more."""
    return [float(f"{value:.3g}") for value in span]
