"""The review of a dataset: row by row, or the rest at once after a sample by chance was looked at."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, get_args

from jsonschema import Draft202012Validator

from router.errors import SettingsError
from workers.datasets.build import BULK, Example, Review
from workers.evaluation.metrics import interval

VERDICTS = tuple(one for one in get_args(Review) if one != "waiting")


@dataclass(frozen=True, slots=True)
class Seen:
    """How a sample did: rows looked at, those that had to be fixed or dropped, and the share's 95 % interval."""

    looked_at: int
    wrong: int
    interval: tuple[float, float]

    @property
    def share(self) -> float:
        """The error rate of the sample, 0-1."""
        return self.wrong / self.looked_at if self.looked_at else 1.0


def sample(rows: Sequence[Example], count: int, seed: int) -> list[int]:
    """The places of rows to look at: first every suspect row and contradiction, then `count` drawn by chance.

    What was let through in an earlier dataset is not drawn again: the sample speaks of the rows
    that are new. As many again are drawn of a teacher's answers: nobody has ever seen those.
    """
    alone = [place for place, row in enumerate(rows) if row.alone]
    alone.sort(key=lambda place: (not rows[place].suspect, place))
    new = [place for place, row in enumerate(rows) if not row.alone and not row.carried]
    rest = [place for place in new if rows[place].origin != "teacher"]
    taught = [place for place in new if rows[place].origin == "teacher"]
    chance = random.Random(seed)  # noqa: S311  # draws a sample; nothing secret hangs on it
    drawn = [sorted(chance.sample(some, min(count, len(some)))) for some in (rest, taught)]

    return alone + [place for places in drawn for place in places]


def decide(
    rows: Sequence[Example],
    place: int,
    verdict: str,
    by: str,
    answer: Any = None,
    schema: Mapping[str, Any] | None = None,
) -> tuple[Example, ...]:
    """The rows with a person's verdict on one of them; `fixed` comes with the right answer.

    Raises SettingsError for an unknown verdict, nobody as the reviewer, or an answer that does not
    fit the schema.
    """
    doing = f"reviewing row {place}"
    if not 0 <= place < len(rows) or verdict not in VERDICTS or not by:
        raise SettingsError(
            f"{doing}: found verdict {verdict!r} by {by!r}; expected a row from 0 to {len(rows) - 1}, "
            f"one of {', '.join(VERDICTS)}, and a person"
        )

    row = rows[place]
    if verdict == "fixed":
        if answer is None:
            raise SettingsError(f"{doing}: a fixed row needs the right answer")

        row = replace(row, answer=answer)

    if verdict != "dropped" and schema is not None:
        wrong = next(Draft202012Validator(dict(schema)).iter_errors(row.answer), None)
        if wrong is not None:
            raise SettingsError(
                f"{doing}: the answer does not fit: {wrong.message[:200]}; fix or drop the row"
            )

    done = replace(row, review=verdict, by=by)  # type: ignore[arg-type]  # checked above
    return (*rows[:place], done, *rows[place + 1 :])


def seen(rows: Sequence[Example], places: Iterable[int]) -> Seen:
    """How the rows at these places did, as far as they were looked at.

    Suspect rows and contradictions are no part of it: they were not drawn by chance and say nothing
    of the rest.
    """
    looked = [
        rows[place].review
        for place in places
        if rows[place].review != "waiting" and rows[place].by and not rows[place].alone
    ]

    wrong = [float(review != "accepted") for review in looked]
    return Seen(len(wrong), int(sum(wrong)), interval(wrong) if wrong else (0.0, 1.0))


def accept_rest(
    rows: Sequence[Example],
    drawn: Sequence[int],
    by: str,
    most_wrong: float,
    schema: Mapping[str, Any] | None = None,
) -> tuple[Example, ...]:
    """Every row that waits is accepted in the name of `by`, except those that do not fit the schema: they are dropped.

    Raises SettingsError while a drawn row, a suspect one or a contradiction waits, or when more of
    the sample, or of the teacher's answers in it, was wrong than allowed.
    """
    waiting = [place for place in drawn if rows[place].review == "waiting"]
    waiting += [place for place, row in enumerate(rows) if row.alone and row.review == "waiting"]

    if waiting:
        raise SettingsError(
            f"accepting the rest: {len(set(waiting))} rows of the sample wait; look at them first"
        )

    taught = [place for place in drawn if rows[place].origin == "teacher"]
    for found, whose in (
        (seen(rows, drawn), "rows"),
        (seen(rows, taught), "answers of the teacher"),
    ):
        if found.share > most_wrong and (found.looked_at or whose == "rows"):
            raise SettingsError(
                f"accepting the rest: {found.wrong} of {found.looked_at} {whose} looked at were wrong; "
                f"at most {most_wrong:.0%} may be; review the others one by one"
            )

    check = Draft202012Validator(dict(schema)) if schema is not None else None

    def accepted(row: Example) -> Example:
        if row.review != "waiting":
            return row

        fits = check is None or check.is_valid(row.answer)
        return replace(row, review="accepted" if fits else "dropped", by=f"{by}{BULK}")

    return tuple(map(accepted, rows))


def as_file(rows: Sequence[Example]) -> str:
    """The rows for a text editor: one JSON object a line, in which `review` and `answer` may be changed."""
    names = ("text", "answer", "review", "origin", "contradicted", "suspect", "split")
    lines = (
        {"row": place} | {name: getattr(row, name) for name in names}
        for place, row in enumerate(rows)
    )

    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def from_file(
    rows: Sequence[Example], text: str, by: str, schema: Mapping[str, Any] | None = None
) -> tuple[Example, ...]:
    """The rows with the verdicts of a reviewed file; lines that still wait change nothing.

    Raises SettingsError naming the line; then no verdict counts.
    """
    found = tuple(rows)
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue

        try:
            said = json.loads(line)
            place, verdict, answer = int(said["row"]), said["review"], said["answer"]
            same = said["text"] == rows[place].text
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise SettingsError(
                f"reading the review, line {number}: {error!r}; keep the keys of the file"
            ) from error

        if not same:
            raise SettingsError(
                f"reading the review, line {number}: its text is not that of row {place}; export it again"
            )

        if verdict == "accepted" and answer != rows[place].answer:
            verdict = "fixed"
        if verdict != "waiting":
            found = decide(found, place, verdict, by, answer, schema)

    return found


def as_rows(rows: Sequence[Example]) -> list[dict[str, Any]]:
    """The rows as the store keeps them."""
    return [asdict(row) for row in rows]


def of_rows(rows: Iterable[Mapping[str, Any]]) -> tuple[Example, ...]:
    """The rows that the store kept."""
    return tuple(Example(**row) for row in rows)
