"""Shows the week's groups of failures, what is done about each, and what that changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from bot.payloads import Block, ButtonValue
from bot.ui import dialogs, rich_text
from bot.ui.blocks import actions, button, paragraph
from bot.ui.texts import common, weekly
from bot.ui.texts import failures as texts
from router.catalog.lint import LintResult
from router.store import Store
from router.store.weekly.failure_groups import FailureGroup
from workers.failures.words import GroupWords, group_words

LABELS, LINT = "failure_labels", "failure_lint"
DOCUMENT, TEST_ROW = "failure_document", "failure_test_row"
TIER = "failure_tier"
TEST_VIEW = "failure_test_row"
MAX_ANSWER = 1500
MAX_MESSAGE = 2500
MAX_LABEL = 80
REMEDIES: Mapping[str, Sequence[tuple[str, str]]] = {
    "router": ((texts.LABELS, LABELS), (texts.TEST_ROW, TEST_ROW)),
    "prompt": ((texts.LINT, LINT), (texts.TEST_ROW, TEST_ROW)),
    "retrieval": ((texts.DOCUMENT, DOCUMENT),),
    "model": ((texts.TIER, TIER), (texts.TEST_ROW, TEST_ROW)),
    "training": ((texts.TEST_ROW, TEST_ROW), (texts.LINT, LINT)),
}
"""By cause: the buttons, the likeliest remedy first."""


def failure_blocks(store: Store, team: str, part: Mapping[str, Any]) -> list[Block]:
    """Returns the digest's part about failures, as it is stored now; empty in a good week.

    `part` is what `find_failures` returned for the digest.
    """
    groups = [store.failure_groups.get(team, key) for key in part["groups"]]
    shown = [group for group in groups if group is not None]
    min_people = int(part["min_people"])
    blocks: list[Block] = []
    if shown:
        head = texts.HEADER.format(failed=part["failed"], requests=part["requests"])
        blocks.append(paragraph(head))

    for group in shown:
        blocks += group_blocks(group, group_words(store, group, min_people))

    if shown and part["withheld"]:
        count, people = part["withheld"], min_people
        blocks.append(paragraph(texts.WITHHELD.format(count=count, people=people)))

    return [*blocks, *_effects(store, team, part["effects"], min_people)]


def group_blocks(group: FailureGroup, words: GroupWords) -> list[Block]:
    """Returns one group: its figures, its cause, examples, and what can be done about it."""
    label = _plain(words.label)[:MAX_LABEL] or texts.UNNAMED
    counts = texts.COUNTS.format(
        failed=group.failed, total=group.total, share=f"{group.share:.0%}", people=group.people
    )
    trend = weekly.sparkline(
        [round(100 * failed / total) if total else 0 for failed, total in group.trend]
    )
    line = f"*{label}*  {counts}, {texts.TREND.format(trend=trend)}\n{cause_text(group)}"
    if group.remedy:
        what = texts.DONE[group.remedy]
        line += texts.DONE_BY.format(what=what, user=group.remedied_by)

    blocks = [paragraph(line)]
    if words.examples:
        quotes = [rich_text.text(example) for example in words.examples]
        blocks.append(rich_text.block([rich_text.bullets(quotes)]))
    if not group.remedy:
        value: ButtonValue = {"group": group.id}
        buttons = [button(text, action, value) for text, action in _remedies(group)]
        blocks.append(actions(buttons))

    return blocks


def cause_text(group: FailureGroup) -> str:
    """Returns where the evidence points, in a sentence or two."""
    detail, route = group.detail, _plain(group.route) or texts.NO_ROUTE
    text = texts.CAUSES[group.cause]
    if group.cause == "router":
        source = _plain(str(detail.get("from") or route)).replace(
            texts.OUT_OF_SCOPE, texts.NO_ROUTE
        )
        to = _plain(str(detail.get("to") or ""))
        more = texts.ROUTER_TO.format(source=source, to=to) if to else ""
        return f"{text} {more or texts.ROUTER_FROM.format(source=source)}"
    if group.cause == "prompt":
        rule = _plain(str(detail.get("rule") or ""))
        more = texts.RULE.format(route=route, rule=rule)
        return f"{text} {more if rule else texts.RULE_MISSING.format(route=route)}"
    if group.cause == "retrieval":
        return f"{text} {texts.GAPS[str(detail.get('reason', 'missing'))]}"
    if group.cause == "model":
        weak, strong = (_plain(str(name)) for name in detail["models"])
        return f"{text} {texts.MODELS.format(weak=weak, strong=strong)}"

    return f"{text} {texts.TRAINING.format(route=route)}"


def lint_dialog(group: FailureGroup, result: LintResult, words: GroupWords) -> Block:
    """Returns the prompt's lint, with the rule that the failed requests speak of."""
    rule = str(group.detail.get("rule") or "")
    head = texts.LINT_FAILING.format(rule=_plain(rule))
    if not rule:
        head = texts.LINT_MISSING.format(label=_plain(words.label) or texts.UNNAMED)

    blocks = [paragraph(head)]
    if result.warnings:
        blocks.append(rich_text.block([rich_text.bullets(map(rich_text.text, result.warnings))]))
    else:
        blocks.append(paragraph(texts.LINT_CLEAN.format(route=_plain(result.route))))

    return dialogs.message_dialog(texts.LINT_TITLE, blocks)


def test_row_dialog(group: FailureGroup, request: str, message: str, *, in_form: bool) -> Block:
    """Returns the dialog that asks for the right answer to a message; `in_form`: as JSON."""
    hint = texts.ASK_ANSWER_FORM if in_form else ""
    blocks = [
        paragraph(texts.TEST_TEXT),
        rich_text.block([rich_text.section(rich_text.text(message[:MAX_MESSAGE]))]),
        dialogs.question("answer", texts.ASK_ANSWER, dialogs.text_field(MAX_ANSWER), hint=hint),
    ]
    value: ButtonValue = {"group": group.id, "request": request}
    return dialogs.dialog(
        TEST_VIEW, texts.TEST_TITLE, (common.SUBMIT, common.CANCEL), value, blocks
    )


def document_request(group: FailureGroup, words: GroupWords) -> str:
    """Returns the message that asks for a document, and names what is missing."""
    return texts.ASKED_FOR.format(
        label=_plain(words.label) or texts.UNNAMED,
        people=group.people,
        total=group.total,
        failed=group.failed,
        gap=texts.GAPS[str(group.detail.get("reason", "missing"))],
    )


def _remedies(group: FailureGroup) -> list[tuple[str, str]]:
    found = list(REMEDIES[group.cause])
    if group.cause == "router" and not group.detail.get("to"):
        # Nobody has said where they belong.
        found = [remedy for remedy in found if remedy[1] != LABELS]
    if group.cause == "model" and not group.detail.get("tiers"):
        found = [remedy for remedy in found if remedy[1] != TIER]

    return found


def _effects(
    store: Store, team: str, effects: Sequence[Mapping[str, Any]], min_people: int
) -> list[Block]:
    lines = []
    for effect in effects:
        group = store.failure_groups.get(team, str(effect["group"]))
        if group is None or not group.remedy:
            continue

        label = group_words(store, group, min_people).label or group.route or texts.NO_ROUTE
        shares = [f"{failed / total:.0%}" for failed, total in (effect["before"], effect["after"])]
        line = texts.EFFECT.format(
            label=label,
            before=shares[0],
            after=shares[1],
            what=texts.DONE[group.remedy],
            day=weekly.day(group.remedied_at),
        )
        lines.append(rich_text.text(line))

    return [paragraph(texts.EFFECTS), rich_text.block([rich_text.bullets(lines)])] if lines else []


def _plain(text: str) -> str:
    """Returns words for mrkdwn, in which they can mention nobody."""
    return escape(rich_text.strip_invisible(text), quote=False)
