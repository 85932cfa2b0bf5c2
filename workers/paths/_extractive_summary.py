"""Summarises with a text's own sentences where the included model would have to write the summary.

It mostly writes none that holds (`evals/RESULTS.md`), and whose words are whose it confuses. What
is quoted is true, and takes milliseconds.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from router.encoder.lazy import LazyEncoder
from router.errors import WeakAnswerError
from router.text.scripts import words_of
from router.types import Outcome
from workers import texts
from workers.context import Context, Work
from workers.llm.model_prices import EXTRACTIVE, LOCAL
from workers.paths._quotation import quoted_lines
from workers.prompting.completion import CallOptions, CompletionSession
from workers.prompting.extract.material import order_in, texts_to_summarise
from workers.prompting.extract.spoken_sentences import SpokenSentence, spoken_sentences
from workers.prompting.extract.telling_sentences import places_to_read, telling_places
from workers.prompting.free_text import is_unchanged, wants_shorter

MAX_SENTENCES = 4
MAX_WHOLE = 3
"""A text of so many sentences is returned whole."""
MAX_SENTENCE_CHARS = 400
CUT = " […]"
WORD_COLUMNS = 512
"""Columns that words are hashed into, where the process has no encoder."""
_COUNTS = {"one": 1, "single": 1, "two": 2, "three": 3, "four": 4}
_WANTED = re.compile(
    r"\b(?:(?:a|one) (?:sentence|line) or )?(?P<count>one|single|two|three|four|[1-4])"
    r"(?:(?<= or two)| (?:short )?(?:sentence|bullet|line|point)s?)\b",
    re.IGNORECASE,
)


def is_extractive_summary(work: Work, session: CompletionSession) -> bool:
    """Returns whether the text's own sentences are the answer: the included model would write."""
    return work.version.extractive and session.asks_included_model(CallOptions())


def extractive_summary(context: Context, work: Work) -> Outcome:
    """Returns the most telling sentences, word for word, in their order, with who said them.

    Raises WeakAnswerError where a follow-up wants something else than it has got.
    """
    said: list[SpokenSentence] = []
    for speaker, text in texts_to_summarise(work):
        said += spoken_sentences(text, speaker)

    if not said:
        return _outcome(work, texts.NO_TEXT)

    places = places_to_read(len(said))
    read = [said[place] for place in places]
    count = _count(work, len(read))
    chosen = _most_telling(context.encoder, read, count)
    is_whole = len(chosen) == len(said)

    parts = [texts.SUMMARY_SHORT if is_whole else texts.SUMMARY_INTRO]
    parts.append("\n".join(f"> {line}" for line in quoted_lines(_lines(chosen, said))))
    if len(read) < len(said):
        parts.append(texts.SUMMARY_PART)

    text = "\n\n".join(parts)
    if is_unchanged(text, work.request.text, work.history):
        raise WeakAnswerError(
            f"answering with route {work.version.route!r}: the sentences are those of the answer "
            "before; take a larger model",
            model=LOCAL,
        )

    return _outcome(work, text)


def _count(work: Work, sentences: int) -> int:
    """Returns how many sentences to show: as many as are asked for, else up to half of them."""
    order = order_in(work.request.text)
    wanted = _WANTED.search(order)
    if wanted is not None:
        word = wanted["count"].lower()
        return _COUNTS.get(word) or int(word)

    shown = _shown_before(work)
    if shown and wants_shorter(order):
        return max(1, shown - 1)

    return sentences if sentences <= MAX_WHOLE else min(MAX_SENTENCES, (sentences + 1) // 2)


def _shown_before(work: Work) -> int:
    """Returns how many sentences the answer before had; 0 where it was no such summary."""
    if not work.history or work.history[-1]["role"] != "assistant":
        return 0

    before = work.history[-1]["content"]
    if not any(intro in before for intro in texts.SUMMARY_INTROS):
        return 0

    return sum(line.startswith("> ") for line in before.splitlines())


def _most_telling(
    encoder: LazyEncoder, read: Sequence[SpokenSentence], count: int
) -> list[SpokenSentence]:
    sentences = [sentence.text[:MAX_SENTENCE_CHARS] for sentence in read]
    if count >= len(sentences):
        return list(read)

    vectors = encoder.encode(sentences) if encoder.is_configured else _word_vectors(sentences)
    return [read[place] for place in telling_places(sentences, vectors, count)]


def _word_vectors(sentences: Sequence[str]) -> NDArray[np.float32]:
    """Returns vectors of unit length that count words: all that a process without encoder has."""
    rows = np.zeros((len(sentences), WORD_COLUMNS), np.float32)
    for row, sentence in zip(rows, sentences, strict=True):
        for word in words_of(sentence):
            # A checksum, because Python's own hash differs between processes.
            row[zlib.crc32(word.encode()) % WORD_COLUMNS] += 1

    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1.0)
    return rows


def _lines(chosen: Sequence[SpokenSentence], said: Sequence[SpokenSentence]) -> list[str]:
    """Returns the lines of the answer; with names if the text has more than one."""
    has_names = len({sentence.speaker for sentence in said}) > 1
    lines = []
    for sentence in chosen:
        text = sentence.text
        if len(text) > MAX_SENTENCE_CHARS:
            text = text[:MAX_SENTENCE_CHARS].rsplit(" ", 1)[0] + CUT

        lines.append(f"{sentence.speaker}: {text}" if has_names and sentence.speaker else text)

    return lines


def _outcome(work: Work, text: str) -> Outcome:
    version = work.version
    return Outcome(
        text=text, model=EXTRACTIVE, route=version.route, kind=version.kind, version=version.id
    )
