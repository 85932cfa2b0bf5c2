"""Trains the quote scorer: adapters on MiniLM that read a question and a quote together.

Each question is a list: one quote that answers, if there is one, some that do not, and "none of
these" as a learned constant. The loss is the cross-entropy of the softmax over the list, as in
question answering with questions that nothing answers (Rajpurkar et al. 2018,
https://arxiv.org/abs/1806.03822).
"""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.encoder.bert_graph import BLOCKS, PRODUCT_SCALE, WIDTH
from router.encoder.factory import minilm_folder
from workers.knowledge.quotes.by_meaning import LINE_WEIGHT
from workers.knowledge.relevance.quote_scorer import MAX_QUESTION_CHARS, MAX_TOKENS
from workers.knowledge.relevance.quote_scorer_export import DOWN, UP

RANK = 16
LEARNING_RATE = 1e-3
WARM_UP = 0.08
WEIGHT_DECAY = 0.01
BATCH = 4
"""Questions of a step."""
NEGATIVES = 7
"""Quotes that do not answer, of a question; the better they scored, the more often they come."""
FEW_NEGATIVES = 3
FEW_SHARE = 0.2
"""How often there are few of them: the first collections of an installation are small."""
REMOVED_SHARE = 0.12
"""How often what answers is taken out, and "none of these" is right."""
FIRST_SCALE, FIRST_NONE = 6.0, 5.0
"""Of the cosine, and of "none of these": near what they become."""
ADAPTED = ("query", "key", "value", "dense")
SEED = 0


@dataclass(frozen=True, slots=True)
class QuotesOfQuestion:
    """The quotes that were found for a question, nearest first.

    `line_scores` are those of their nearest lines, and `right` says which hold an answer.
    """

    question: str
    quotes: Sequence[str]
    line_scores: Sequence[float]
    right: Sequence[bool]


def train_adapters(questions: Sequence[QuotesOfQuestion], path: Path, epochs: int = 2) -> None:
    """Trains on these questions and writes the adapters and the head to the `.npz` file `path`."""
    import torch
    from transformers import AutoTokenizer

    rng = random.Random(SEED)  # noqa: S311  # a reproducible order
    torch.manual_seed(SEED)
    torch.set_num_threads(os.cpu_count() or 1)
    model = PairModel()
    trained = model.trained
    optimiser = torch.optim.AdamW(trained, lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    tokenizer = AutoTokenizer.from_pretrained(str(minilm_folder()))
    questions = [one for one in questions if one.quotes]
    steps = epochs * (len(questions) // BATCH)

    def pace(step: int) -> float:
        return min(1.0, step / (WARM_UP * steps)) * (1 - step / steps)

    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, pace)
    model.base.train()
    for _ in range(epochs):
        order = rng.sample(questions, len(questions))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            lists = [sampled_list(one, rng) for one in order[start : start + BATCH]]
            loss = _loss(model, tokenizer, lists)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimiser.step()
            schedule.step()

    arrays: dict[str, Any] = model.saved()
    np.savez_compressed(path, **arrays)


def sampled_list(one: QuotesOfQuestion, rng: random.Random) -> QuotesOfQuestion:
    """Returns a list to learn from: the quote that answers is the first, if there is one."""
    right = [place for place, is_right in enumerate(one.right) if is_right]
    wrong = [place for place, is_right in enumerate(one.right) if not is_right]
    if rng.random() < REMOVED_SHARE and wrong:
        right = []

    count = rng.randint(0 if right else 1, FEW_NEGATIVES) if rng.random() < FEW_SHARE else NEGATIVES
    # Weighted sampling without replacement (Efraimidis and Spirakis, 2006): the largest
    # u ** (1 / weight) of each; the weight is 1 / (2 + rank).
    by_key = sorted((rng.random() ** (2 + rank), place) for rank, place in enumerate(wrong))
    places = [rng.choice(right)] if right else []
    places += [place for _, place in by_key[::-1][:count]]
    return QuotesOfQuestion(
        one.question,
        [one.quotes[place] for place in places],
        [one.line_scores[place] for place in places],
        [one.right[place] for place in places],
    )


def _loss(model: PairModel, tokenizer: Any, lists: Sequence[QuotesOfQuestion]) -> Any:
    """Returns the mean over the lists of the negative log-probability of what is right."""
    import torch

    pairs = [(one.question[:MAX_QUESTION_CHARS], quote) for one in lists for quote in one.quotes]
    tokens = tokenizer(
        [question for question, _ in pairs],
        [quote for _, quote in pairs],
        padding=True,
        truncation="longest_first",
        max_length=MAX_TOKENS,
        return_tensors="pt",
    )
    line_scores = torch.tensor([score for one in lists for score in one.line_scores])
    scores = model.scores(tokens) + LINE_WEIGHT * line_scores
    losses, start = [], 0
    for one in lists:
        own = torch.cat([model.none[None], scores[start : start + len(one.quotes)]])
        losses.append(-torch.log_softmax(own, 0)[1 if any(one.right) else 0])
        start += len(one.quotes)

    return torch.stack(losses).mean()


class PairModel:
    """MiniLM with adapters, and the head that `write_cross_encoder` describes.

    `trained` are the weights that a training changes.
    """

    def __init__(self) -> None:
        import torch
        from peft import LoraConfig, get_peft_model
        from transformers import BertModel

        base = BertModel.from_pretrained(str(minilm_folder()), add_pooling_layer=False)
        # With alpha as large as the rank the product counts as it is.
        adapters = LoraConfig(
            r=RANK,
            lora_alpha=RANK,
            target_modules=list(ADAPTED),
            init_lora_weights="gaussian",
        )
        self.base = get_peft_model(base, adapters)
        self.head = torch.nn.Linear(BLOCKS * WIDTH, 1)
        torch.nn.init.zeros_(self.head.weight)
        torch.nn.init.zeros_(self.head.bias)
        self.scale = torch.nn.Parameter(torch.tensor(FIRST_SCALE))
        self.none = torch.nn.Parameter(torch.tensor(FIRST_NONE))
        own = [weight for weight in self.base.parameters() if weight.requires_grad]
        self.trained = [*own, *self.head.parameters(), self.scale, self.none]

    def scores(self, tokens: Mapping[str, Any]) -> Any:
        """Returns the score of each pair, a tensor `(n,)`, from a tokeniser's tensors."""
        import torch

        # Half the precision is twice as fast on a processor, and as good.
        with torch.autocast("cpu", torch.bfloat16):
            hidden = self.base(**tokens).last_hidden_state

        hidden = hidden.float()
        kept = tokens["attention_mask"][..., None].float()
        of_quote = tokens["token_type_ids"][..., None].float()
        question = _mean(hidden, kept * (1 - of_quote))
        quote = _mean(hidden, kept * of_quote)
        blocks = [hidden[:, 0], question * quote * PRODUCT_SCALE, (question - quote).abs()]
        cosine = torch.nn.functional.cosine_similarity(question, quote)
        return self.scale * cosine + self.head(torch.cat(blocks, 1))[:, 0]

    def saved(self) -> dict[str, NDArray[Any]]:
        """Returns what was trained, in half precision, by the names that an export reads."""
        arrays = {
            "pair.weight": self.head.weight,
            "pair.bias": self.head.bias,
            "pair.scale": self.scale,
        }
        for name, weight in self.base.named_parameters():
            if "lora_" in name:
                layer = name.removeprefix("base_model.model.").split(".lora_")[0]
                arrays[layer + (DOWN if "lora_A" in name else UP)] = weight

        return {name: value.detach().numpy().astype(np.float16) for name, value in arrays.items()}


def _mean(hidden: Any, mask: Any) -> Any:
    return (hidden * mask).sum(1) / mask.sum(1)
