"""Chooses a draft's utterances and example rows, and splits them by person and time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from router.store.versions.drafted_routes import DraftText, Split
from router.text.redact import plain_words
from workers.datasets.splits import split_people
from workers.drafting.answer_form import AnswerForm, DraftField
from workers.drafting.material import MAX_NEGATIVES, AskedRequest, Wording
from workers.drafting.sentences import OPENINGS, SLOT_PHRASES
from workers.drafting.slots import MADE_UP
from workers.mining.naming import jaccard

TEST_SHARE = 0.3
MAX_ROWS: Mapping[Split, int] = {"train": 40, "dev": 20, "test": 40}
MAX_UTTERANCES = 20
MIN_TEACHING_TEXTS = 14
"""With fewer texts Beagle adds some of its own."""
MAX_OVERLAP = 0.8
"""Share of common words (Jaccard) from which two utterances are one."""
MADE_UP_ROWS = 3
Texts = list[DraftText]


def split_requests(
    asked: Sequence[AskedRequest], wording: Wording, form: AnswerForm
) -> dict[Split, Texts]:
    """Returns the requests as a draft keeps them, without repeats, by their split.

    Whole people are in one split, the ones who asked last in `test`: so the test resembles what
    will be asked, in wordings that nothing has learned from.
    """
    split_of = split_people([(one.user, one.at) for one in asked], TEST_SHARE)
    rows: dict[Split, Texts] = {"train": [], "dev": [], "test": []}
    seen: set[str] = set()

    # The measuring splits first, so that a text that two people wrote measures and does not teach.
    for split in ("test", "dev", "train"):
        for one in sorted(asked, key=lambda each: (-each.at, each.user, each.text)):
            text = wording.safe(one.text)
            key = " ".join(plain_words(text))
            if split_of[one.user] != split or not key or key in seen:
                continue
            if len(rows[split]) >= MAX_ROWS[split]:
                break

            seen.add(key)
            answer = _answer(one, text, wording, form)
            rows[split].append(DraftText(text, one.user, one.channel, split, answer))

    return rows


def pick_utterances(rows: Sequence[DraftText]) -> tuple[Texts, Texts]:
    """Returns up to `MAX_UTTERANCES` differently worded texts, and the others."""
    picked: Texts = []
    others: Texts = []
    words_of: list[set[str]] = []

    for row in rows:
        words = set(plain_words(row.text))
        is_new = all(jaccard(words, known) < MAX_OVERLAP for known in words_of)
        if is_new and len(picked) < MAX_UTTERANCES:
            picked.append(row)
            words_of.append(words)
        else:
            others.append(row)

    return picked, others


def own_wordings(label: str, missing: int) -> Texts:
    """Returns wordings of Beagle's own, at most `missing`."""
    openings = OPENINGS[: max(0, missing)]
    return [DraftText(opening.format(label=label)) for opening in openings]


def made_up_rows(label: str, fields: Sequence[DraftField]) -> Texts:
    """Returns complete examples that Beagle makes up; none where a field has choices.

    A version may show these to a model for ever: nobody's words are in them.
    """
    if not fields or any(not one.slot for one in fields):
        return []

    rows = []
    for number in range(MADE_UP_ROWS):
        parts = [label]
        answer = {}
        for place, one in enumerate(fields):
            # The last example leaves one value out, to show what then stays empty.
            if number == MADE_UP_ROWS - 1 and place == len(fields) - 1 and place > 0:
                answer[one.name] = ""
                continue

            values = MADE_UP[one.slot]
            value = values[(number + place) % len(values)]
            parts.append(SLOT_PHRASES[one.slot].format(value=value))
            answer[one.name] = value

        rows.append(DraftText(" ".join(parts), answer=answer))

    return rows


def pick_negatives(
    neighbours: Sequence[AskedRequest], wording: Wording, taken: Sequence[str]
) -> Texts:
    """Returns the neighbours that may be kept, the nearest first."""
    negatives: Texts = []
    seen = {" ".join(plain_words(text)) for text in taken}
    for one in neighbours:
        text = wording.safe(one.text)
        key = " ".join(plain_words(text))
        if key and key not in seen and len(negatives) < MAX_NEGATIVES:
            seen.add(key)
            negatives.append(DraftText(text, one.user, one.channel))

    return negatives


def _answer(one: AskedRequest, text: str, wording: Wording, form: AnswerForm) -> object:
    """Returns the right answer to a request as the draft keeps it; None where it is not known."""
    if form.kind == "fields":
        return form.expected(text, one.answer)

    return wording.safe(one.answer) or None
