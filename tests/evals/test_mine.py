"""The measurements of mining, and fitting the request gate on one's own messages."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pytest

from evals.mining.fit_request_gate import FEATURES, fit_request_gate, sample_examples
from evals.mining.mine import means, measure
from evals.mining.streams.chatter import chatter as small_talk
from evals.mining.streams.streams import gate_auroc, read_stream, score_recovery
from evals.mining.streams.synthetic_streams import Corpus, label_nodes, make_stream, read_corpus
from evals.mining.streams.templated import templated
from router.errors import InputError
from workers.mining.pipeline import MiningHistory
from workers.mining.request_gate import load_gate, save_gate

KEYS = (
    *("precision", "recall", "f1", "false_candidates", "ari", "s1_auroc"),
    *("bootstrap_jaccard", "order_jaccard", "cpu_seconds", "peak_mb"),
)


def group(*rows):
    return np.array(rows, np.intp)


def test_a_type_is_found_when_one_group_is_pure_and_holds_most_of_it():
    types = np.array([0] * 10 + [1] * 10 + [-1] * 10)
    found = score_recovery(
        [group(*range(8)), group(*range(10, 15)), group(*range(20, 30)), group(8, 9)], types
    )
    assert (found.precision, found.recall, found.false_candidates, found.duplicates) == (
        0.75,
        0.5,
        1,
        1,
    )

    impure = score_recovery([group(*range(7), 20, 21)], types)
    assert (impure.precision, impure.recall, impure.false_candidates) == (0.0, 0.0, 1)


def test_the_gate_is_judged_on_whole_types_against_what_is_none():
    types = np.array([0] * 10 + [1] * 10 + [-1] * 10)
    whole, part, chat, mixed = (
        group(*rows) for rows in (range(10), range(10, 13), range(20, 30), range(6, 14))
    )
    assert gate_auroc([(whole, 0.9), (chat, 0.1), (mixed, 0.2), (part, 0.05)], types) == 1.0
    assert gate_auroc([(whole, 0.1), (chat, 0.9)], types) == 0.0
    assert gate_auroc([(whole, 0.9)], types) is None


def test_a_line_that_cannot_be_read_is_named(tmp_path):
    path = tmp_path / "stream.jsonl"
    path.write_text('{"text": "a", "user": "u", "at": 1, "type": null}\n{"text": "b"}\n', "utf-8")

    with pytest.raises(InputError, match="line 2"):
        read_stream(path)


@pytest.fixture(scope="module")
def stream(tmp_path_factory, repeated_requests, chatter):
    rows = [(row, name) for name in ("vpn", "invoice", "room") for row in repeated_requests(name)]
    rows += [(row, None) for row in chatter(150)]
    path = tmp_path_factory.mktemp("streams") / "own-50-1.jsonl"
    said = [{"text": row.text, "user": row.user, "at": row.at, "type": kind} for row, kind in rows]
    path.write_text("\n".join(map(json.dumps, said)), "utf-8")

    return path


def test_one_measurement_has_every_figure_that_is_promised(stream, encode):
    result = measure(
        read_stream(stream), encode, 12, MiningHistory(gate=load_gate()), stability=True, peers=True
    )
    assert set(KEYS) <= set(result)
    # Three types, far apart, among small talk: found whole, in whatever order they are read.
    assert (result["precision"], result["recall"], result["shown"]) == (1.0, 1.0, 3)
    assert (result["order_jaccard"], result["bootstrap_jaccard"]) == (1.0, 1.0)
    # k-means has to put the small talk into groups too.
    assert result["peers"]["kmeans_sqrt_n"]["recall"] == 1.0
    assert result["peers"]["kmeans_sqrt_n"]["f1"] < 0.8
    assert (result["peers"]["bertopic_defaults"] is None) == (
        importlib.util.find_spec("bertopic") is None
    )
    together = means([result, result])
    assert together["f1"] == pytest.approx(result["f1"], abs=1e-4)
    assert set(together["peers"]) == {"kmeans_sqrt_n", "bertopic_defaults"}


def test_made_streams_follow_the_seed_and_hold_their_share_of_noise(encode):
    types = {
        f"t{i}": [f"{word} {i} please {n} now" for n in range(60)]
        for i, word in enumerate("abcdefghijklmnop")
    }
    corpus = Corpus(types, {"talk": [f"noise {n} of many things" for n in range(8_000)]})
    one, same = (
        make_stream(corpus, "talk", 0.8, encode, np.random.default_rng(3)) for _ in range(2)
    )
    assert one.texts == same.texts
    assert 0.7 <= (one.types < 0).mean() <= 0.85
    assert len(set(one.types[one.types >= 0].tolist())) == 12


def test_types_of_streams_that_are_held_out_are_not_learnt_from(tmp_path, stream):
    labelled = tmp_path / "own.csv"
    repeated_requests = json.loads(stream.read_text("utf-8").splitlines()[0])["text"]
    labelled.write_text(
        f"text,label\n{repeated_requests},seen\nsomething else here,unseen\nodd,oos\n", "utf-8"
    )
    assert set(read_corpus([labelled], [stream], [stream]).types) == {"own:unseen"}
    assert set(read_corpus([labelled], [stream], [stream], held=True).types) == {"own:seen"}

    with pytest.raises(InputError, match="give a stream"):
        read_corpus([labelled], [tmp_path / "noise.txt"], [])


@pytest.fixture(scope="module")
def own_corpus():
    types = {
        f"t{i}": [f"{word} the thing {n} please" for n in range(60)]
        for i, word in enumerate("abcdefghijklmnop")
    }
    random = np.random.default_rng(0)
    noise = [" ".join(random.choice(list("qrstuvwxyz"), 6)) + str(n) for n in range(3_000)]
    return Corpus(types, {"talk": noise})


def few_examples(corpus, encode):
    """Two short streams: enough to fit something, in a second."""
    random = np.random.default_rng(0)
    streams = [make_stream(corpus, "talk", 0.5, encode, random, types=6) for _ in range(2)]
    return [label_nodes(stream, FEATURES) for stream in streams]


def many_examples(corpus, encode):
    """The command's training data, with one round."""
    return sample_examples(corpus, "talk", encode, 1, 0)


@pytest.mark.parametrize(
    "examples_of", [few_examples, pytest.param(many_examples, marks=pytest.mark.training)]
)
def test_a_gate_can_be_fitted_on_own_messages_and_read_back(
    tmp_path, encode, own_corpus, examples_of
):
    gate = fit_request_gate(examples_of(own_corpus, encode), {"types": 16})

    save_gate(gate, tmp_path / "gate.json")

    assert load_gate(tmp_path / "gate.json") == gate
    assert gate.features == FEATURES


def test_the_less_repeats_the_surer_the_gate_must_be():
    limits = [load_gate().threshold_at(share) for share in (0.0, 0.06, 0.2, 0.35, 0.9)]
    assert limits == sorted(limits, reverse=True)
    assert limits[0] == limits[1] >= limits[2] >= limits[3] == limits[4]


def test_small_talk_and_copied_requests_follow_the_seed():
    talk = [small_talk(50, np.random.default_rng(1)) for _ in range(2)]
    assert talk[0] == talk[1]
    assert not any("{" in text for text in talk[0])
    copied = templated(["please reset the vpn token of Berlin"], 20, np.random.default_rng(1))
    assert len(copied) == 20
    assert templated(["too short"], 20, np.random.default_rng(1)) == []
