import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import evals
from evals.routing.corrections import run_trial
from evals.routing.robustness import CHANGES, flip_shares
from evals.routing.router import train_and_answer
from evals.routing.router_data import (
    CachedEncoder,
    Trial,
    draw_trial,
    hide_siblings,
    labels_of_domain,
    read_rows,
    without_names,
)
from evals.routing.router_plot import draw_plot
from evals.routing.router_scores import (
    RouterAnswers,
    auroc,
    by_route,
    confusions,
    mean_figures,
    scores,
)
from evals.tiers.choice import read_answers, replay
from evals.weekly.drift import Simulation, simulate_input_shift
from router.config import Settings
from router.decide import Router
from router.errors import InputError


@pytest.fixture
def data(tmp_path: Path, examples) -> Path:
    lines = ["split,text,label"]
    for i, example in enumerate(examples):
        lines.append(f'{"test" if i % 4 == 3 else "train"},"{example.text}",{example.route}')

    lines += ["test,xylophone quartz fjord vex,oos", "valid,the moon is made of cheese,oos"]
    path = tmp_path / "shop.csv"
    path.write_text("\n".join(lines), "utf-8")

    return path


def test_an_evaluation_gives_every_figure_as_a_share(data, trigrams):
    _, said, spent = train_and_answer(
        draw_trial(read_rows(data), None, 0), CachedEncoder(trigrams), 0, 0.05
    )

    found = scores(said)

    # The words of each route are its own, and the two strangers use none of them.
    expected = {
        "accuracy": 1.0,
        "top3": 1.0,
        "ece": 0.2,
        "oos_auroc": 1.0,
        "oos_fpr95": 0.0,
        "in_scope_at_fr": 0.875,
        "oos_recall_at_fr": 1.0,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=0.05)
    assert spent > 0


def test_shots_are_drawn_by_the_seed(data):
    rows = read_rows(data)

    assert draw_trial(rows, 2, 0) == draw_trial(rows, 2, 0)
    assert draw_trial(rows, 2, 0) != draw_trial(rows, 2, 1)
    assert len(draw_trial(rows, 2, 0).train) == 8


def test_strangers_teach_only_when_asked(data):
    rows = read_rows(data)

    assert draw_trial(rows, None, 0).oos_texts == ()
    assert draw_trial(rows, None, 0, use_oos=True).oos_texts == ("the moon is made of cheese",)


def test_a_domain_makes_all_other_messages_strangers(data, tmp_path):
    (tmp_path / "shop_domains.json").write_text(json.dumps({"money": ["refund"]}))

    trial = draw_trial(read_rows(data), None, 0, labels_of_domain(data, "money", None))

    assert trial.routes == ("refund",)
    assert {row.label for row in trial.test} == {"refund", "oos"}


def test_an_unknown_domain_is_refused_with_the_known_ones(data, tmp_path):
    (tmp_path / "shop_domains.json").write_text(json.dumps({"money": ["refund"]}))

    with pytest.raises(InputError, match="known: money"):
        labels_of_domain(data, "work", None)


def test_hidden_siblings_become_the_only_strangers(data, trigrams):
    trial = hide_siblings(draw_trial(read_rows(data), None, 0), 0, trigrams)

    assert len(trial.routes) == 3
    assert {row.label for row in trial.test} == {*trial.routes, "oos"}
    assert all(example.route in trial.routes for example in trial.train)


def test_without_names_labels_say_nothing(data):
    trial = without_names(draw_trial(read_rows(data), None, 0))

    assert trial.routes == ("0000", "0001", "0002", "0003")
    assert {row.label for row in trial.test} <= {*trial.routes, "oos"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("text,label\na,b", "no column split"),
        ("split,text,label\ntrain,a,b", "no line of split 'test'"),
        ("", "no column"),
    ],
)
def test_a_file_of_another_shape_is_refused_in_words(tmp_path, content, says):
    path = tmp_path / "bad.csv"
    path.write_text(content)

    with pytest.raises(InputError, match=says):
        read_rows(path)


def test_auroc_counts_pairs_and_halves_ties():
    assert auroc(np.array([2.0, 3.0]), np.array([1.0])) == 1.0
    assert auroc(np.array([1.0, 1.0]), np.array([1.0])) == 0.5
    assert auroc(np.array([1.0]), np.empty(0)) is None


def router_answers(chances, labels, fit):
    return RouterAnswers(("a", "b"), labels, tuple(labels), np.array(chances), np.array(fit), 0.5)


def test_accepted_and_right_is_stricter_than_right():
    found = scores(
        router_answers([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]], ("a", "b", "oos"), [0.9, 0.1, 0.2])
    )

    assert (found["accuracy"], found["in_scope_at_fr"], found["oos_recall_at_fr"]) == (
        1.0,
        0.5,
        1.0,
    )


def test_confusions_show_the_messages():
    found = confusions(router_answers([[0.1, 0.9], [0.2, 0.8]], ("a", "b"), [1.0, 1.0]))

    assert found == [{"wanted": "a", "got": "b", "count": 1, "texts": ["a"]}]


def test_the_weakest_route_comes_first():
    assert [
        one["route"]
        for one in by_route(router_answers([[0.1, 0.9], [0.2, 0.8]], ("a", "b"), [1, 1]))
    ] == ["a", "b"]


def test_means_leave_out_what_is_missing():
    assert mean_figures(
        [{"x": 1.0, "y": None, "z": {"w": 1}}, {"x": 3.0, "y": None, "z": {"w": 2}}]
    ) == {
        "x": 2.0,
        "y": None,
        "z": {"w": 1.5},
    }


def test_the_plot_is_whole_xml():
    picture = draw_plot(
        router_answers([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]], ("a", "b", "oos"), [0.9, 0.1, 0.2])
    )

    assert ET.fromstring(picture).tag.endswith("svg")


def test_a_replay_sends_the_groups_that_gain_most_to_the_strong_model(tmp_path):
    rows = ["group,text,weak_correct,strong_correct"]
    rows += ["easy,q,1,1"] * 50 + ["hard,q,0,1"] * 50
    path = tmp_path / "answers.csv"
    path.write_text("\n".join(rows))

    found = replay(read_answers(path), 0.02, 20.0, 0)

    assert found["accuracy"] == 1.0
    assert found["strong_share"] == 0.5
    assert 0.4 <= found["strong_share_at_95"] <= 0.5
    assert found["apgr"] > 0.6


def test_answers_that_are_no_numbers_are_refused(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("group,text,weak_correct,strong_correct\n" + "a,q,yes,no\n" * 9)

    with pytest.raises(InputError, match="right answers as 1"):
        read_answers(path)


def test_nothing_that_is_no_word_flips_a_decision(examples, trigrams, routes):
    router = Router.train(examples, trigrams, routes)

    found = flip_shares(router, [example.text for example in examples], np.random.default_rng(0))

    assert set(found) == set(CHANGES)
    assert [
        found[name] for name in ("capitals", "closing", "emoji", "code", "quote", "greeting")
    ] == [0.0] * 6


def test_a_trial_without_routes_left_needs_no_names():
    assert without_names(Trial((), (), ())) == Trial((), (), ())


SHAPES = {
    "one example a label": "split,text,label\n"
    + "".join(
        f"train,{word} please,{word}\ntest,I want {word},{word}\n"
        for word in ("tea", "rice", "soup", "bread")
    ),
    "one label": "split,text,label\ntrain,more tea,tea\ntrain,tea please,tea\ntest,tea,tea\n",
    "two labels, one of them barely": "split,text,label\n"
    "train,more tea,tea\ntrain,tea please,tea\ntrain,rice,rice\n"
    "test,tea,tea\ntest,my rice,rice\n",
    "other columns, other order, a mark of its encoding": "\ufefflabel,id,text,split\n"
    "tea,7,more tea,train\n"
    "rice,8,more rice,train\ntea,9,tea,test\noos,10,the moon,test\n",
    "other scripts and empty lines": "split,text,label\n"
    "train,お茶をください,お茶\ntrain,ещё риса,рис\n,,\n"
    'test,"お茶\nありがとう 🍵",お茶\ntest,риса,рис\n',
    "a test label without a train row": "split,text,label\n"
    "train,more tea,tea\ntrain,more rice,rice\ntest,tea,tea\n"
    "test,soup,soup\n",
    "the same text twice, under two labels": "split,text,label\n"
    "train,more,tea\ntrain,more,rice\ntrain,tea,tea\n"
    "test,tea,tea\n",
}


HALF_RIGHT = ("other scripts and empty lines",)
"""Where one of the two test rows shares no piece of a word with its route's examples."""


@pytest.mark.parametrize("shape", SHAPES)
def test_files_of_every_shape_are_measured(tmp_path, trigrams, shape):
    path = tmp_path / "odd.csv"
    path.write_text(SHAPES[shape], "utf-8")

    for shots in (None, 5):
        trial = draw_trial(read_rows(path), shots, 0)
        _, found, _ = train_and_answer(trial, CachedEncoder(trigrams), 0, 0.05)
        figures = scores(found)
        assert figures["accuracy"] == (0.5 if shape in HALF_RIGHT else 1.0)
        assert json.dumps({**figures, "confusions": confusions(found), "by_route": by_route(found)})
        assert ET.fromstring(draw_plot(found)).tag.endswith("svg")


def test_siblings_are_hidden_only_where_three_routes_are(tmp_path, trigrams):
    path = tmp_path / "two.csv"
    path.write_text(SHAPES["two labels, one of them barely"], "utf-8")

    with pytest.raises(InputError, match="--near needs three"):
        hide_siblings(draw_trial(read_rows(path), None, 0), 0, trigrams)


def test_the_simulated_weeks_of_a_drift_give_shares_and_delays(tmp_path, trigrams):
    words = ("apple", "pear", "plum", "fig", "lime")
    lines = ["split,text,label"]

    for label in ("fruit", "tools", "rivers"):
        texts = [f"{a} {b} {c} {label}" for a in words for b in words for c in words]
        lines += [
            f'{"test" if i % 4 == 3 else "train"},"{text}",{label}' for i, text in enumerate(texts)
        ]

    path = tmp_path / "weeks.csv"
    path.write_text("\n".join(lines), "utf-8")
    question = Simulation(requests=50, weeks=4, seeds=2)

    found = simulate_input_shift(
        read_rows(path), 2, question, CachedEncoder(trigrams), Settings(_env_file=None)
    )

    assert found["quiet_weeks"] == 8
    assert 0 <= found["ci95"][0] <= found["false_alarms"] <= found["ci95"][1] <= 1
    assert set(found["noticed"]) == set(found["median_weeks"]) == {"0.1", "0.25", "0.5"}

    with pytest.raises(InputError, match="too few"):
        simulate_input_shift(
            read_rows(path),
            1,
            Simulation(100, 4, 1),
            CachedEncoder(trigrams),
            Settings(_env_file=None),
        )


def test_the_measure_of_corrections_reads_a_message_as_the_product_does(data, trigrams):
    rows = read_rows(data)
    mistyped = []
    for row in rows:
        is_tested = row.split == "test"
        text = row.text.replace("parcel", "parecl").replace("shop", "sohp")
        mistyped.append(replace(row, text=text if is_tested else row.text))

    assert mistyped != rows
    plain = run_trial(rows, 5, 2, 2, 0, CachedEncoder(trigrams))
    mended = run_trial(mistyped, 5, 2, 2, 0, CachedEncoder(trigrams))
    assert plain["accuracy_before"] == mended["accuracy_before"] > 0.8


def test_no_evaluation_asks_the_classifier_behind_the_routers_back():
    """`Router.predict` mends mistyped words, as a decision does; the model alone does not."""
    folder = Path(evals.__file__).parent
    found = [path for path in folder.rglob("*.py") if ".model.predict(" in path.read_text("utf-8")]
    assert found == []
