"""A simulated fortnight in which one rule of a prompt is not obeyed.

People have questions rewritten, and get an answer to the question instead. Other texts come out
well. Everything is made from the texts below and a seed.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from bot.demo.sample_data import DAY, DAYS, SampleRequest

ROUTE = "rewrite"
RULE = "do not answer questions"
"""What the prompt of the route says, in its own words."""
FAILING, GOOD = 16, 30
OBEYED_SHARE = 0.2
REASON = "format"
TOKENS = {"system": 90, "few_shot": 80, "query": 30, "output": 25}
QUESTIONS = (
    "rewrite this question for the {whom}: when is the parking permit of our {thing} ready?",
    "make this question to the {whom} sound nicer: how long is a parking permit for a {thing}?",
    "please reword the question: {whom}, who renews the parking permit for the {thing}?",
    "correct the grammar of this question: where does we gets a parking permit for the {thing}?",
)
WHOM = ("landlord", "supplier", "city", "caterer", "insurance", "cleaning team")
THINGS = ("van", "trailer", "new car", "lorry", "visitor", "bus")
TEXTS = (
    "shorten this: the {thing} was repaired by the {whom} and now works as it did before",
    "rewrite: the {whom} were here and has looked at the {thing}",
    "make this mail more polite: {whom}, send us the papers of the {thing} today",
    "simplify: pertaining to the {thing}, the {whom} has been duly notified",
    "clean up this text: the {thing} it is fine now the {whom} says",
)
ANSWERS = ("It takes about two weeks.", "Please call the front desk.", "At the town hall.")
REWRITTEN = "Here is a clearer version of your text."


def failing_requests(now: float, people: Sequence[str], seed: int = 5) -> list[SampleRequest]:
    """Returns the requests of `people` (user ids) in the two weeks before `now`, oldest first.

    The questions are of the last week, so that it is the one in which they went wrong.
    """
    rng = random.Random(seed)  # noqa: S311  # sample data, no secret
    samples = []
    for number in range(FAILING):
        text = QUESTIONS[number % len(QUESTIONS)]
        at = now - rng.uniform(0.1, DAYS / 2 - 0.5) * DAY
        is_obeyed = rng.random() < OBEYED_SHARE
        samples.append(_sample(rng, text, people[number % len(people)], at, is_obeyed=is_obeyed))

    for number in range(GOOD):
        at = now - rng.uniform(0.1, DAYS) * DAY
        text = TEXTS[number % len(TEXTS)]
        samples.append(_sample(rng, text, people[number % len(people)], at, is_obeyed=True))

    return sorted(samples, key=lambda sample: sample.at)


def _sample(
    rng: random.Random, text: str, user: str, at: float, *, is_obeyed: bool
) -> SampleRequest:
    return SampleRequest(
        text=text.format(whom=rng.choice(WHOM), thing=rng.choice(THINGS)),
        user=user,
        at=at,
        route=ROUTE,
        kind="prompt",
        reply=REWRITTEN if is_obeyed else rng.choice(ANSWERS),
        right=None if is_obeyed else False,
        reason="" if is_obeyed else REASON,
        tokens=TOKENS,
    )
