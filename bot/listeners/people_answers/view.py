"""The messages and the dialog with which an answer is reviewed, saved, kept and let go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bot.payloads import Block, ButtonValue
from bot.ui import dialogs, rich_text
from bot.ui.blocks import Rendered, actions, button, paragraph, plain_paragraph
from bot.ui.texts import common
from bot.ui.texts import people_answers as texts
from router.store.knowledge.captured_answers import CapturedAnswer
from router.text.printable import shorten
from workers.knowledge.people_answers import MAX_ANSWER, MAX_QUESTION
from workers.knowledge.quotes.by_words import Quote
from workers.knowledge.retrieval import format_date

VIEW = "save_answer"
REVIEW, KEEP, DROP = "review_answer", "keep_answer", "drop_answer"
DEFAULT_DAYS = 180
MAX_QUOTE = 300
"""Characters of a passage that is shown beside the answer."""


@dataclass(frozen=True, slots=True)
class AnswerDraft:
    """What the dialog starts with: masked words, the owner, and what they contradict."""

    channel: str
    channel_name: str
    ts: str
    thread: str
    question: str
    answer: str
    owner: str
    beside: Sequence[Quote] = ()


def offer(author: str, value: ButtonValue) -> Rendered:
    """Returns the offer to save an answer, for the person who marked it."""
    text = texts.OFFER.format(author=author)
    return Rendered(text, [paragraph(text), actions([button(texts.REVIEW, REVIEW, value)])])


def line_for_one(text: str) -> Rendered:
    """Returns a line for one person alone."""
    return Rendered(text, [paragraph(text)])


def line_dialog(text: str) -> Block:
    """Returns the dialog while there is nothing to review yet, or with the reason why not."""
    return dialogs.message_dialog(texts.TITLE, [paragraph(text)])


def review_dialog(draft: AnswerDraft) -> Block:
    """Returns the dialog in which an answer is edited before it is saved."""
    blocks: list[Block] = [dialogs.notice(texts.READERS.format(channel=draft.channel_name))]
    if draft.beside:
        blocks.append(paragraph(texts.CONTRADICTS))

    for quote in draft.beside:
        # A document's own words: plain text, in which nothing is markup.
        day = format_date(quote.hit.updated_at)
        line = f"{quote.hit.title} ({day}): {quote.text}"
        blocks.append(plain_paragraph(shorten(line, MAX_QUOTE)))

    blocks += [
        _text_question("question", texts.ASK_QUESTION, draft.question, MAX_QUESTION),
        _text_question("answer", texts.ASK_ANSWER, draft.answer, MAX_ANSWER),
        _days_question(),
        dialogs.question(
            "owner",
            texts.ASK_OWNER,
            {"type": "users_select", "initial_user": draft.owner},
            optional=True,
            hint=texts.ASK_OWNER_HINT,
        ),
    ]
    value: ButtonValue = {"channel": draft.channel, "ts": draft.ts, "thread": draft.thread}
    return dialogs.dialog(VIEW, texts.TITLE, (texts.SUBMIT, common.CANCEL), value, blocks)


def saved(answer: CapturedAnswer, note: str = "") -> Rendered:
    """Returns the confirmation, with a button that takes the answer back."""
    text = texts.SAVED.format(
        channel=answer.channel, day=format_date(answer.valid_until), owner=answer.owner
    )
    blocks = [paragraph(text)]
    if note:
        blocks.append(paragraph(note))

    undo = button(texts.TAKE_BACK, DROP, answer_value(answer))
    return Rendered(text, [*blocks, actions([undo])])


def lapsing(answer: CapturedAnswer, question: str) -> Rendered:
    """Returns the question whether an answer still holds, for its owner.

    `question` is what it answers; empty where the owner may not read it any more.
    """
    day = format_date(answer.valid_until)
    if question:
        quoted = escape(rich_text.strip_invisible(question), quote=False)
        text = texts.LAPSES.format(question=quoted, author=answer.author, day=day)
    else:
        text = texts.LAPSES_UNREADABLE.format(channel=answer.channel, day=day)

    value = answer_value(answer)
    buttons = [button(texts.KEEP, KEEP, value), button(texts.DROP, DROP, value)]
    return Rendered(text, [paragraph(text), actions(buttons)])


def answer_value(answer: CapturedAnswer) -> ButtonValue:
    """Returns what a button about the answer carries."""
    return {"channel": answer.channel, "ts": answer.ts, "thread": answer.thread_ts}


def _text_question(name: str, label: str, initial: str, limit: int) -> Block:
    element = dialogs.text_field(limit)
    if initial:  # Slack refuses an empty one
        element["initial_value"] = initial

    return dialogs.question(name, label, element)


def _days_question() -> Block:
    options = [dialogs.option(label, str(days)) for days, label in texts.DAYS.items()]
    initial = dialogs.option(texts.DAYS[DEFAULT_DAYS], str(DEFAULT_DAYS))
    element = {"type": "static_select", "options": options, "initial_option": initial}
    return dialogs.question("days", texts.ASK_DAYS, element, hint=texts.ASK_DAYS_HINT)
