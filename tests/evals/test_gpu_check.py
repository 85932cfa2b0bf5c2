"""The check for a rented card: without one it says so, before anything is trained."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import __main__ as command_line
from router.errors import InputError
from tests.fixtures.tiny_model import tiny_base

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.model,
    pytest.mark.training,
    pytest.mark.usefixtures("training_packages"),
    pytest.mark.filterwarnings("ignore:.*SwigPy.*:DeprecationWarning"),
]


def test_without_a_card_it_says_so(tmp_path):
    import torch

    if torch.cuda.is_available():
        pytest.skip("a GPU is here")

    base = tiny_base(tmp_path, ["red"])
    result = CliRunner().invoke(command_line.app, ["eval", "gpu_check", str(base), "--json"])
    assert isinstance(result.exception, InputError)
    assert "finds no GPU" in str(result.exception)


def test_make_has_a_target_for_it():
    assert "eval gpu_check" in (ROOT / "Makefile").read_text("utf-8")
    assert importlib.util.find_spec("evals.tuning.gpu_check") is not None
