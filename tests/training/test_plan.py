"""A training's plan agrees with what others have published."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot.cli import __main__ as command_line
from router.candidate_evidence import CandidateEvidence
from router.errors import InputError
from router.types import Candidate
from workers.llm.pricing import Price
from workers.readiness.roi import TuningCosts
from workers.training.plan import CARDS, plan_training
from workers.training.plan.candidate import plan_here
from workers.training.plan.memory import METHODS, adapter_parameters
from workers.training.plan.serving import Traffic, plan_serving
from workers.training.plan.shapes import SHAPES, find_shape

PROMPTED = ("dear", Price(2.5e-6, 1.25e-6, 10e-6))
SERVICE = Price(2e-7, 2e-7, 2e-7)


def plan(base, method, rows=10_000, **more):
    return plan_training(base, method, rows, **more)


# The sizes that the models' own papers and cards give.
@pytest.mark.parametrize(
    ("base", "parameters"),
    [
        ("smollm2-135m", 134.5e6),
        ("gemma-3-270m", 268.1e6),
        ("qwen2.5-0.5b", 0.494e9),
        ("qwen2.5-7b", 7.62e9),
        ("mistral-7b", 7.25e9),
        ("llama-7b", 6.74e9),
        ("llama-3-8b", 8.03e9),
        ("llama-65b", 65.3e9),
        ("llama-3-70b", 70.6e9),
        ("gpt-3-175b", 175e9),
    ],
)
def test_every_known_shape_has_the_published_number_of_parameters(base, parameters):
    assert SHAPES[base].parameters == pytest.approx(parameters, rel=0.005)


def test_an_adapter_has_as_many_weights_as_the_one_that_is_trained_here():
    # Rank 16 beside every linear layer of SmolLM2-135M: 4.88 million.
    assert adapter_parameters(SHAPES["smollm2-135m"], 16) == pytest.approx(4.88e6, rel=0.005)


def test_lora_trains_ten_thousand_times_fewer_parameters_of_gpt_3_in_a_third_of_the_memory():
    """Hu et al. 2021 (arXiv 2106.09685): 10,000 times fewer, 3 times less memory."""
    full, lora = plan("gpt-3-175b", "full"), plan("gpt-3-175b", "lora")

    fewer = full.trainable_parameters[0] / lora.trainable_parameters[0]
    less = full.memory.total[0] / lora.memory.total[0]
    assert fewer == pytest.approx(10_000, rel=0.1)
    assert less == pytest.approx(3, rel=0.1)


def test_qlora_trains_65b_on_one_card_of_48_gb_where_16_bits_do_not_fit():
    """Dettmers et al. 2023 (arXiv 2305.14314): rank 64, 512 tokens; 16 bits take over 780 GB."""
    card = CARDS[1]
    four_bit = plan("llama-65b", "qlora", rank=64, card=card)

    assert card.memory_gb == 48
    assert four_bit.gpus[0] == 1
    assert four_bit.memory.total[0] < 48
    assert plan("llama-65b", "lora", card=card).gpus[0] > 1
    assert plan("llama-65b", "full").memory.total[1] > 780


@pytest.mark.parametrize("rows", [10_000, 100_000])
def test_a_full_training_of_70b_costs_what_is_published(rows):
    """The published range is 5,000 to 30,000 USD, for a project with its trials."""
    low, high = plan("llama-3-70b", "full", rows).usd

    assert low <= 30_000
    assert high >= 5_000


def test_a_full_training_of_100000_rows_spans_the_published_range():
    low, high = plan("llama-3-70b", "full", 100_000).usd

    assert low < 5_000 < 30_000 < high


def test_adam_in_32_bits_takes_16_bytes_a_parameter():
    """ZeRO (arXiv 1910.02054): 2 for the weight, 2 for the gradient, 12 for the optimiser."""
    memory = plan("llama-7b", "full").memory
    states = memory.weights[1] + memory.gradients[1] + memory.optimiser[1]

    assert states == pytest.approx(16 * SHAPES["llama-7b"].parameters / 1e9)


def test_training_here_takes_what_was_measured():
    """326 CPU seconds for 300 examples of about 60 tokens in three epochs, on two cores."""
    evidence = CandidateEvidence(count=300, examples=("",))
    candidate = Candidate("c", "T", "boxes", "sorts boxes", "digested", evidence=evidence)
    low, high = plan_here(candidate, "local", 16).hours

    assert low < 326 / 3600 < high


@given(
    st.sampled_from(sorted(SHAPES)),
    st.sampled_from(METHODS),
    st.integers(1, 10**6),
    st.integers(1, 10**6),
)
def test_more_rows_never_cost_less_and_low_is_never_above_high(base, method, fewer, more):
    fewer, more = sorted((fewer, more))
    small, large = plan(base, method, fewer), plan(base, method, more)

    assert small.usd[0] <= large.usd[0]
    assert small.usd[1] <= large.usd[1]
    for span in (
        small.trainable_parameters,
        small.memory.total,
        small.gpus,
        small.hours,
        small.usd,
    ):
        assert 0 < span[0] <= span[1]


@given(st.sampled_from(sorted(SHAPES)))
def test_four_bits_need_less_than_sixteen_and_an_adapter_less_than_everything(base):
    qlora, lora, full = (plan(base, method).memory.total for method in ("qlora", "lora", "full"))

    assert qlora[0] < lora[0] < full[0]
    assert qlora[1] < lora[1] < full[1]


def test_a_folder_with_a_config_is_a_base(tmp_path):
    (tmp_path / "config.json").write_text(
        json.dumps(
            {
                "num_hidden_layers": 32,
                "hidden_size": 4096,
                "intermediate_size": 14336,
                "num_attention_heads": 32,
                "num_key_value_heads": 8,
                "vocab_size": 128256,
            }
        ),
        "utf-8",
    )

    assert find_shape(str(tmp_path)) == SHAPES["llama-3-8b"]
    (tmp_path / "config.json").write_text("{}", "utf-8")
    with pytest.raises(InputError, match="num_hidden_layers"):
        find_shape(str(tmp_path))
    with pytest.raises(InputError, match="llama-3-8b"):
        find_shape("unheard-of")


def serving(method, calls, prompted=PROMPTED):
    return plan_serving(
        plan("llama-3-8b", method),
        Traffic(calls=calls),
        prompted,
        lambda _: SERVICE,
        TuningCosts(training_usd=0.0, retrain_usd=0.0),
    )


def test_serving_pays_sooner_with_more_calls_and_never_with_few():
    few, many = serving("lora", 1_000), serving("lora", 1_000_000)

    assert few.break_even_months is None
    assert 0 < many.break_even_months[0] <= many.break_even_months[1] < 12
    assert few.usd_per_month[1] == many.usd_per_month[1]


def test_a_model_of_its_own_is_not_served_by_the_token():
    (way,) = serving("full", 1_000).ways

    assert "card of its own" in way[0]
    assert len(serving("qlora", 1_000).ways) == 2


def test_the_command_prints_ranges():
    arguments = ["plan", "--base", "llama-3-8b", "--method", "qlora", "--rows", "10000", "--json"]
    result = CliRunner().invoke(command_line.app, arguments)

    body = json.loads(result.stdout)
    for name in ("trainable_parameters", "memory_gb", "gpus", "hours", "usd"):
        low, high = body[name]
        assert 0 < low <= high


def test_the_command_says_what_is_allowed():
    result = CliRunner().invoke(command_line.app, ["plan", "--method", "magic"])

    assert "qlora, lora, full, rft" in str(result.exception)
