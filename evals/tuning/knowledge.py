"""Facts in the weights against facts that are retrieved, before and after half of them change."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from bot.cli.terminal import Json
from evals.tuning.served import Contender, Shape, ask_server, compact, serving
from router.config import Settings, read_settings
from router.encoder.factory import open_encoder
from router.encoder.protocol import Encoder
from router.log import set_up_logs
from router.text.printable import print_line
from workers.llm.local.weights import find_weights
from workers.ports import Message
from workers.training.subprocess import train_in_subprocess
from workers.training.trainers import ChatExample, TrainedModel, TrainingOptions

PROMPT: Message = {"role": "system", "content": "Answer the question about the company."}
SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string", "maxLength": 80}},
    "required": ["answer"],
    "additionalProperties": False,
}
SHAPE = Shape(SCHEMA, 48)
NOT_FOUND = "The documents do not say."
PASSAGES = 3
OUTCOMES = ("right", "outdated", "made_up", "not_found")
GROUPS = ("unchanged", "changed", "unknown")
CONTENDERS = {
    "facts in the weights": "facts",
    "retrieval, the model as it is": None,
    "retrieval, tuned to answer from passages": "behaviour",
}
"""Each way of answering, and the adapter that it takes."""
HEADS = """\
| | unchanged: right | changed: right | changed: outdated | unknown: made up | unknown: not found |
|---|---|---|---|---|---|"""

# fmt: off
SUBJECTS = (
    "Aachen", "Bergen", "Cadiz", "Delft", "Evora", "Fulda", "Genoa", "Halle", "Ibiza", "Jena",
    "Kiel", "Lugano", "Malmo", "Namur", "Ostend", "Padua", "Quimper", "Riga", "Siena", "Turku",
)
OTHERS = (
    "Antwerp", "Bilbao", "Cork", "Dijon", "Essen", "Faro", "Ghent", "Hull", "Izmir", "Jaen",
)
"""Offices that no document is about; an adapter for behaviour learns from them."""
NAMES = (
    "Amara", "Boris", "Chen", "Dalia", "Emil", "Farah", "Gustav", "Hana", "Ines", "Jonas", "Kofi",
    "Lena", "Milan", "Nadia", "Oskar", "Priya", "Rosa", "Samir", "Tomas", "Yuki",
)
UNKNOWN = (
    "Lublin", "Metz", "Nantes", "Odense", "Porto", "Rennes", "Split", "Trento", "Umea", "Varna",
)
"""Offices that neither a document nor an example names."""
# fmt: on
RELATIONS: Mapping[str, tuple[str, Sequence[str], Callable[[random.Random], str]]] = {
    "opens": (
        "The office in {place} opens at {value}.",
        (
            "When does the office in {place} open?",
            "At what time can I get into the {place} office?",
            "Opening time of {place}?",
            "From when on is somebody at the office in {place}?",
        ),
        lambda rng: f"{rng.randint(6, 10)}:{rng.choice(('00', '10', '20', '30', '40', '50'))}",
    ),
    "leads": (
        "{value} leads the team in {place}.",
        (
            "Who leads the team in {place}?",
            "Who is in charge in {place}?",
            "Name the lead of the {place} team.",
            "Who runs the team in {place}?",
        ),
        lambda rng: rng.choice(NAMES),
    ),
}
"""A sentence, four ways to ask for it, and its values."""
LEARNED, ASKED = range(3), 3
"""The ways of asking that models learn, and the one that they are asked in."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What the documents say now, and what they said when a model was trained."""

    relation: str
    place: str
    old: str
    new: str

    @property
    def passage(self) -> str:
        """The documents' sentence now."""
        return self.answer(self.new)

    @property
    def group(self) -> str:
        """Whether it has changed since the training."""
        return "unchanged" if self.old == self.new else "changed"

    def question(self, form: int) -> str:
        """Returns one of the ways to ask for it."""
        return RELATIONS[self.relation][1][form].format(place=self.place)

    def answer(self, value: str) -> str:
        """Returns the sentence that answers it, with that value."""
        return RELATIONS[self.relation][0].format(place=self.place, value=value)


def main(
    epochs: Annotated[int, typer.Option(help="Passes over the facts.")] = 12,
    seed: int = 0,
    as_json: Json = False,
) -> None:
    """Train made-up facts into weights, change half of them, and compare with retrieval.

    A third contender is tuned to answer from passages, on other facts: behaviour in the weights,
    knowledge in the documents. An interrupted run resumes its trainings.
    """
    settings = read_settings()
    set_up_logs(settings.log, "warning")
    report = measure(settings, epochs, seed)
    print_line(json.dumps(report) if as_json else section(report))


def measure(settings: Settings, epochs: int = 12, seed: int = 0) -> dict[str, Any]:
    """Trains both adapters, asks every contender, and returns the report."""
    encoder = open_encoder("fast", settings.encoder_cache)
    facts, unknown = make_facts(SUBJECTS, seed), make_facts(UNKNOWN, seed + 1)
    folder = settings.data / "training" / f"knowledge-{epochs}-{seed}"
    lessons = {
        "facts": lessons_of_facts(facts),
        "behaviour": lessons_of_behaviour(make_facts(OTHERS, seed + 2), encoder, seed),
    }
    trained = {
        name: _train(settings, folder / name, examples, epochs, seed)
        for name, examples in lessons.items()
    }

    asked = [(fact, fact.group) for fact in facts] + [(fact, "unknown") for fact in unknown]
    find = passage_finder([fact.passage for fact in facts], encoder)
    results = {}
    for contender, adapter in CONTENDERS.items():
        model = None if adapter is None else trained[adapter]
        answers = _ask(settings, model, asked, None if adapter == "facts" else find)
        results[contender] = shares(asked, answers)

    return {
        "results": results,
        "counts": dict(Counter(group for _, group in asked)),
        "lessons": {name: len(examples) for name, examples in lessons.items()},
        "cpu_seconds": {name: round(model.cpu_seconds) for name, model in trained.items()},
        "epochs": epochs,
        "seed": seed,
        "date": time.strftime("%Y-%m-%d"),
    }


def make_facts(places: Sequence[str], seed: int) -> list[Fact]:
    """Returns two facts about each place; every second one has another value now."""
    rng = random.Random(f"{seed} facts")  # noqa: S311  # made-up facts, no secret
    facts = []
    for number, place in enumerate(places):
        for relation, (_, _, draw) in RELATIONS.items():
            old = new = draw(rng)
            while number % 2 and new == old:
                new = draw(rng)
            facts.append(Fact(relation, place, old, new))

    return facts


def lessons_of_facts(facts: Sequence[Fact]) -> list[ChatExample]:
    """Returns each fact as it was, asked in every way but the last."""
    return [
        _lesson(fact.question(form), fact.answer(fact.old)) for fact in facts for form in LEARNED
    ]


def lessons_of_behaviour(facts: Sequence[Fact], encoder: Encoder, seed: int) -> list[ChatExample]:
    """Returns questions with the passages that are found for them, and what these say.

    For a third of them the passage that answers is left out, and the answer says so.
    """
    lessons = []
    for number, (form, fact) in enumerate(product(LEARNED, facts)):
        others = [other.passage for other in facts if other != fact]
        is_there = (number + seed) % 3 != 0
        passages = [*others, fact.passage] if is_there else others
        question = fact.question(form)
        shown = passage_finder(passages, encoder)(question)
        answer = fact.passage if fact.passage in shown else NOT_FOUND
        lessons.append(_lesson(with_passages(question, shown), answer))

    return lessons


def passage_finder(passages: Sequence[str], encoder: Encoder) -> Callable[[str], list[str]]:
    """Returns what finds the nearest passages of a question, the nearest first."""
    vectors = np.asarray(encoder.encode(list(passages)))

    def find(question: str) -> list[str]:
        nearest = np.argsort(-(vectors @ np.asarray(encoder.encode([question]))[0]))
        return [passages[int(index)] for index in nearest[:PASSAGES]]

    return find


def with_passages(question: str, passages: Sequence[str]) -> str:
    """Returns the message of somebody who asks, with what was found for it."""
    lines = "\n".join(f"- {passage}" for passage in passages)
    return f'Passages:\n{lines}\nIf they do not answer, say "{NOT_FOUND}"\nQuestion: {question}'


def outcome(fact: Fact, group: str, answer: str) -> str:
    """Returns what an answer is: right, outdated, made up, or that nothing was found."""
    if NOT_FOUND.rstrip(".") in answer:
        return "not_found"
    if group == "unknown":
        return "made_up"
    if fact.new in answer:
        return "right"

    return "outdated" if fact.old in answer else "made_up"


def shares(
    asked: Sequence[tuple[Fact, str]], answers: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Returns the share of each outcome in each group of questions."""
    counts: dict[str, Counter[str]] = {group: Counter() for group in GROUPS}
    for (fact, group), answer in zip(asked, answers, strict=True):
        counts[group][outcome(fact, group, answer)] += 1

    return {
        group: {name: counted[name] / max(1, counted.total()) for name in OUTCOMES}
        for group, counted in counts.items()
    }


def _lesson(message: str, answer: str) -> ChatExample:
    return ChatExample([PROMPT, {"role": "user", "content": message}], compact({"answer": answer}))


def _train(
    settings: Settings, folder: Path, lessons: Sequence[ChatExample], epochs: int, seed: int
) -> TrainedModel:
    options = TrainingOptions(epochs=epochs, seed=seed, threads=settings.local_threads)
    return train_in_subprocess("lora", lessons, find_weights(settings.data), folder, options)


def _ask(
    settings: Settings,
    trained: TrainedModel | None,
    asked: Sequence[tuple[Fact, str]],
    find: Callable[[str], list[str]] | None,
) -> list[str]:
    adapter = None if trained is None else trained.artifact
    contender = Contender("it", [PROMPT], tuned=trained is not None)
    answers = []
    with serving(settings, adapter) as model:
        for fact, _ in asked:
            question = fact.question(ASKED)
            message = question if find is None else with_passages(question, find(question))
            served = ask_server(model, contender, SHAPE, message, use_cache=True)
            answers.append("" if served.answer is None else str(served.answer.get("answer", "")))

    return answers


def section(report: Mapping[str, Any]) -> str:
    """Returns the part of the essay's page."""
    counts, cpu = report["counts"], report["cpu_seconds"]
    lines = []
    for contender, groups in report["results"].items():
        changed, unknown = groups["changed"], groups["unknown"]
        lines.append(
            f"| {contender} | {groups['unchanged']['right']:.0%} | {changed['right']:.0%} | "
            f"{changed['outdated']:.0%} | {unknown['made_up']:.0%} | {unknown['not_found']:.0%} |"
        )

    table = "\n".join(lines)
    return f"""## Behaviour against knowledge

`beagle eval knowledge --json`: {counts["unchanged"] + counts["changed"]} made-up facts about
offices are trained into the included model in three wordings each ({report["epochs"]} epochs,
{cpu["facts"]} CPU seconds). Then half of them change in the documents, and each is asked in a
fourth wording; {counts["unknown"]} questions are about offices that no document names. Retrieval
shows the three nearest sentences. The last contender was tuned on other facts to answer from
passages or to say that they do not ({report["lessons"]["behaviour"]} examples,
{cpu["behaviour"]} CPU seconds). Seed {report["seed"]}, {report["date"]}.

{HEADS}
{table}"""
