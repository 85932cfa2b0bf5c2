"""What the weekly trials of a candidate found, as its evidence keeps it: figures, no words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from router.statistics import share_interval

LIVE = "live"


@dataclass(frozen=True, slots=True)
class WayResult:
    """How one way of answering did on labelled rows.

    `name` says what it is, `version` is the route version that was run, `model` the model that
    answered. `accuracy` (0-1) was measured on `rows` rows. Tokens and seconds are those of a
    request on average; `usd` is what a request cost in the trial.
    """

    name: str
    version: str
    model: str
    accuracy: float
    rows: int
    input_tokens: float = 0.0
    output_tokens: float = 0.0
    cached_share: float = 0.0
    seconds: float = 0.0
    usd: float = 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy."""
        return share_interval(self.accuracy, self.rows)


@dataclass(frozen=True, slots=True)
class DocumentsResult:
    """Whether documents that everybody may read help, on the same rows.

    `gain` (-1 to 1) with its 95 % interval is None where it was not measured; `none` says that
    there are no such documents.
    """

    gain: float | None = None
    low: float = 0.0
    high: float = 0.0
    none: bool = False


@dataclass(frozen=True, slots=True)
class LearnedResult:
    """What small learners reached in cross-validation on labelled rows.

    `head` is a linear classifier on the embeddings; None where answers are no small set. `learner`
    is the best learner that was tried, the head included. `curve` has (rows learned from, accuracy
    of that learner), for growing numbers of rows. All were scored on `rows` rows.
    """

    rows: int
    head: float | None
    learner: float
    curve: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Trials:
    """The results of a candidate's trials so far; what a week's budget did not reach is missing.

    `inputs` is a hash of what they depend on: with another one they are made again. `labelled` is
    how many rows prompts are measured and chosen on, `reviewed` how many have a right answer in
    all. `searched` says that the prompt was optimised
    to the end. `earlier_gain` is how much better than a head earlier tuned versions of the
    workspace were, in `earlier_reports` reports. `notes` are for people.
    """

    inputs: str = ""
    labelled: int = 0
    reviewed: int = 0
    ways: tuple[WayResult, ...] = ()
    searched: bool = False
    documents: DocumentsResult | None = None
    learned: LearnedResult | None = None
    earlier_gain: float = 0.0
    earlier_reports: int = 0
    complete: bool = False
    at: float = 0.0
    notes: tuple[str, ...] = ()

    def with_way(self, way: WayResult) -> Trials:
        """Returns the trials with that way added, in place of an earlier one of its name."""
        others = tuple(other for other in self.ways if other.name != way.name)
        return replace(self, ways=(*others, way))

    def way(self, name: str) -> WayResult | None:
        """Returns the way of that name; None if it was not tried."""
        return next((way for way in self.ways if way.name == name), None)

    def as_record(self) -> dict[str, Any]:
        """Returns the JSON form; figures are rounded so that records can be compared."""
        record = asdict(self)
        record["ways"] = [_rounded(way) for way in record["ways"]]
        return record


def trials_of(record: Mapping[str, Any] | None) -> Trials:
    """Returns the trials of a stored record; empty ones without a record."""
    if not record:
        return Trials()

    learned = record["learned"]
    if learned is not None:
        learned = LearnedResult(**{**learned, "curve": tuple(map(tuple, learned["curve"]))})

    documents = record["documents"]
    return Trials(
        **{
            **record,
            "ways": tuple(WayResult(**way) for way in record["ways"]),
            "documents": None if documents is None else DocumentsResult(**documents),
            "learned": learned,
            "notes": tuple(record["notes"]),
        }
    )


def _rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: round(value, 8) if isinstance(value, float) else value
        for name, value in values.items()
    }
