"""The settings of the weekly loop: mining, readiness, money, training, promotion. `router/config.py` reads them."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings


class LoopSettings(BaseSettings):
    """The part of `Settings` that the weekly loop goes by; never built by itself."""

    # The weekly loop
    digest_day: Literal[
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
    ] = "monday"
    """The day of the digest."""
    digest_hour: int = Field(9, ge=0, le=23)
    """The hour of that day from which it is made and posted."""
    digest_zone: str = "UTC"
    """The time zone of that hour, such as Europe/Berlin."""
    mine_people: int = Field(5, ge=1)
    """People who must have asked before a candidate is shown."""
    mine_rows: int = Field(30, ge=1)
    """Requests in four weeks that a candidate needs."""
    mine_most_share: float = Field(0.5, gt=0, le=1)
    """The most of a candidate that one person may have asked."""
    mine_weeks: int = Field(2, ge=1, le=4)
    """In how many of the last four weeks it must have been asked."""
    ready_prompt_examples: int = Field(50, ge=1)
    """Judged answers that show what the prompt can do."""
    ready_prompt_target: float = Field(0.9, gt=0, le=1)
    """The share of right answers from which the prompt is kept."""
    ready_volatile: float = Field(0.1, ge=0, le=1)
    """The share of near-identical requests whose answers may change before retrieval is advised."""
    ready_documents_help: float = Field(0.05, gt=0, le=1)
    """How much better answers must get with documents at hand before retrieval is advised."""
    ready_rules: int = Field(20, ge=1)
    """Rules in a prompt from which a task is not narrow."""
    ready_prompt_words: int = Field(1000, ge=1)
    """Words of a prompt from which a task is not narrow."""
    ready_one_form: float = Field(0.95, gt=0, le=1)
    """The share of answers that must have one form."""
    ready_labels: int = Field(20, ge=2)
    """Labels, counted by their entropy, that answers may choose from."""
    ready_stable_weeks: int = Field(4, ge=1, le=4)
    """Weeks for which the version that answers must not have changed."""
    ready_corrected: float = Field(0.1, ge=0, le=1)
    """The share of answers that may have been corrected."""
    ready_examples: int = Field(500, ge=1)
    """Good answers from which tuning makes sense."""
    ready_head_within: float = Field(0.0, ge=0, le=1)
    """How far a linear head may stay behind what is hoped for from tuning and still be
    preferred."""
    ready_months: float = Field(6.0, ge=0)
    """Months before its base model ends by which tuning must have paid for itself."""
    tuned_model: str = "ft:gpt-4o-mini-2024-07-18"
    """The model whose price stands for a tuned one, by its name in litellm."""
    reference_model: str = ""
    """The prompted model that a local one's answers are priced as, by its name in litellm; for
    the money alone."""
    review_hours: float = Field(8.0, ge=0)
    """Hours of a person to review a dataset."""
    hour_usd: float = Field(60.0, ge=0)
    """What such an hour costs, in USD."""
    training_usd: float = Field(20.0, ge=0)
    """What one training costs, in USD; no public list has it."""
    hosting_usd: float = Field(0.0, ge=0)
    """What serving the tuned model costs a month besides its tokens, in USD."""

    # From an approved candidate to a live version
    reflection_model: str = ""
    """The model that rewrites a prompt's instructions, by its name in litellm; empty or `local`:
    nobody does."""
    optimise_calls: int = Field(400, ge=0)
    """Calls that making the most of a prompt may take, and as many that comparing it with
    documents may take."""
    optimise_usd: float = Field(2.0, ge=0)
    """USD that each of these may take."""
    ready_retrieval: float = Field(0.05, ge=0, le=1)
    """How many more answers, as a share, must be right with documents at hand before retrieval
    is what is missing."""
    teacher_model: str = ""
    """The model that answers what a dataset lacks, by its name in litellm; empty: the one that
    answers people."""
    teacher_calls: int = Field(200, ge=0)
    """Calls that a dataset's teacher may take; 0 is no teacher."""
    teacher_usd: float = Field(1.0, ge=0)
    """USD that it may take."""
    dataset_rows: int = Field(50, ge=10)
    """Accepted examples that training needs at least."""
    dataset_most_of_one: float = Field(0.2, gt=0, le=1)
    """The most of a dataset that may come from one person."""
    dataset_sample: int = Field(20, ge=5)
    """Examples, drawn by chance, that a person must look at before the rest may be accepted at
    once."""
    dataset_most_wrong: float = Field(0.1, ge=0, lt=1)
    """The share of that sample that may have been wrong."""
    tune_epochs: int = Field(3, ge=1)
    """How often training goes through the examples at most."""
    tune_rank: int = Field(8, ge=1)
    """The rank of the adapter's matrices."""
    tune_replay: float = Field(0.1, ge=0, le=0.5)
    """The share of general examples mixed into training against forgetting; 0 mixes none in."""
    tune_four_bit: bool = False
    """Whether the base is loaded in 4 bits for training (QLoRA), which needs a GPU and
    bitsandbytes."""
    prove_rows: int = Field(2, ge=0)
    """Test rows of every other route that are asked before and after an adapter is loaded."""
    shadow_calls: int = Field(200, ge=1)
    """Requests that a version must have run beside the live one before a person may let it in."""
    shadow_hours: float = Field(336.0, ge=0)
    """Hours in shadow after which fewer requests, 20 at least, will do; 0 is never."""
    shadow_twice: float = Field(0.2, ge=0, le=1)
    """The share of those requests that the live version answers once more, to see how well it
    agrees with itself."""
    canary_calls: int = Field(50, ge=1)
    """Answers that a version must have given at each step on its way to everybody."""
    rollback_corrected: float = Field(0.05, ge=0, le=1)
    """How much more often than before answers may be corrected until a version is taken back."""
    rollback_valid: float = Field(0.98, ge=0, le=1)
    """The share of answers that must come, and in the right shape."""
    rollback_times: float = Field(3.0, gt=1)
    """How many times the seconds or USD of the version before one answer may take."""

    # The drift watch
    drift_requests: int = Field(50, ge=20)
    """Requests in a week from which a shift of what is asked can be told."""
    drift_psi: float = Field(0.2, gt=0)
    """The population stability index from which what is asked has shifted, if chance alone does
    not explain it."""
    drift_accuracy: float = Field(0.02, ge=0, lt=1)
    """How many of the rows that were right when a version was proved may be wrong now, as a
    share of all."""
    drift_corrected: float = Field(0.05, ge=0, lt=1)
    """How much more often than when it was let in a version's answers may be corrected in a
    week."""
    drift_end_days: float = Field(90.0, ge=0)
    """Days before its provider switches a model off from which you are warned."""

    @field_validator("digest_zone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        try:
            if value != "UTC":
                ZoneInfo(value)
        except (ValueError, OSError) as error:
            raise ValueError(
                f"no such time zone {value!r}; expected a name such as 'Europe/Berlin'"
            ) from error

        return value
