"""How near the lines of passages are to a question in meaning, by the encoder's sentence vectors.

The vectors of words alone (`features.py`) miss what only a whole sentence says: "can I take a week
off?" and "enter your holidays in the people tool" share no word and no like one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.encoder.lazy import LazyEncoder
from router.encoder.protocol import Encoder
from router.index import Hit
from workers.knowledge.relevance.features import LINE_FEATURES, PassageMatch
from workers.knowledge.relevance.question_words import asks_number, has_number

LINE_ENCODER = "minilm-int8-3"
"""The encoder whose cosines the numbers below belong to; others have cosines of another size."""
MIN_NEAR = 0.3
"""The cosine from which a passage is near enough to be named where nothing answers."""
WORDS_WEIGHT = 0.5
"""Weight of the words of like meaning beside the cosine."""
PASSAGE_WEIGHT = 0.4
"""Weight of the cosine of question and passage, where it is known."""
RANK_WEIGHT = 0.3
"""Weight of the passage's reciprocal rank, 1 / (2 + rank), rank 0 being the best."""
NUMBER_WEIGHT = 0.05
"""What a line without a number loses if the question asks for one."""
MAX_BELOW_BEST = 0.1
"""By meaning, a further quote may score so much less than the best one."""
MAX_LINES = 28
"""Lines that are encoded for a question: half a millisecond to two of processor time each."""
MAX_LINE_CHARS = 300
SOFT_LINE = LINE_FEATURES.index("soft_line")
SOFT_LINE_OR_PATH = LINE_FEATURES.index("soft_line_or_path")


@dataclass(frozen=True, slots=True)
class LineMeaning:
    """A line, as the place of its passage and its place in it.

    `cosine` is that of question and line, less `NUMBER_WEIGHT` where the question asks for a number
    and the line has none. `score` orders lines.
    """

    passage: int
    place: int
    cosine: float
    score: float


def reads_meaning(encoder: Encoder | None) -> bool:
    """Returns whether lines can be compared with this encoder; a process may have none."""
    if encoder is None or (isinstance(encoder, LazyEncoder) and not encoder.is_configured):
        return False

    return encoder.model_id == LINE_ENCODER


def line_meanings(
    readings: Sequence[str],
    hits: Sequence[Hit],
    matches: Sequence[PassageMatch],
    encoder: Encoder,
) -> list[LineMeaning]:
    """Returns how near each line of the passages is to the question, in their order.

    Of several `readings` of the question, the first being its own words, the nearest counts: all
    of the message or what asks in it, and both in the words of the passages.
    """
    places = []
    for passage, match in enumerate(matches):
        places += [(passage, place) for place in range(len(match.units))]
    if not places:
        return []

    # Of very long lists only what shares words of like meaning is read.
    if len(places) > MAX_LINES:
        places.sort(key=lambda at: -matches[at[0]].lines[at[1], SOFT_LINE_OR_PATH])
        places = sorted(places[:MAX_LINES])

    readings = list(dict.fromkeys(readings))
    lines = [_line_text(hits[passage], matches[passage], place) for passage, place in places]
    vectors = encoder.encode([*readings, *lines])
    cosines = (vectors[len(readings) :] @ vectors[: len(readings)].T).max(1)

    wants_number = asks_number(readings[0])
    meanings = []
    for (passage, place), cosine in zip(places, cosines.tolist(), strict=True):
        match = matches[passage]
        if wants_number and not has_number(match.units[place].text):
            cosine -= NUMBER_WEIGHT
        score = cosine + WORDS_WEIGHT * float(match.lines[place, SOFT_LINE])
        score += PASSAGE_WEIGHT * (hits[passage].similarity or 0.0)
        score += RANK_WEIGHT / (2 + passage)
        meanings.append(LineMeaning(passage, place, cosine, score))

    return meanings


def nearness_of(passage: int, lines: Sequence[LineMeaning]) -> dict[int, float]:
    """Returns the score of each line of that passage, by its place."""
    return {line.place: line.score for line in lines if line.passage == passage}


def _line_text(hit: Hit, match: PassageMatch, place: int) -> str:
    unit = match.units[place]
    heading = hit.title.rsplit(" > ", 1)[-1]
    return f"{heading}. {unit.lead} {unit.text}"[:MAX_LINE_CHARS]
