"""The truths that candidates are drawn from, and what each deserves.

What is meant to answer a task is only the draw: what really does is measured afterwards, on new
messages, by learners and prompts that the product does not have (`measured_remedies`).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from evals.weekly.advice_world.behaviour import EXAMPLES_NEEDED, Behaviour, Skill
from evals.weekly.advice_world.tasks import Rule, Task, make_task

LARGE, MIDDLE, SMALL = "house/large", "house/middle", "house/small"
MODELS = (LARGE, MIDDLE, SMALL)
LIVE_MODEL = MIDDLE
LONG_PROMPT = 6_000
"""Words of a prompt that makes a call so expensive that a cheaper model is worth the change."""
FRESH_MESSAGES = 1_000
LEARNED_MESSAGES = 700
"""Examples that a model is tuned on: about what four weeks of the simulation give."""

TRUTHS: Mapping[str, str] = {
    "the prompt as it is": "keep the prompt",
    "a better prompt": "improve the prompt",
    "a cheaper model": "improve the prompt",
    "a stronger model": "improve the prompt",
    "documents": "add retrieval",
    "a head": "train a head",
    "tuning": "tune",
    "nothing": "not yet",
}
"""What a candidate may be meant to need, with the right advice for it."""


def draw_behaviour(truth: str, seed: int) -> Behaviour:
    """Returns a task for which `truth` is meant to be what answers it."""
    rng = random.Random(f"{truth} {seed}")  # noqa: S311  # a simulation
    rule: Rule = rng.choice(("one word", "two words"))
    good = rng.uniform(0.95, 0.99)
    weak = rng.uniform(0.35, 0.7)
    skills = {model: Skill(min(0.75, weak + rng.uniform(-0.1, 0.1))) for model in MODELS}
    documents = False
    words = rng.randrange(30, 200)

    if truth == "the prompt as it is":
        skills = {model: Skill(good) for model in MODELS}
    elif truth == "a better prompt":
        skills = {model: Skill(weak, with_examples=good) for model in MODELS}
    elif truth == "a cheaper model":
        words = LONG_PROMPT
        skills = {LARGE: Skill(good), MIDDLE: Skill(good), SMALL: Skill(rng.uniform(0.95, 0.99))}
    elif truth == "a stronger model":
        skills[LARGE] = Skill(good)
    elif truth == "documents":
        documents = True
        skills = {model: Skill(weak, with_fact=good) for model in MODELS}
        rule = "one word"
    elif truth == "a head":
        rule = "one word"
    elif truth == "tuning":
        rule = "two words"
    elif truth == "nothing":
        rule = "chance"

    return Behaviour(make_task(seed, rule), skills, documents, words)


def measured_remedies(
    behaviour: Behaviour, encode: Callable[[Sequence[str]], NDArray[np.float32]]
) -> dict[str, float]:
    """Returns the accuracy, 0-1, that each remedy reaches on messages that nobody has seen."""
    task = behaviour.task
    rng = random.Random(f"fresh {task.seed}")  # noqa: S311  # a simulation
    fresh = [task.message(rng) for _ in range(FRESH_MESSAGES)]
    learned = [task.message(rng) for _ in range(LEARNED_MESSAGES)]

    def share(model: str, examples: int = 0, *, facts: bool = False) -> float:
        right = 0
        for text in fresh:
            passages = " ".join(map(task.fact, task.places)) if facts else ""
            answer = behaviour.answer(text, model, examples=examples, passages=passages)
            right += answer == task.answer(text)

        return right / len(fresh)

    return {
        "live": share(LIVE_MODEL),
        "cheaper": share(SMALL),
        "prompted": max(
            share(model, examples) for model in MODELS for examples in (0, EXAMPLES_NEEDED)
        ),
        "documents": share(LIVE_MODEL, facts=behaviour.has_documents),
        "head": _head_accuracy(task, learned, fresh, encode),
        "tuned": _tuned_accuracy(task, learned, fresh),
    }


def right_advice(behaviour: Behaviour, remedies: Mapping[str, float], wanted: float = 0.9) -> str:
    """Returns the advice for the first remedy, in the order of cost, that is good enough."""
    if remedies["live"] >= wanted:
        saves = behaviour.prompt_words == LONG_PROMPT and remedies["cheaper"] >= wanted
        return "improve the prompt" if saves else "keep the prompt"

    for remedy, advice in (
        ("prompted", "improve the prompt"),
        ("documents", "add retrieval"),
        ("head", "train a head"),
        ("tuned", "tune"),
    ):
        if remedies[remedy] >= wanted:
            return advice

    return "not yet"


def _head_accuracy(
    task: Task,
    learned: Sequence[str],
    fresh: Sequence[str],
    encode: Callable[[Sequence[str]], NDArray[np.float32]],
) -> float:
    """Returns what a linear classifier on the embeddings reaches, by ridge regression."""
    from sklearn.linear_model import RidgeClassifier

    head = RidgeClassifier().fit(encode(learned), [task.answer(text) for text in learned])
    return float(np.mean(head.predict(encode(fresh)) == [task.answer(text) for text in fresh]))


def _tuned_accuracy(task: Task, learned: Sequence[str], fresh: Sequence[str]) -> float:
    """Returns what a tuned model reaches that remembers what it saw of a thing at a place.

    It answers with the majority of the examples that share both words, else of those with the same
    place, else with the most frequent answer.
    """
    memory: dict[tuple[str, ...], Counter[str]] = {}
    for text in learned:
        for key in _memory_keys(task, text):
            memory.setdefault(key, Counter())[task.answer(text)] += 1

    right = 0
    for text in fresh:
        known = next(memory[key] for key in _memory_keys(task, text) if key in memory)
        right += known.most_common(1)[0][0] == task.answer(text)

    return right / len(fresh)


def _memory_keys(task: Task, text: str) -> list[tuple[str, ...]]:
    """Returns what a message is remembered by, the most specific first."""
    words = text.split()
    place = next(word for word in words if word in task.of_place)
    thing = next(word for word in words if word in task.of_thing)
    return [(thing, place), (place,), ()]
