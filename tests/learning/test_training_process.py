"""A training in a process of its own gives the same router, and its end is never waited for."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from structlog.testing import capture_logs

from router.learning import training_process
from router.learning.learner import Learner
from router.learning.training_process import TrainingJob, TrainingProcessError, train_in_child
from router.types import Example

CORRECTIONS = [Example("my coat fell apart in a week", "refund", source="feedback", user="U2")]
CHILDREN = {
    "it is killed": "import os; os.kill(os.getpid(), 9)",
    "it ends at once": "",
    "it hangs": "import time; time.sleep(3600)",
}
LIBRARIES = """
import sys
from pathlib import Path
from evals.stand_ins import HashingEncoder
from router.learning.learner import Learner
from router.types import Example

words = "coat refund money parcel late open shop door hour lost ticket print".split()
examples = [Example(f"{word} {n}", "ab"[n % 2]) for n, word in enumerate(words * 2)]
learner = Learner(HashingEncoder(), Path(sys.argv[1]), trains_apart=True)
router = learner.train_base(examples, {"a": "", "b": ""})
assert router.model is not None
print("scipy" in sys.modules)
"""


def learner(encoder, folder, *, apart):
    return Learner(encoder, folder, trains_apart=apart)


def test_a_router_that_was_trained_apart_is_the_same(trigrams, examples, routes, tmp_path):
    routers = []
    for apart in (False, True):
        trainer = learner(trigrams, tmp_path / str(apart), apart=apart)
        base = trainer.train_base(examples, routes)
        routers += [base, trainer.train("T1", base, examples, CORRECTIONS).router]

    base, taught, apart_base, apart_taught = routers
    assert (base.version, taught.version) == (apart_base.version, apart_taught.version)
    assert base.version != taught.version
    for here, apart in ((base, apart_base), (taught, apart_taught)):
        # This process may compute on more threads, which end the optimiser a step apart.
        assert np.allclose(
            here.model.parts.linear.weights, apart.model.parts.linear.weights, atol=0.01
        )
        assert here.model.threshold == pytest.approx(apart.model.threshold, abs=0.01)
        assert list(here.examples) == list(apart.examples)


def test_what_trains_never_comes_into_the_process_that_answers(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LIBRARIES, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["False"], done.stderr


@pytest.mark.parametrize("what", CHILDREN)
def test_where_a_training_apart_fails_it_is_done_here_and_told(
    what, trigrams, examples, routes, tmp_path, monkeypatch
):
    (tmp_path / "broken_child.py").write_text(CHILDREN[what], "utf-8")
    monkeypatch.setattr(training_process, "CHILD", "broken_child")
    monkeypatch.setattr(training_process, "ROOT", tmp_path)
    monkeypatch.setattr(training_process, "MAX_SILENT_SECONDS", 0.2)

    with capture_logs() as logs:
        trainer = learner(trigrams, tmp_path / "router", apart=True)
        base = trainer.train_base(examples, routes)
        result = trainer.train("T1", base, examples, CORRECTIONS)

    assert list(result.used) == CORRECTIONS
    assert {line["event"] for line in logs} == {"not_trained_apart"}
    assert base.decide("I want my money back")[0].scores


def test_an_error_in_the_child_names_no_words_of_people(trigrams, tmp_path):
    arguments = {"examples": [object], "routes": {}, "folder": tmp_path}
    job = TrainingJob("train_saved_router", arguments, tmp_path, 0, 0.05, "trigrams", 256)

    with pytest.raises(TrainingProcessError, match="AttributeError"):
        train_in_child(job, trigrams)
