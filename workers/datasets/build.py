"""Builds a dataset from answered requests.

Redacted, deduplicated, capped per person, split, and to be reviewed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from router.text.normalise import normalise
from router.text.printable import counted
from router.text.redact import redact
from workers.datasets.screening import outlier_flags, screening_reason
from workers.datasets.splits import Split, split_people

Origin = Literal["outcome", "corrected", "teacher"]
ReviewStatus = Literal["waiting", "accepted", "fixed", "dropped"]
MIN_DUPLICATE_OVERLAP = 0.9
"""Share of common words (Jaccard) from which two messages are near-duplicates."""
NEAR_DUPLICATE_TRIES = 8
"""Groups with the most common words that a message is compared with."""
MAX_CHARACTERS = 1500
"""Of a message or an answer; a longer one is left out, because a reviewer would not see all of
it."""
BULK_SUFFIX = " (sample)"
"""After the name of who accepted a row unseen, on the strength of a good sample."""
TEST_SHARE = 0.2
WORD = re.compile(r"\w+")
OUTLIER_REASON = "has words that nobody else used"
ORIGIN_PRIORITY: Sequence[Origin] = ("corrected", "outcome", "teacher")
CAP_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class LoggedAnswer:
    """A request with the answer it got, at a time in unix seconds.

    `origin` is `outcome` for the live version's answer without objection, `corrected` for a
    person's, `teacher` for that of a better model, which was asked afterwards. `suspect` says why
    it must not be accepted unseen.
    """

    text: str
    answer: Any
    user: str
    at: float
    origin: Origin = "outcome"
    suspect: str = ""


@dataclass(frozen=True, slots=True)
class DatasetExample:
    """One example of a dataset. Only an accepted or fixed one is ever learned.

    `by` is who decided that. `contradicted` says that people got different answers to the same
    message, `carried` that it was accepted in an earlier dataset of the candidate. `suspect` says
    why it must not be accepted unseen, empty where nothing is wrong.
    """

    text: str
    answer: Any
    user: str
    at: float
    origin: Origin
    split: Split = "train"
    review: ReviewStatus = "waiting"
    by: str = ""
    contradicted: bool = False
    carried: bool = False
    suspect: str = ""

    @property
    def needs_manual_review(self) -> bool:
        """Whether a person has to review this very row."""
        return self.contradicted or bool(self.suspect)

    @property
    def usable(self) -> bool:
        """Whether a reviewer accepted it, as it was or fixed."""
        return self.review in ("accepted", "fixed")


@dataclass(frozen=True, slots=True)
class DatasetRules:
    """What a dataset must keep to.

    `max_share_per_person` (0-1) caps each person's share of the rows.
    """

    min_people: int = 5
    max_share_per_person: float = 0.2


@dataclass(frozen=True, slots=True)
class Dataset:
    """Examples under a name that is their hash, and the data card with how they came about.

    `problems` are in words; with any of them nothing may be trained on it.
    """

    id: str
    rows: tuple[DatasetExample, ...]
    card: Mapping[str, Any]
    problems: tuple[str, ...] = ()


def build_dataset(
    answers: Iterable[LoggedAnswer],
    rules: DatasetRules,
    excluded_users: frozenset[str] = frozenset(),
) -> Dataset:
    """Returns the dataset of these answers, none of them reviewed yet; their order changes nothing.

    Texts and answers are redacted. Of near-duplicate messages one is kept, with the answer that
    most people got: however often one person says something, it counts once. No person is in two
    splits, and those who asked last are the test.
    """
    logged = list(answers)
    eligible = [answer for answer in logged if _is_eligible(answer, excluded_users)]
    short = [answer for answer in eligible if _is_short(answer)]
    # Sorted, so that the result does not depend on the order of the input.
    clean = sorted(map(_clean, short), key=_sort_key)
    merged = [_merge(group) for group in group_near_duplicates(clean)]
    capped = _cap_per_person(merged, rules.max_share_per_person)
    rows = tuple(_assign_splits(_mark_outliers(capped)))

    contradictions = [row.text for row in rows if row.contradicted]
    people = len({row.user for row in rows})
    problems = []
    if people < rules.min_people:
        found = counted(people, "person is", "people are")
        problems.append(f"{found} in it, at least {rules.min_people} are needed")

    card = {
        "found": len(logged),
        "opted_out_or_empty": len(logged) - len(eligible),
        "too_long": len(eligible) - len(short),
        "nearly_the_same": len(clean) - len(merged),
        "too_many_of_one_person": len(merged) - len(capped),
        "people": people,
        "origins": dict(Counter(row.origin for row in rows)),
        "splits": dict(Counter(row.split for row in rows)),
        # Some as examples; the count of all is below.
        "contradictions": contradictions[:20],
        "contradicted": len(contradictions),
        "suspect": sum(bool(row.suspect) for row in rows),
        "split_by": "person; those who asked last are the test",
    }
    return Dataset(dataset_id(rows), rows, card, tuple(problems))


def dataset_id(rows: Sequence[DatasetExample]) -> str:
    """Returns a hash of what is learned and measured: texts, answers, people and splits."""
    # Verdicts are left out: a dataset keeps its name while it is reviewed.
    body = [[row.text, row.answer, row.user, row.split] for row in rows]
    text = json.dumps(body, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def redact_answer(value: Any) -> Any:
    """Returns the answer with every text in it masked as messages are, so that both still agree."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {name: redact_answer(part) for name, part in value.items()}
    if isinstance(value, list):
        return [redact_answer(part) for part in value]

    return value


def _is_eligible(logged: LoggedAnswer, excluded_users: frozenset[str]) -> bool:
    has_content = bool(logged.text.strip()) and logged.answer is not None
    # People who opted out are excluded here, before anything of theirs is stored.
    return has_content and logged.user not in excluded_users


def _is_short(logged: LoggedAnswer) -> bool:
    # The answer counts as the reviewer would see it: as JSON, with its field names.
    answer_length = len(_canonical(logged.answer))
    return len(logged.text) <= MAX_CHARACTERS and answer_length <= MAX_CHARACTERS


def _clean(logged: LoggedAnswer) -> LoggedAnswer:
    """Redacts the answered request; the screening sees it as it was before."""
    # Redaction removes secrets and links, which are among the signs that screening looks for.
    reason = screening_reason(logged.text, logged.answer)
    text = redact(logged.text)
    return replace(logged, text=text, answer=redact_answer(logged.answer), suspect=reason)


def _sort_key(logged: LoggedAnswer) -> tuple[float, str, str, str]:
    return logged.at, logged.text, logged.user, _canonical(logged.answer)


def _mark_outliers(rows: Sequence[DatasetExample]) -> list[DatasetExample]:
    """Marks rows as suspect whose words nobody else uses."""
    marked = []
    flags = outlier_flags([(row.text, row.user) for row in rows])

    for row, is_outlier in zip(rows, flags, strict=True):
        if is_outlier and not row.suspect:
            row = replace(row, suspect=OUTLIER_REASON)

        marked.append(row)

    return marked


def group_near_duplicates(rows: Sequence[LoggedAnswer]) -> list[list[LoggedAnswer]]:
    """Returns the rows in groups of near-duplicate messages, in order.

    A row joins the group of an earlier row that it overlaps with, by an inverted index over words.
    """
    groups: list[list[LoggedAnswer]] = []
    group_words: list[frozenset[str]] = []
    groups_by_word: dict[str, list[int]] = defaultdict(list)

    for row in rows:
        # A set: repeated words and their order make no difference between two requests.
        words = frozenset(WORD.findall(normalise(row.text).lower()))
        group = _duplicate_group(words, group_words, groups_by_word)

        if group is not None:
            groups[group].append(row)
            continue

        # Only the first message of a group is indexed. Otherwise a chain of small changes could
        # join messages that have nothing in common.
        for word in words:
            groups_by_word[word].append(len(groups))

        groups.append([row])
        group_words.append(words)

    return groups


def _duplicate_group(
    words: frozenset[str],
    group_words: Sequence[frozenset[str]],
    groups_by_word: Mapping[str, list[int]],
) -> int | None:
    """Returns the index of the first group whose words overlap enough; None where none does."""
    shared_counts: Counter[int] = Counter()
    for word in words:
        shared_counts.update(groups_by_word.get(word, ()))

    for group, shared in shared_counts.most_common(NEAR_DUPLICATE_TRIES):
        # Jaccard similarity, without the division.
        if shared >= MIN_DUPLICATE_OVERLAP * len(words | group_words[group]):
            return group

    return None


def _merge(group: Sequence[LoggedAnswer]) -> DatasetExample:
    """Returns one example for a group of near-duplicates, by a vote with one voice a person.

    A person's correction counts more than what a model answered them.
    """
    ranked = sorted(group, key=_origin_rank)
    by_user: dict[str, LoggedAnswer] = {}
    for row in ranked:
        by_user.setdefault(row.user, row)

    votes = Counter(_canonical(row.answer) for row in by_user.values())
    # One voice a person, so that nobody can outvote the others by repetition.
    most_votes = max(votes.values())
    # A correction settles a tie, otherwise the oldest answer does; `contradicted` tells a reviewer.
    best = next(row for row in by_user.values() if votes[_canonical(row.answer)] == most_votes)
    # One suspect message makes the whole group suspect.
    suspect = best.suspect or next((row.suspect for row in group if row.suspect), "")

    return DatasetExample(
        best.text,
        best.answer,
        best.user,
        best.at,
        best.origin,
        contradicted=len(votes) > 1,
        suspect=suspect,
    )


def _origin_rank(row: LoggedAnswer) -> tuple[int, float]:
    return ORIGIN_PRIORITY.index(row.origin), row.at


def _cap_per_person(rows: Sequence[DatasetExample], max_share: float) -> list[DatasetExample]:
    """Returns the rows without what one person said beyond their share.

    Each person's earliest stay.
    """
    counts = Counter(row.user for row in rows)
    limit = len(rows)

    # A cap makes the whole smaller, and with it the cap: repeat until it is stable.
    for _ in range(CAP_ROUNDS):
        total = sum(min(count, limit) for count in counts.values())
        lower = max(1, int(max_share * total))
        if lower >= limit:
            break

        limit = lower

    capped: list[DatasetExample] = []
    seen: Counter[str] = Counter()

    # The rows are sorted by time, so each person's earliest rows stay.
    for row in rows:
        seen[row.user] += 1
        if seen[row.user] <= limit:
            capped.append(row)

    return capped


def _assign_splits(rows: Sequence[DatasetExample]) -> list[DatasetExample]:
    """Returns each row with its split, by person: those who asked last are the test, then dev."""
    splits = split_people([(row.user, row.at) for row in rows], TEST_SHARE)
    return [replace(row, split=splits[row.user]) for row in rows]


def _canonical(answer: Any) -> str:
    """Returns the answer as JSON with sorted keys, so that equal answers are equal texts."""
    return json.dumps(answer, sort_keys=True, ensure_ascii=False)
