"""The review of a dataset: row by row, or the rest at once after a random sample was reviewed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, get_args

from jsonschema import Draft202012Validator

from router.errors import InputError
from router.statistics import mean_interval
from router.text.printable import counted
from workers.datasets.build import BULK_SUFFIX, DatasetExample, ReviewStatus

WAITING = ("row of the sample waits", "rows of the sample wait")
JsonSchema = Mapping[str, Any]
SAMPLE_SEED = 0
"""Draws the sample; the same for everybody, so that two reviewers see the same rows."""
VERDICTS = tuple(status for status in get_args(ReviewStatus) if status != "waiting")
FILE_KEYS = ("text", "answer", "review", "origin", "contradicted", "suspect", "split")


@dataclass(frozen=True, slots=True)
class SampleResult:
    """How a sample did.

    Rows reviewed, those that were wrong, and the 95 % interval of the error rate.
    """

    reviewed: int
    wrong: int
    interval: tuple[float, float]

    @property
    def error_rate(self) -> float:
        """The share of reviewed rows that had to be fixed or dropped, 0-1.

        1 before any was reviewed.
        """
        return self.wrong / self.reviewed if self.reviewed else 1.0


def draw_sample(rows: Sequence[DatasetExample], count: int, seed: int) -> list[int]:
    """Returns the indices of rows to review.

    Suspects first, then contradictions, then a random sample. Rows that were accepted in an earlier
    dataset are not drawn again: the sample tells about the new rows. Of the teacher's answers
    `count` more are drawn, because nobody has ever seen those.
    """
    manual = [index for index, row in enumerate(rows) if row.needs_manual_review]
    manual.sort(key=lambda index: (not rows[index].suspect, index))

    by_people: list[int] = []
    by_teacher: list[int] = []
    for index, row in enumerate(rows):
        if row.needs_manual_review or row.carried:
            continue

        (by_teacher if row.origin == "teacher" else by_people).append(index)

    # The same seed gives every reviewer the same rows, so that two can share the work.
    rng = random.Random(seed)  # noqa: S311  # draws a sample; nothing secret hangs on it
    sample = list(manual)
    for stratum in (by_people, by_teacher):
        sample += sorted(rng.sample(stratum, min(count, len(stratum))))

    return sample


def record_verdict(
    rows: Sequence[DatasetExample],
    index: int,
    verdict: str,
    by: str,
    answer: Any = None,
    schema: JsonSchema | None = None,
) -> tuple[DatasetExample, ...]:
    """Returns the rows with a person's verdict on one of them; `fixed` comes with the right answer.

    Raises InputError for an unknown verdict, nobody as the reviewer, or an answer that does not fit
    the schema.
    """
    doing = f"reviewing row {index}"
    if not 0 <= index < len(rows) or verdict not in VERDICTS or not by:
        raise InputError(
            f"{doing}: found verdict {verdict!r} by {by!r}; expected a row from 0 to "
            f"{len(rows) - 1}, one of {', '.join(VERDICTS)}, and a person"
        )

    row = rows[index]
    if verdict == "fixed":
        if answer is None:
            raise InputError(f"{doing}: a fixed row needs the right answer")

        row = replace(row, answer=answer)

    # A dropped row is never learned, so its answer may be anything.
    if verdict != "dropped" and schema is not None:
        problem = next(Draft202012Validator(dict(schema)).iter_errors(row.answer), None)
        if problem is not None:
            raise InputError(
                f"{doing}: the answer does not fit: {problem.message[:200]}; fix or drop the row"
            )

    reviewed = replace(row, review=verdict, by=by)  # type: ignore[arg-type]  # checked above
    return (*rows[:index], reviewed, *rows[index + 1 :])


def sample_result(rows: Sequence[DatasetExample], indices: Iterable[int]) -> SampleResult:
    """Returns how the rows at these indices did, as far as they were reviewed.

    Suspects and contradictions do not count: they were not drawn at random, so they tell nothing
    about the rest.
    """
    wrong = []
    for index in indices:
        row = rows[index]
        if row.review != "waiting" and row.by and not row.needs_manual_review:
            wrong.append(float(row.review != "accepted"))

    return SampleResult(len(wrong), int(sum(wrong)), mean_interval(wrong))


def accept_rest(
    rows: Sequence[DatasetExample],
    sample: Sequence[int],
    by: str,
    max_error_rate: float,
    schema: JsonSchema | None = None,
) -> tuple[DatasetExample, ...]:
    """Accepts every waiting row in the name of `by`; drops those that do not fit the schema.

    Raises InputError while a sampled row, a suspect or a contradiction waits, or when the error
    rate of the sample, or of the teacher's answers in it, is too high.
    """
    waiting = {index for index in sample if rows[index].review == "waiting"}
    for index, row in enumerate(rows):
        if row.needs_manual_review and row.review == "waiting":
            waiting.add(index)

    if waiting:
        raise InputError(
            f"accepting the rest: {counted(len(waiting), *WAITING)}; look at them first"
        )

    # A teacher can be wrong in its own way, which the rate over all rows would hide.
    by_teacher = [index for index in sample if rows[index].origin == "teacher"]
    _check_error_rate(sample_result(rows, sample), max_error_rate, "rows")
    teacher = sample_result(rows, by_teacher)
    if teacher.reviewed:
        _check_error_rate(teacher, max_error_rate, "answers of the teacher")

    validator = Draft202012Validator(dict(schema)) if schema is not None else None
    accepted = []

    for row in rows:
        if row.review == "waiting":
            fits = validator is None or validator.is_valid(row.answer)
            # The suffix says that nobody looked at this very row.
            row = replace(row, review="accepted" if fits else "dropped", by=f"{by}{BULK_SUFFIX}")

        accepted.append(row)

    return tuple(accepted)


def _check_error_rate(result: SampleResult, max_error_rate: float, what: str) -> None:
    if result.error_rate > max_error_rate:
        raise InputError(
            f"accepting the rest: {result.wrong} of {result.reviewed} {what} looked at were wrong; "
            f"at most {max_error_rate:.0%} may be; review the others one by one"
        )


def to_jsonl(rows: Sequence[DatasetExample]) -> str:
    """Returns the rows for a text editor, one JSON object a line.

    `review` and `answer` may be changed.
    """
    lines = []
    for index, row in enumerate(rows):
        body = {"row": index} | {key: getattr(row, key) for key in FILE_KEYS}
        lines.append(json.dumps(body, ensure_ascii=False) + "\n")

    return "".join(lines)


def apply_jsonl(
    rows: Sequence[DatasetExample],
    text: str,
    by: str,
    schema: JsonSchema | None = None,
) -> tuple[DatasetExample, ...]:
    """Returns the rows with the verdicts of a reviewed file; lines that still wait change nothing.

    Raises InputError naming the line; then no verdict counts.
    """
    reviewed = tuple(rows)
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue

        try:
            body = json.loads(line)
            index, verdict, answer = int(body["row"]), body["review"], body["answer"]
            # Guards against an export of another dataset, or lines that were moved.
            same = body["text"] == rows[index].text
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise InputError(
                f"reading the review, line {number}: {error!r}; keep the keys of the file"
            ) from error

        if not same:
            raise InputError(
                f"reading the review, line {number}: its text is not that of row {index}; "
                "export it again"
            )

        # An editor who corrects the answer often leaves the verdict as it is.
        if verdict == "accepted" and answer != rows[index].answer:
            verdict = "fixed"
        if verdict != "waiting":
            reviewed = record_verdict(reviewed, index, verdict, by, answer, schema)

    return reviewed


def to_records(rows: Sequence[DatasetExample]) -> list[dict[str, Any]]:
    """Returns the rows in the form that the store keeps."""
    return [asdict(row) for row in rows]


def from_records(records: Iterable[Mapping[str, Any]]) -> tuple[DatasetExample, ...]:
    """Returns the rows that the store kept."""
    return tuple(DatasetExample(**record) for record in records)
