"""Settings of the weekly loop: mining, readiness, costs, training, rollout and drift."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings


class WeeklySettings(BaseSettings):
    """The part of `Settings` that the weekly loop uses; `router/config.py` builds the whole."""

    # The weekly loop
    digest_day: Literal[
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
    ] = "monday"
    """Weekday of the digest."""
    digest_hour: int = Field(9, ge=0, le=23)
    """Hour of that day, 0 to 23, from which the digest is made and posted."""
    digest_timezone: str = "UTC"
    """Time zone of that hour, such as Europe/Berlin."""
    mine_min_people: int = Field(5, ge=1)
    """Smallest number of people who must have asked before a candidate is shown."""
    mine_min_requests: int = Field(30, ge=1)
    """Smallest number of requests in four weeks before a candidate is shown."""
    mine_max_person_share: float = Field(0.5, gt=0, le=1)
    """Largest share of a candidate's requests, up to 1, that one person may have made."""
    mine_min_weeks: int = Field(2, ge=1, le=4)
    """Smallest number of weeks, of the last four, in which a candidate must have been asked."""
    ready_prompt_examples: int = Field(50, ge=1)
    """Judged answers that are needed before a prompt's accuracy counts."""
    ready_prompt_target: float = Field(0.9, gt=0, le=1)
    """Accuracy, up to 1, from which a prompt is good enough and is kept."""
    ready_max_volatility: float = Field(0.1, ge=0, le=1)
    """Share of near-identical requests, 0 to 1, whose answers may differ before retrieval is
    advised."""
    ready_rules: int = Field(20, ge=1)
    """A prompt with this many rules or more does not count as narrow."""
    ready_prompt_words: int = Field(1000, ge=1)
    """A prompt with this many words or more does not count as narrow."""
    ready_min_shape_share: float = Field(0.95, gt=0, le=1)
    """Share of answers, up to 1, that must have the same structure for a task to count as
    narrow."""
    ready_labels: int = Field(20, ge=2)
    """Largest effective number of labels, 2 to the power of their entropy, for a task to count as
    narrow."""
    ready_stable_weeks: int = Field(4, ge=1, le=4)
    """Weeks without a change of the live version for a task to count as stable."""
    ready_max_correction_rate: float = Field(0.1, ge=0, le=1)
    """Share of answers, 0 to 1, that people may have corrected for a task to count as stable."""
    ready_examples: int = Field(500, ge=1)
    """Reviewed examples that are needed before tuning is advised."""
    ready_head_tolerance: float = Field(0.0, ge=0, le=1)
    """Accuracy, 0 to 1, by which a linear head may miss the wanted accuracy and still be preferred
    to tuning."""
    ready_monthly_usd: float = Field(300.0, ge=0)
    """USD that a repeated request may cost per month with a prompt that is good enough; above it,
    something cheaper is looked for."""
    ready_payback_months: float = Field(6.0, ge=0)
    """Tuning must have paid for itself this many months before its base model is switched off."""
    trial_calls: int = Field(1000, ge=0)
    """Model calls that the weekly trials of a workspace's candidates may make; 0 turns the trials
    off, and the digest advises from the log alone."""
    trial_usd: float = Field(2.0, ge=0)
    """Budget in USD of these trials for a week."""
    wrong_answer_minutes: float = Field(2.0, ge=0)
    """Minutes of somebody's time that a wrong answer costs, at the price of a reviewer; an
    estimate that reports show as one."""
    request_minutes: float = Field(5.0, ge=0)
    """Minutes of somebody's time that one repeated request takes where a person answers it, for the
    report of an export; 0 leaves people's time out."""
    tuned_model: str = "local"
    """Model whose price is used for a tuned one: `local` for the included one, or a name in
    litellm."""
    reference_model: str = ""
    """Prompted model that tuning is compared with in cost estimates, by its name in litellm; empty
    uses the model that answers."""
    review_hours: float = Field(8.0, ge=0)
    """Hours that a person needs to review a dataset."""
    reviewer_usd_per_hour: float = Field(60.0, ge=0)
    """Cost of a reviewer in USD per hour."""
    training_usd: float = Field(20.0, ge=0)
    """Cost of one training run in USD; no public price list has it."""
    hosting_usd: float = Field(0.0, ge=0)
    """Cost in USD per month of serving a tuned model, besides its tokens."""

    # From an approved candidate to a live version
    reflection_model: str = ""
    """Model that rewrites a prompt's instructions, by its name in litellm; empty or `local` turns
    rewriting off."""
    optimise_calls: int = Field(400, ge=0)
    """Model calls that optimising a prompt may make, and as many again for comparing it with
    retrieval."""
    optimise_usd: float = Field(2.0, ge=0)
    """Budget in USD for each of these two."""
    retrieval_min_gain: float = Field(0.05, ge=0, le=1)
    """Gain in accuracy from documents, 0 to 1, from which retrieval is advised and chosen instead
    of training."""
    teacher_model: str = ""
    """Model that answers what a dataset lacks, by its name in litellm; empty uses the model that
    answers people."""
    teacher_calls: int = Field(200, ge=0)
    """Model calls that the teacher may make for one dataset; 0 turns the teacher off."""
    teacher_usd: float = Field(1.0, ge=0)
    """Budget in USD of the teacher for one dataset."""
    dataset_min_rows: int = Field(50, ge=10)
    """Accepted examples that are needed before training starts."""
    dataset_max_person_share: float = Field(0.2, gt=0, le=1)
    """Largest share of a dataset, up to 1, that may come from one person."""
    dataset_sample: int = Field(20, ge=5)
    """Randomly drawn examples that a person must review before the rest can be accepted at
    once."""
    dataset_max_error_rate: float = Field(0.1, ge=0, lt=1)
    """Largest share of that sample, 0 to 1, that may have been wrong."""
    evaluation_min_rows: int = Field(20, ge=1)
    """Test rows on which a version must have been measured before it may be rolled out; on fewer,
    a difference may be chance."""
    evaluation_min_accuracy: float = Field(0.6, ge=0, le=1)
    """Share of right answers, 0 to 1, below which a version with an output schema does not pass,
    however poor the prompt that it replaces is."""
    tune_epochs: int = Field(3, ge=1)
    """Largest number of passes over the examples in training."""
    tune_rank: int = Field(8, ge=1)
    """Rank of the LoRA adapter's matrices."""
    tune_replay: float = Field(0.1, ge=0, le=0.5)
    """Share of general examples, 0 to 0.5, mixed into training against catastrophic forgetting; 0
    adds none."""
    tune_load_in_4bit: bool = False
    """Whether training loads the base model in 4 bits (QLoRA); needs a GPU and bitsandbytes."""
    tune_processes: int = Field(1, ge=1, le=64)
    """Processes that divide the weights between them where all are trained, one for each graphics
    card."""
    trained_models_at_once: int = Field(1, ge=1, le=64)
    """Models all of whose weights were trained that are served at once beside the included one,
    each with its own memory."""
    tune_rft_steps: int = Field(80, ge=1)
    """Largest number of steps of reinforcement after training, where an admin approved it and a
    program can check the answers; each step samples 64 answers."""
    interference_rows: int = Field(2, ge=0)
    """Test rows of every other route that are answered before and after an adapter is loaded; 0
    skips the routes."""
    shadow_min_requests: int = Field(200, ge=1)
    """Requests that a version must have answered in shadow before a person may start its
    canary."""
    shadow_hours: float = Field(336.0, ge=0)
    """Hours in shadow after which 20 requests are enough; 0 always asks for the full number."""
    shadow_self_check_share: float = Field(0.2, ge=0, le=1)
    """Share of shadow requests, 0 to 1, that the live version answers twice, to measure its
    agreement with itself."""
    canary_min_requests: int = Field(50, ge=1)
    """Answers that a version must have given at one canary step before the next."""
    canary_hours: float = Field(168.0, ge=0)
    """Hours after which a canary step ends with fewer answers, as the evaluation on held-out rows
    was passed; 0 always asks for the full number."""
    rollback_max_correction_increase: float = Field(0.05, ge=0, le=1)
    """Increase of the correction rate, 0 to 1, above which a version is rolled back."""
    rollback_min_valid: float = Field(0.98, ge=0, le=1)
    """Share of valid answers, 0 to 1, below which a version is rolled back."""
    rollback_max_slowdown: float = Field(3.0, gt=1)
    """How many times the previous version's seconds or USD an answer may take before the new one
    is rolled back."""

    # Tiers of a route
    measure_usd: float = Field(1.0, ge=0)
    """Budget in USD for measuring a new tier on its route's dev and test rows."""
    explore_share: float = Field(0.02, ge=0, le=0.5)
    """Share of requests, 0 to 0.5, that another tier answers unseen, so that its record stays
    true; 0 turns it off."""
    explore_usd: float = Field(0.5, ge=0)
    """USD that these unseen answers may cost a workspace per UTC day; free tiers need none."""

    # The drift watch
    drift_requests: int = Field(50, ge=20)
    """Requests in a week that are needed to test for input drift."""
    drift_psi: float = Field(0.2, gt=0)
    """Population stability index above which inputs have drifted, unless chance alone explains
    it."""
    drift_max_accuracy_drop: float = Field(0.02, ge=0, lt=1)
    """Drop of the accuracy on test rows since evaluation, 0 to 1, above which a version has
    drifted."""
    drift_max_correction_increase: float = Field(0.05, ge=0, lt=1)
    """Increase of the weekly correction rate since promotion, 0 to 1, above which a version has
    drifted."""
    model_sunset_warning_days: float = Field(90.0, ge=0)
    """Days before a provider switches a model off from which you are warned."""

    @field_validator("digest_timezone")
    @classmethod
    def _check_timezone(cls, value: str) -> str:
        # UTC needs no time zone database, which small images lack.
        if value == "UTC":
            return value

        try:
            ZoneInfo(value)
        except (ValueError, OSError, KeyError) as error:
            raise ValueError(
                f"no such time zone {value!r}; expected a name such as 'Europe/Berlin'"
            ) from error

        return value
