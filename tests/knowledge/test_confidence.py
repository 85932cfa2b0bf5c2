"""Whether a quote is shown depends on all that is known of it, by a model that fits the code."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.index import Hit
from workers.knowledge.relevance.confidence import (
    FEATURES,
    FILE,
    ConfidenceModel,
    confidence_features,
    confidence_model,
)
from workers.knowledge.relevance.features import match_passages
from workers.knowledge.relevance.line_meaning import LineMeaning
from workers.knowledge.relevance.ranking import shipped_model


def hit(number: int, body: str) -> Hit:
    return Hit(
        chunk=number,
        document=f"page-{number}",
        title="Site > Rules",
        url="",
        body=body,
        updated_at=0.0,
        score=1.0,
        lexical=None,
        semantic=None,
        acl="",
        similarity=None,
    )


def features(*near: LineMeaning, question: str = "When is soup served?") -> dict[str, float]:
    hits = [hit(1, "Soup is served at noon."), hit(2, "The garage closes at nine.")]
    matches = match_passages(question, hits, shipped_model().vectors)
    row = confidence_features(question, matches, near, 0.5)
    return dict(zip(FEATURES, row.tolist(), strict=True))


def test_the_shipped_model_was_fitted_on_the_features_that_the_code_has():
    model = confidence_model(is_scored=False)

    assert 0 < model.min_doubtful < model.min_answer < 1
    assert len(model.model.weights) == len(FEATURES)


def test_a_model_of_other_features_is_refused(tmp_path):
    fields = json.loads(FILE.read_text("utf-8"))
    other = tmp_path / "confidence.json"
    other.write_text(json.dumps(fields | {"features": fields["features"][1:]}), "utf-8")

    with pytest.raises(ValueError, match="fit_confidence"):
        ConfidenceModel.load(other)


def test_a_line_far_above_those_of_other_passages_is_surer_than_one_of_many():
    alone = features(LineMeaning(0, 0, 0.5, 1.2), LineMeaning(1, 0, 0.1, 0.2))
    one_of_many = features(LineMeaning(0, 0, 0.5, 1.2), LineMeaning(1, 0, 0.5, 1.19))
    assert alone["margin"] > one_of_many["margin"]

    chance = confidence_model(is_scored=False).chance
    rows = [np.array(list(row.values())) for row in (alone, one_of_many)]
    assert chance(rows[0]) > chance(rows[1])


def test_the_only_sentence_there_is_can_answer():
    near = LineMeaning(0, 0, 0.7, 1.6)
    row = features(near)

    assert row["margin"] == near.score
    chance = confidence_model(is_scored=False).chance(np.array(list(row.values())))
    assert chance > confidence_model(is_scored=False).min_answer


def test_nothing_that_can_be_quoted_has_no_chance():
    assert confidence_model(is_scored=False).chance(None) == 0.0


@given(st.lists(st.floats(allow_nan=True, allow_infinity=False, width=32),
                min_size=len(FEATURES), max_size=len(FEATURES)))  # fmt: skip
def test_a_chance_is_a_probability_whatever_the_features(row):
    assert 0 <= confidence_model(is_scored=False).chance(np.array(row, np.float64)) <= 1
