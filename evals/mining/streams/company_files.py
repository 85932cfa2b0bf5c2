"""What people of made-up companies say again and again, and what they ask for.

A company is a file in `companies/`: `@slot` lines name fillers, `~` opens a habit (a notice, a
stand-up note, a greeting, a vote) with how many people have it, `?` opens a request. Habits repeat
and ask for nothing. Some companies are for fitting, the others for testing only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from router.errors import InputError

FITTED = ("clinic", "freight", "hotel", "saas", "school")
TUNED = ("brewery", "museum", "studio")
"""Companies that the moods were not fitted on: the gate's limits on moods were chosen on them."""
HELD_OUT = ("airport", "bakery", "lawfirm", "library")
"""Companies that nothing is fitted on: their words, habits and requests are other ones."""

FOLDER = Path(__file__).with_name("companies")
PEOPLE = {"one": 1, "few": 3, "many": 25}
SLOT = re.compile(r"\{(\w+)\}")
ENDINGS = ("", "", "", "", ".", "!", " :slightly_smiling_face:", " 🙂")
ASK_OPENINGS = ("", "", "", "", "hi, ", "hey all, ", "quick question: ", "sorry to bother, ")
ASK_ENDINGS = ("", "", "", "", "?", " thanks", " :pray:", " asap", "!")
CAPITAL_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Habit:
    """What `people` of a company say again and again, as templates."""

    name: str
    people: int
    templates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Company:
    """A made-up company: fillers by slot, habits, and the templates of requests by name."""

    name: str
    slots: Mapping[str, Sequence[str]]
    habits: tuple[Habit, ...]
    requests: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def habit_texts(self, count: int, random: np.random.Generator) -> list[tuple[str, Habit]]:
        """Returns messages of its habits; how frequent each habit is differs from call to call."""
        shares = random.dirichlet(np.ones(len(self.habits)))
        picked = random.choice(len(self.habits), count, p=shares)
        texts = []
        for number in picked:
            habit = self.habits[number]
            texts.append((self._fill(habit.templates, random, ("",), ENDINGS), habit))

        return texts

    def request_texts(self, name: str, count: int, random: np.random.Generator) -> list[str]:
        """Returns messages that ask for this: questions, orders, and needs without a question."""
        templates = self.requests[name]
        return [self._fill(templates, random, ASK_OPENINGS, ASK_ENDINGS) for _ in range(count)]

    def _fill(
        self,
        templates: Sequence[str],
        random: np.random.Generator,
        openings: Sequence[str],
        endings: Sequence[str],
    ) -> str:
        template = str(random.choice(templates))
        text = SLOT.sub(lambda slot: str(random.choice(self.slots[slot[1]])), template)
        text = f"{random.choice(openings)}{text}{random.choice(endings)}"
        return text[:1].upper() + text[1:] if random.random() < CAPITAL_SHARE else text


def read_companies(names: Sequence[str]) -> list[Company]:
    """Returns these companies. Raises InputError for a file with a line in no known form."""
    return [_read_company(FOLDER / f"{name}.txt") for name in names]


def _read_company(path: Path) -> Company:
    slots: dict[str, tuple[str, ...]] = {}
    habits: list[Habit] = []
    requests: dict[str, list[str]] = {}
    templates: list[str] | None = None

    for line in path.read_text("utf-8").splitlines():
        mark, _, rest = line.partition(" ")
        if mark == "#":
            continue

        if mark.startswith("@"):
            slots[mark[1:]] = tuple(filler.strip() for filler in rest.split("|"))
        elif mark == "~":
            name, people = rest.split()
            templates = []
            habits.append(Habit(name, PEOPLE[people], ()))
        elif mark == "?":
            templates = requests.setdefault(rest, [])
        elif templates is None:
            raise InputError(
                f"reading {str(path)!r}: {line!r} stands before any ~ habit or ? request"
            )
        else:
            templates.append(line)

        if habits and templates is not None and not requests:
            last = habits[-1]
            habits[-1] = Habit(last.name, last.people, tuple(templates))

    return Company(path.stem, slots, tuple(habits), requests)
