"""Wording of a cluster: how alike its texts are. The other half of the gate's features."""

from __future__ import annotations

import re
import zlib
from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workers.mining.linkage import Ints
from workers.mining.mood.asking import EMOJI_NAME, is_mostly_english, load_asking_model

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
REQUEST_OPENING = re.compile(
    r"\A(?:(?:please|hey|hi|hello|ok|okay|so|and|beagle)[, ]+)*"
    r"(?:can|could|would|will|how|what|what's|whats|where|when"
    r"|why|who|which|is|are|do|does|did|i|i'm|i'd|my|please"
    r"|show|tell|give|find|set|make|add|get|check|list|create|let"
    r"|help|need|want|book|change|remove|update)\b",
    re.IGNORECASE,
)
RARE_SHARE = 0.2
"""A word in a smaller share of all rows than this can characterise a cluster."""

DIGITS_TO_ZERO = str.maketrans("123456789", "0" * 9)
COMPRESSION_LEVEL = 6
MAX_ROWS = 400
"""Of a larger cluster an even sample is read."""

RELATIVE_FEATURES = (
    "packed",
    "overlap",
    "variety",
    "length",
    "length_spread",
    "opening",
    "opening_pair",
    "asks",
    "questions",
)
"""Features that are also measured against random groups of the same size."""
BACKGROUND_SIZES = (12, 25, 50, 100, 200, 400)
BACKGROUND_DRAWS = 6

MIN_TOLD_SHARE = 0.5
"""Of fewer rows in a known language nothing is said about their mood."""
NOT_READ = -1.0
TELLING = 0.5
"""Below this probability of asking a row counts as telling something."""

SUBJECT_COVERAGE = 0.6
"""A word in this share of a cluster's rows says what it is about."""
MIN_OTHER_ROWS = 2
"""Other words count from this many rows on: what one row alone has says nothing."""

CORE_WORDS = 4
TOP_WORDS = 3


class TextFeatures:
    """Measures clusters of one list of texts; words are counted once, when it is created."""

    def __init__(self, texts: Sequence[str], seed: int = 0) -> None:
        self._texts = texts
        self._index(texts)

        self._document_frequency = np.bincount(self._words)
        # Inverse document frequency. Each indexed word is in one row at least.
        self._idf = np.log(len(texts) / np.maximum(self._document_frequency, 1))

        # Filled in on first use: most rows are never part of a cluster that is measured.
        self._own_bytes = np.zeros(len(texts), np.int32)
        self._plain: dict[int, str] = {}
        self._asks = np.full((len(texts), 2), -1, np.int8)
        self._mood = np.full(len(texts), NOT_READ, np.float32)
        self._is_english = is_mostly_english(texts)
        self._background = self._sample_background(np.random.default_rng(seed))

    def measure(self, rows: Ints) -> dict[str, float]:
        """Returns the features of the cluster with these rows, by name.

        Each grows or falls with regularity, whatever the size of the cluster. Those that end in
        `_for_here` compare it with as many random rows of the same input.
        """
        rows = rows[:: -(-len(rows) // MAX_ROWS)]
        own = self._absolute_features(rows)
        log_size = np.log(len(rows))
        features = dict(own)

        for name in RELATIVE_FEATURES:
            usual = float(np.interp(log_size, np.log(BACKGROUND_SIZES), self._background[name]))
            # Sizes are compared as a ratio, everything else as a difference.
            relative = own[name] / usual if name == "packed" else own[name] - usual
            features[f"{name}_for_here"] = relative

        return features | self._mood_features(rows)

    def _index(self, texts: Sequence[str]) -> None:
        """Numbers the words of all texts; flat arrays take far less memory than nested lists."""
        word_ids: dict[str, int] = {}
        opening_ids: dict[str, int] = {}
        pair_ids: dict[str, int] = {}
        words = array("i")
        ends = array("q", [0])
        lengths = array("i")
        openings = array("i")
        pairs = array("i")

        for text in texts:
            tokens = WORD.findall(EMOJI_NAME.sub(" ", text.lower()))
            # Each word counts once a row.
            words.extend(sorted({word_ids.setdefault(token, len(word_ids)) for token in tokens}))
            ends.append(len(words))
            lengths.append(len(tokens))
            openings.append(opening_ids.setdefault(" ".join(tokens[:1]), len(opening_ids)))
            pairs.append(pair_ids.setdefault(" ".join(tokens[:2]), len(pair_ids)))

        self._words = np.array(words, np.int32)
        self._ends = np.array(ends, np.int64)
        self._lengths = np.array(lengths)
        self._openings = np.array(openings)
        self._opening_pairs = np.array(pairs)

    def _absolute_features(self, rows: Ints) -> dict[str, float]:
        n = len(rows)
        asks, questions = self._request_shares(rows)
        row_of, words = self._words_of(rows)
        vocabulary, positions, counts = np.unique(words, return_inverse=True, return_counts=True)
        total = max(int(counts.sum()), 2)
        lengths = self._lengths[rows]

        return {
            **self._jaccard_overlap(n, vocabulary, counts),
            **self._core_words(row_of, vocabulary, positions, counts, n),
            "packed": self._compression_ratio(rows),
            # Herdan's C, log(types) / log(tokens), with each word counted once a row.
            "variety": float(np.log(max(len(vocabulary), 1)) / np.log(total)),
            "length_spread": float(lengths.std() / max(float(lengths.mean()), 1.0)),
            "length": float(np.log(lengths.mean() + 1)),
            "opening": _normalised_entropy(self._openings[rows]),
            "opening_pair": _normalised_entropy(self._opening_pairs[rows]),
            "asks": asks,
            "questions": questions,
        }

    def _words_of(self, rows: Ints) -> tuple[Ints, Ints]:
        """Returns for each word of these rows its row, as a position in `rows`, and the word."""
        start = self._ends[rows]
        count = self._ends[rows + 1] - start
        row_of = np.repeat(np.arange(len(rows)), count)

        # A ragged gather without a loop: shift a running index to where each row's words start.
        offset = start - (np.cumsum(count) - count)
        return row_of, self._words[np.arange(len(row_of)) + offset[row_of]]

    def _jaccard_overlap(self, n: int, vocabulary: Ints, counts: Ints) -> dict[str, float]:
        """Returns the Jaccard overlap of two rows in expectation; plain, and weighted by rarity.

        A word in `c` of `n` rows is shared by a random pair with probability c (c - 1) / n (n - 1),
        so that no pair has to be compared.
        """
        shared_by_pair = counts * (counts - 1) / (n * (n - 1))
        idf = self._idf[vocabulary]
        shared = float(shared_by_pair.sum())
        both = 2 * float(counts.sum()) / n
        shared_weighted = float((shared_by_pair * idf).sum())
        both_weighted = 2 * float((counts * idf).sum()) / n

        return {
            "overlap": shared / max(both - shared, 1e-9),
            "overlap_rare": shared_weighted / max(both_weighted - shared_weighted, 1e-9),
        }

    def _core_words(
        self, row_of: Ints, vocabulary: Ints, positions: Ints, counts: Ints, n: int
    ) -> dict[str, float]:
        """Returns how well a few characteristic words cover the cluster and nothing else.

        `row_of` and `positions` give, for each word of each row, its row and its position in
        `vocabulary`. Coverage and exclusiveness are recall and precision of a word as a description
        of the cluster; their geometric mean ranks the words.
        """
        coverage = counts / n
        exclusiveness = counts / self._document_frequency[vocabulary]
        is_rare = self._idf[vocabulary] > -np.log(RARE_SHARE)
        rare_coverage = np.sort(coverage * is_rare)[::-1][:TOP_WORDS]
        quality = np.sqrt(coverage * exclusiveness)

        is_core = np.zeros(len(vocabulary), bool)
        is_core[np.argsort(-quality, kind="stable")[:CORE_WORDS]] = True
        core_words_in_row = np.bincount(row_of, weights=is_core[positions], minlength=n)
        best = np.sort(quality)[::-1][:TOP_WORDS]

        # Of each row the word beside those of the subject that is most a word of the cluster alone.
        is_other = (coverage < SUBJECT_COVERAGE) & (counts >= MIN_OTHER_ROWS)
        exclusiveness_of_others = np.where(is_other, exclusiveness, 0.0)
        best_other = np.zeros(n)
        np.maximum.at(best_other, row_of, exclusiveness_of_others[positions])

        return {
            "other_words": float(best_other.mean()),
            "top_word": float(rare_coverage[0]) if len(rare_coverage) else 0.0,
            "top_words": float(rare_coverage.sum() / TOP_WORDS),
            "own_word": float(best[0]) if len(best) else 0.0,
            "own_words": float(best.sum() / TOP_WORDS),
            "core": float((core_words_in_row > 0).mean()),
            "core_twice": float((core_words_in_row > 1).mean()),
        }

    def _request_shares(self, rows: Ints) -> tuple[float, float]:
        """Returns the shares of rows that open like a request, and that hold a question mark."""
        for row in rows[self._asks[rows, 0] < 0]:
            text = self._texts[row]
            self._asks[row] = REQUEST_OPENING.match(text) is not None, "?" in text

        asks, questions = self._asks[rows].mean(0)
        return float(asks), float(questions)

    def _mood_features(self, rows: Ints) -> dict[str, float]:
        """Returns how probably the rows ask for something, 0-1; 1 where most cannot be told."""
        model = load_asking_model()
        for row in rows[self._mood[rows] == NOT_READ]:
            self._mood[row] = model.probability(self._texts[row], is_among_english=self._is_english)

        told = self._mood[rows]
        told = told[~np.isnan(told)]
        if len(told) < len(rows) * MIN_TOLD_SHARE:
            return {"asking": 1.0, "telling": 0.0}

        return {"asking": float(told.mean()), "telling": float((told < TELLING).mean())}

    def _compression_ratio(self, rows: Ints) -> float:
        """Returns the size of the rows compressed together, relative to one by one.

        Little new information in each row makes it small, as in the normalised compression distance
        (Cilibrasi and Vitanyi 2005). All digits are made equal first.
        """
        for row in rows[self._own_bytes[rows] == 0].tolist():
            self._plain[row] = self._texts[row].lower().translate(DIGITS_TO_ZERO)
            self._own_bytes[row] = _compressed_bytes(self._plain[row])

        together = "\n".join(sorted(map(self._plain.__getitem__, rows.tolist())))
        return _compressed_bytes(together) / float(self._own_bytes[rows].sum())

    def _sample_background(self, random: np.random.Generator) -> dict[str, NDArray[np.float64]]:
        """Returns the mean features of random groups, one figure for each of BACKGROUND_SIZES."""
        n = len(self._texts)
        means = []

        for size in BACKGROUND_SIZES:
            groups = [
                self._absolute_features(np.sort(random.choice(n, min(size, n), replace=False)))
                for _ in range(BACKGROUND_DRAWS)
            ]
            means.append([np.mean([group[name] for group in groups]) for name in RELATIVE_FEATURES])

        return dict(zip(RELATIVE_FEATURES, np.array(means).T, strict=True))


def _compressed_bytes(text: str) -> int:
    return len(zlib.compress(text.encode("utf-8", "replace"), COMPRESSION_LEVEL))


def _normalised_entropy(codes: Ints) -> float:
    """Returns the entropy of the values over its maximum: 0 all the same, 1 all different."""
    shares = np.unique(codes, return_counts=True)[1] / len(codes)
    return float(-(shares * np.log(shares)).sum() / np.log(max(len(codes), 2)))
