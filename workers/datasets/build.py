"""What a version may be taught: answered requests, cleaned, shared out fairly, split, and waiting for a reviewer."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, Literal

from router.text.normalise import normalise
from router.text.redact import redact
from workers.datasets.screening import suspicion, unlike

Origin = Literal["outcome", "corrected", "teacher"]
Split = Literal["train", "dev", "test"]
Review = Literal["waiting", "accepted", "fixed", "dropped"]
ALIKE = 0.9
"""Share of common words from which two messages are one."""
LONGEST = 1500
"""Characters of a message or an answer; a longer one is left out, because a reviewer would not
see all of it."""
BULK = " (sample)"
"""Stands behind the name of who accepted a row unseen, after a good sample."""
TEST_SHARE, DEV_SHARE = 0.2, 0.1
WORD = re.compile(r"\w+")
UNLIKE_OTHERS = "has words that nobody else used"
BEST_ORIGIN: Sequence[Origin] = ("corrected", "outcome", "teacher")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with the answer it got. `origin` says whose answer that is.

    `outcome` is the live version's, unobjected; `corrected` a person's; `teacher` a prompted
    model's, asked afterwards.
    """

    text: str
    answer: Any
    user: str
    at: float
    origin: Origin = "outcome"
    suspect: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """One example of a dataset. Only an accepted or fixed one is ever taught; `by` is who decided that.

    `carried` says that it was let through in an earlier dataset of the same candidate. `suspect`
    says why it is never accepted unseen; empty where nothing speaks against it.
    """

    text: str
    answer: Any
    user: str
    at: float
    origin: Origin
    split: Split = "train"
    review: Review = "waiting"
    by: str = ""
    contradicted: bool = False
    carried: bool = False
    suspect: str = ""

    @property
    def alone(self) -> bool:
        """Whether a person has to look at this very row."""
        return self.contradicted or bool(self.suspect)

    @property
    def usable(self) -> bool:
        """Whether a reviewer let it through."""
        return self.review in ("accepted", "fixed")


@dataclass(frozen=True, slots=True)
class Rules:
    """What a dataset must keep to; `people` is the least number of people in it."""

    people: int = 5
    most_of_one: float = 0.2


@dataclass(frozen=True, slots=True)
class Dataset:
    """Examples under a name that is their hash, and the card that says how they came about.

    `problems` are in words; with any of them it may not be taught.
    """

    id: str
    rows: tuple[Example, ...]
    card: Mapping[str, Any]
    problems: tuple[str, ...] = ()


def build(asked: Iterable[Asked], rules: Rules, left_out: frozenset[str] = frozenset()) -> Dataset:
    """The dataset of these requests, none of them reviewed yet. The order of `asked` changes nothing.

    Texts and answers are redacted, people in `left_out` are not in it, of messages that are nearly
    the same one is kept, with the answer that most people got: however often one person says
    something, it is one voice. No person is in two splits, and those who asked last are the test.
    """
    found = list(asked)
    heard = [
        one
        for one in found
        if one.user not in left_out and one.text.strip() and one.answer is not None
    ]

    short = [one for one in heard if len(one.text) <= LONGEST and len(_key(one.answer)) <= LONGEST]
    clean = sorted(
        (_cleaned(one) for one in short),
        key=lambda one: (one.at, one.text, one.user, _key(one.answer)),
    )
    merged = [_voiced(group) for group in alike(clean)]
    fair, dropped = _share_out(merged, rules.most_of_one)
    rows = tuple(_split(_marked(fair)))
    people = len({row.user for row in rows})
    problems = []

    if people < rules.people:
        problems.append(f"{people} people are in it, at least {rules.people} are needed")

    counts = {
        "found": len(found),
        "opted_out_or_empty": len(found) - len(heard),
        "too_long": len(heard) - len(short),
        "nearly_the_same": len(clean) - len(merged),
        "too_many_of_one_person": dropped,
    }

    card = {
        **counts,
        "people": people,
        "origins": dict(Counter(row.origin for row in rows)),
        "splits": dict(Counter(row.split for row in rows)),
        "contradictions": [row.text for row in rows if row.contradicted][:20],
        "contradicted": sum(row.contradicted for row in rows),
        "suspect": sum(bool(row.suspect) for row in rows),
        "split_by": "person; those who asked last are the test",
    }
    return Dataset(name_of(rows), rows, card, tuple(problems))


def name_of(rows: Sequence[Example]) -> str:
    """A hash of what is taught and measured: texts, answers, people and splits."""
    body = [[row.text, row.answer, row.user, row.split] for row in rows]
    return hashlib.sha256(
        json.dumps(body, sort_keys=True, ensure_ascii=False).encode()
    ).hexdigest()[:16]


def redacted(value: Any) -> Any:
    """The answer with every text in it masked as messages are, so that both still say the same."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {name: redacted(part) for name, part in value.items()}
    if isinstance(value, list):
        return [redacted(part) for part in value]

    return value


def _cleaned(one: Asked) -> Asked:
    """Masked; what was there before says whether it is suspect."""
    why = suspicion(one.text, one.answer)
    return replace(one, text=redact(one.text), answer=redacted(one.answer), suspect=why)


def _marked(rows: Sequence[Example]) -> list[Example]:
    """The rows, those unlike everybody else's marked as suspect too."""
    odd = unlike([(row.text, row.user) for row in rows])
    return [
        replace(row, suspect=UNLIKE_OTHERS) if strange and not row.suspect else row
        for row, strange in zip(rows, odd, strict=True)
    ]


def alike(rows: Sequence[Asked]) -> list[list[Asked]]:
    """The rows in groups of nearly the same messages, in order. A row belongs to the first group it is alike to."""
    groups: list[list[Asked]] = []
    words: list[frozenset[str]] = []
    places: dict[str, list[int]] = defaultdict(list)

    for row in rows:
        mine = frozenset(WORD.findall(normalise(row.text).lower()))
        near = Counter(place for word in mine for place in places[word])

        best = next(
            (
                place
                for place, shared in near.most_common(8)
                if _overlap(shared, mine, words[place])
            ),
            None,
        )
        if best is None:
            for word in mine:
                places[word].append(len(groups))

            groups.append([row])
            words.append(mine)
        else:
            groups[best].append(row)

    return groups


def _overlap(shared: int, one: frozenset[str], other: frozenset[str]) -> bool:
    return shared >= ALIKE * len(one | other)


def _voiced(group: Sequence[Asked]) -> Example:
    """One example for a group: each person has one voice, and a person's correction beats what a model said."""
    voices: dict[str, Asked] = {}
    for row in sorted(group, key=lambda row: (BEST_ORIGIN.index(row.origin), row.at)):
        voices.setdefault(row.user, row)

    votes = Counter(_key(row.answer) for row in voices.values())
    ranked = votes.most_common()
    # A correction settles a tie; otherwise the oldest answer stands and a reviewer is told.
    likeliest = {answer for answer, count in ranked if count == ranked[0][1]}
    order = sorted(voices.values(), key=lambda row: (BEST_ORIGIN.index(row.origin), row.at))
    best = next(row for row in order if _key(row.answer) in likeliest)
    why = best.suspect or next((row.suspect for row in group if row.suspect), "")

    return Example(
        best.text,
        best.answer,
        best.user,
        best.at,
        best.origin,
        contradicted=len(votes) > 1,
        suspect=why,
    )


def _share_out(rows: Sequence[Example], most: float) -> tuple[list[Example], int]:
    """The rows without what one person said beyond their share of all; the earliest of each stay."""
    counts = Counter(row.user for row in rows)
    limit = len(rows)

    for _ in range(20):  # the share of a smaller whole is smaller; this settles after a few rounds
        smaller = max(1, int(most * sum(min(count, limit) for count in counts.values())))
        if smaller >= limit:
            break

        limit = smaller

    kept: list[Example] = []
    seen: Counter[str] = Counter()

    for row in rows:
        seen[row.user] += 1
        if seen[row.user] <= limit:
            kept.append(row)

    return kept, len(rows) - len(kept)


def _split(rows: Sequence[Example]) -> list[Example]:
    """Each row with its split: people in the order of when they asked, the last ones are the test."""
    times: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        times[row.user].append(row.at)

    last_first = sorted(times, key=lambda user: (-median(times[user]), user))
    splits: dict[str, Split] = {}
    done = 0

    for user in last_first:
        share = done / len(rows)
        splits[user] = (
            "test" if share < TEST_SHARE else "dev" if share < TEST_SHARE + DEV_SHARE else "train"
        )
        done += len(times[user])

    return [replace(row, split=splits[row.user]) for row in rows]


def _key(answer: Any) -> str:
    return json.dumps(answer, sort_keys=True, ensure_ascii=False)
