"""What is said of a draft's answers: whether there are any, what was checked, and what was not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from router.catalog.version import Version
from workers.evaluation.compare import MIN_VALID
from workers.evaluation.run import RowResult

ANSWERED = "It answered {answered} of {count} requests"
UNJUDGED = (
    "Nobody has said yet whether the answers are right: read them before you start the shadow test"
)
COMPARED = "On {count} requests whose right answer is known, its answers score {share:.0%}"
DOUBTFUL = "Doubtful: {count} of {answered} answers, by what Beagle can check ({doubts})"
NO_DOUBT = "Beagle's own checks found nothing odd in the answers; a wrong answer can pass them"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of what was found; `failure` is the kind of what did not pass, empty otherwise."""

    text: str
    failure: str = ""


def judgement(text: str, *, passed: bool) -> str:
    """Returns the text of something that was required, with whether it is so."""
    return f"{'Passed' if passed else 'Not passed'}: {text}"


def answer_findings(
    version: Version,
    results: Sequence[RowResult],
    figures: Mapping[str, Any],
    doubts: Mapping[int, Sequence[str]],
) -> list[Finding]:
    """Returns what is said of the answers to the requests that the draft was tried on.

    Only what is required can be passed: an answer at all, and its format. Having answered is no
    success, so it is told without one, with the `doubts` about single answers.
    """
    count = len(results)
    misformed = sum(result.is_misformed for result in results)
    missing = sum(result.outcome is None for result in results) - misformed
    findings = []

    if (count - missing) / count < MIN_VALID:
        # The commonest fault, in Beagle's words: a model's own are nobody's to keep here.
        faults = Counter(result.fault for result in results if result.fault).most_common(1)
        why = f" ({faults[0][0]})" if faults else ""
        text = f"the model gave no usable answer to {missing} of {count} requests{why}"
        findings.append(Finding(judgement(text, passed=False), "no_answer"))

    if version.output is not None and missing < count:
        # An answer that is none says nothing of a format.
        valid = (count - missing - misformed) / (count - missing)
        passed = valid >= MIN_VALID
        text = (
            f"{valid:.0%} of its answers have the right format (at least {MIN_VALID:.0%} required)"
        )
        findings.append(Finding(judgement(text, passed=passed), "" if passed else "format"))
    elif version.output is None and not findings:
        findings.append(Finding(ANSWERED.format(answered=count - missing, count=count)))

    answered = sum(result.outcome is not None for result in results)
    if answered:
        findings.append(Finding(_about_rightness(results, figures)))
        findings.append(Finding(_about_doubts(doubts, answered)))

    return findings


def _about_rightness(results: Sequence[RowResult], figures: Mapping[str, Any]) -> str:
    """Returns what is known of whether the answers are right."""
    known = sum(result.row.answer is not None for result in results)
    if not known:
        return UNJUDGED

    return COMPARED.format(count=known, share=figures["accuracy"])


def _about_doubts(doubts: Mapping[int, Sequence[str]], answered: int) -> str:
    """Returns how many answers are doubtful and why, the commonest reason first."""
    if not doubts:
        return NO_DOUBT

    reasons = Counter(text for texts in doubts.values() for text in texts)
    listed = ", ".join(f"{count} × {text}" for text, count in reasons.most_common())
    return DOUBTFUL.format(count=len(doubts), answered=answered, doubts=listed)
