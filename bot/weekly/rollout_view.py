"""A candidate's rollout as a card: its state, its figures, and the buttons for the next step."""

from __future__ import annotations

from collections.abc import Mapping

from bot.payloads import Block
from bot.ui import rich_text
from bot.ui.blocks import actions, button, confirmation
from bot.ui.texts import drafts, weekly
from bot.ui.texts import report as report_texts
from bot.ui.texts import rollout as texts
from bot.weekly import drift_view, report_view
from bot.weekly.candidate_view import ids_of
from router.lifecycle_evidence import (
    ApprovalEvidence,
    CanaryEvidence,
    DatasetEvidence,
    PromptSearchEvidence,
    RetrievalSearchEvidence,
    TransitionEvidence,
)
from router.store.weekly.candidates import CandidateTransition
from router.store.weekly.datasets import Report, StoredDataset
from router.text.printable import shorten
from router.types import Candidate
from workers.datasets.build import BULK_SUFFIX
from workers.datasets.review import from_records, sample_result
from workers.evaluation.report_markdown import (
    forgetting_text,
    rows_description,
)

MEASURED_STATES = ("shadow", "canary", "live", "drifting", "rolled_back")
"""States that a version reaches only with a report."""
PROMPTS_SHOWN = 6
"""Prompts that the card lists beside the live one."""
LINE_LIMIT = 400
EXPLANATION_LIMIT = 300


def rollout_card(
    candidate: Candidate,
    edge: CandidateTransition | None,
    dataset: StoredDataset | None,
    report: Report | None,
    *,
    is_tested: bool,
    is_only_version: bool = False,
    unseen_rows: int = 0,
) -> list[Block]:
    """Returns the card. `edge` is the candidate's newest step, None before its first one.

    `is_tested` is whether the shadow test has seen enough: then the card offers the canary.
    `is_only_version` is whether nothing else answers the route's requests; `unseen_rows` counts
    what *Accept the rest* accepts without a look.
    """
    evidence = None if edge is None else edge.evidence
    state = state_text(candidate, edge, is_only_version=is_only_version)
    head = [
        *rich_text.text(candidate.label, bold=True),
        *rich_text.text(texts.STATE_AFTER_LABEL.format(state=state)),
    ]
    lines: list[str] = []

    if evidence is not None and evidence.explanation:
        lines.append(_sentence(evidence.explanation, EXPLANATION_LIMIT))
    if isinstance(evidence, PromptSearchEvidence):
        lines += _search_lines(evidence)
    if candidate.state == "dataset" and dataset is not None:
        lines += _dataset_lines(dataset)
    if report is not None:
        lines += _report_lines(report)

    blocks: list[Block] = [rich_text.block([rich_text.section(head)])]
    if lines:
        blocks.append(rich_text.lines_block(lines))

    if candidate.state == "dataset":
        elements = _review_buttons(candidate, evidence, unseen_rows)
    else:
        elements = _buttons(
            candidate, evidence, is_tested=is_tested, is_only_version=is_only_version
        )
    # A click that could only say that there is no report is not offered.
    if candidate.state in MEASURED_STATES and report is not None:
        elements.append(button(texts.REPORT, "rollout_report", ids_of(candidate)))
    if elements:
        blocks.append(actions(elements))

    return blocks


def state_text(
    candidate: Candidate, edge: CandidateTransition | None, *, is_only_version: bool
) -> str:
    """Returns the candidate's state in a sentence, true also where no other version answers."""
    evidence = None if edge is None else edge.evidence
    explanation = ""
    if is_only_version and candidate.state == "shadow":
        explanation = drafts.IN_SHADOW
    elif is_only_version and candidate.state == "rolled_back":
        unseen = edge is not None and edge.before == "shadow"
        explanation = drafts.UNSEEN_ROLLED_BACK if unseen else drafts.OUT_OF_SERVICE

    return weekly.state_sentence(candidate.state, canary_share(evidence), explanation)


def canary_share(evidence: TransitionEvidence | None) -> float:
    """Returns the share of users (0-1) who get a version in canary, else 0."""
    return evidence.share if isinstance(evidence, CanaryEvidence) else 0.0


def _buttons(
    candidate: Candidate,
    evidence: TransitionEvidence | None,
    *,
    is_tested: bool,
    is_only_version: bool,
) -> list[Block]:
    """Returns what an admin can do in the candidate's state, besides reading the report."""
    ids = ids_of(candidate)

    if candidate.state in ("kept_prompt", "rag"):
        # A measured version that is not live yet can be tried.
        if evidence is None or evidence.version is None:
            return []

        return [button(texts.START_SHADOW, "rollout_shadow", ids, style="primary")]

    buttons = []
    # A click that could only say what is missing is not offered: the card's second line says it.
    if candidate.state == "shadow" and is_tested:
        buttons.append(button(texts.START_CANARY, "rollout_canary", ids, style="primary"))
    if candidate.state == "drifting":
        buttons = drift_view.buttons(candidate)
    if candidate.state in ("shadow", "canary", "live"):
        means = drafts.ROLL_BACK_MEANS if is_only_version else texts.ROLL_BACK_MEANS
        asks = confirmation(texts.ROLL_BACK_ASK, means, texts.ROLL_BACK)
        buttons.append(
            button(texts.ROLL_BACK, "rollout_rollback", ids, style="danger", confirm=asks)
        )
    if candidate.state == "rolled_back" and evidence is not None and evidence.version:
        # The way back: nothing of what was trained is lost.
        buttons.append(button(texts.TRY_AGAIN, "rollout_shadow", ids))
    if candidate.state == "rolled_back" and is_only_version:
        buttons.insert(0, button(drafts.EDIT, "draft_edit", ids))
        buttons.append(button(drafts.REJECT, "draft_reject", ids))

    return buttons


def _review_buttons(
    candidate: Candidate, evidence: TransitionEvidence | None, unseen_rows: int
) -> list[Block]:
    """Returns what an admin can do with a dataset; accepting what nobody saw is asked about."""
    ids = ids_of(candidate)
    asked: dict[str, object] = {}
    if unseen_rows:
        means = texts.ACCEPT_REST_MEANS.format(rows=unseen_rows)
        asked["confirm"] = confirmation(texts.ACCEPT_REST_ASK, means, texts.ACCEPT_REST)

    buttons = [
        button(texts.REVIEW, "rollout_review", ids, style="primary"),
        button(texts.ACCEPT_REST, "rollout_accept", ids, **asked),
    ]
    if _is_retraining(evidence):
        buttons.append(drift_view.stop_button(candidate))

    return buttons


def _is_retraining(evidence: TransitionEvidence | None) -> bool:
    """Returns whether a drifting version answers while this dataset is reviewed."""
    if isinstance(evidence, (ApprovalEvidence, DatasetEvidence)):
        return bool(evidence.retraining_of)

    return False


def _search_lines(evidence: PromptSearchEvidence) -> list[str]:
    """Returns what optimising the prompt found, and whether documents would help."""
    lines = []
    if evidence.dev_accuracy:
        lines.append(_accuracy_line(evidence.dev_accuracy))

    if evidence.best_accuracy is not None and evidence.measured_on:
        lines.append(
            texts.BEST_PROMPT.format(share=evidence.best_accuracy, rows=evidence.measured_on)
        )

    if evidence.spend:
        cost = texts.SEARCH_COST.format(calls=evidence.spend["calls"], usd=evidence.spend["usd"])
        lines.append(cost)

    notes = [evidence.notes]
    if isinstance(evidence, RetrievalSearchEvidence):
        notes.append(evidence.retrieval_summary)
    if isinstance(evidence, DatasetEvidence):
        notes.append(evidence.teacher_summary)

    return lines + [_sentence(note, LINE_LIMIT) for note in notes if note]


def _sentence(note: str, limit: int) -> str:
    """Returns a worker's note as a line of its own: notes are also parts of longer sentences."""
    return shorten(note[:1].upper() + note[1:], limit)


def _accuracy_line(dev_accuracy: Mapping[str, float]) -> str:
    """Returns the live prompt and the best others, each with its accuracy on development rows."""
    others = sorted(
        (name for name in dev_accuracy if name != "live"), key=lambda name: -dev_accuracy[name]
    )
    # The live prompt comes first: the others are compared with it.
    names = others[:PROMPTS_SHOWN]
    if "live" in dev_accuracy:
        names.insert(0, "live")

    prompts = [texts.PROMPT_TRIED.format(name=name, share=dev_accuracy[name]) for name in names]
    return texts.PROMPTS_TRIED.format(prompts=", ".join(prompts))


def _dataset_lines(stored: StoredDataset) -> list[str]:
    card = stored.card
    rows = from_records(stored.rows)
    # Rows accepted in bulk were not read by anybody, so they say nothing of the error rate.
    one_by_one = [
        place for place, row in enumerate(rows) if row.by and not row.by.endswith(BULK_SUFFIX)
    ]
    result = sample_result(rows, one_by_one)
    lines = [
        texts.DATASET_ROWS.format(rows=len(rows), people=card["people"], dataset=stored.id),
        texts.DATASET_LEFT_OUT.format(
            duplicates=card["nearly_the_same"], over_share=card["too_many_of_one_person"]
        ),
        texts.DATASET_ONE_BY_ONE.format(
            contradicted=card["contradicted"], suspect=card.get("suspect", 0)
        ),
    ]

    if card["origins"].get("teacher"):
        lines.append(texts.DATASET_TEACHER.format(count=card["origins"]["teacher"]))

    if result.reviewed:
        low, high = result.interval
        lines.append(
            texts.DATASET_REVIEWED.format(
                rows=len(rows),
                reviewed=result.reviewed,
                wrong=result.wrong,
                share=result.error_rate,
                low=low,
                high=high,
            )
        )

    return lines


def _report_lines(report: Report) -> list[str]:
    body = report.body
    outcome = report_texts.PASSED if body["passed"] else report_texts.NOT_PASSED
    lines = [outcome.format(rows=body["rows"], kind=rows_description(body))]
    lines += [report_view.figures_line(name, body) for name in body["figures"]]
    # Which settings were changed for it is in the report, one click away.
    lines += [*body["reasons"], forgetting_text(body)]

    return [line for line in lines if line]
