"""A job at a fine-tuning service is started once, found again, and never costs more than agreed."""

from __future__ import annotations

import json

import pytest

from router.errors import BudgetError, InputError, ModelError
from tests.fixtures.fine_tuning_service import FAULTS, STEPS, fine_tuning_service
from workers.training.provider import ProviderJob, ProviderOrder, most_usd, order_key
from workers.training.provider.forms import FORMS, get_form, read_job
from workers.training.provider.service import FineTuningService
from workers.training.trainers import ChatExample

EXAMPLES = [
    ChatExample([{"role": "user", "content": f"box {n}"}], "left", "train" if n else "dev")
    for n in range(6)
]
ORDER = ProviderOrder("small", epochs=2, usd_per_million_tokens=10.0, consent_usd=1.0)
MANY_TRIES = 12
PATIENT_SECONDS = 60.0
"""A service that answers is not given up, however busy the machine."""
WAITED_OUT_SECONDS = 2.0
"""One that never answers is."""


class Killed(BaseException):
    """The process ended right after an answer of the service."""


class MortalService(FineTuningService):
    """Dies once after the step that the world's fault names, before anything is written down."""

    world = None

    def _ask(self, doing, method, path, params=None, *, gone_is_fine=False, **content):
        answer = super()._ask(doing, method, path, params, gone_is_fine=gone_is_fine, **content)
        step = {
            "listing files": "list_files",
            "uploading examples": "upload",
            "listing jobs": "list_jobs",
            "starting a job": "create",
            "asking for a job": "poll",
            "reading events": "events",
            "reading checkpoints": "checkpoints",
            "cancelling a job": "cancel",
            "deleting a file": "delete",
        }[doing]
        if self.world.fault == (step, "kill"):
            self.world.fault = None
            raise Killed

        return answer


@pytest.fixture
def world():
    with fine_tuning_service() as running:
        yield running


@pytest.fixture
def open_job(world, tmp_path):
    """Makes a job as a new process would, with what an earlier one left in the folder."""
    opened = []

    def make(order=ORDER, examples=EXAMPLES, form="openai", key="secret", seconds=PATIENT_SECONDS):
        service = MortalService(get_form(form), world.url, key, seconds)
        service.world = world
        opened.append(service)
        return ProviderJob(service, get_form(form), order, examples, tmp_path)

    yield make
    for service in opened:
        service.__exit__(None, None, None)


def run_to_the_end(open_job, **arguments):
    """Starts a new process after each failure, until the job is over; returns the failures."""
    failures = []
    for _ in range(MANY_TRIES):
        job = open_job(**arguments)
        try:
            while not (job.state.is_over and job.state.is_cleaned_up):
                job.advance()
        except (ModelError, Killed) as error:
            failures.append(error)
        else:
            return job.state, failures

    raise AssertionError(failures)


def test_examples_become_a_model_of_the_provider(world, open_job):
    heard = []
    job = open_job(seconds=5.0)
    while not job.state.is_over:
        job.advance(heard.append)

    (body,) = world.bodies
    assert job.state.model == "ft:small:ftjob-1"
    assert body["hyperparameters"] == {"n_epochs": 2}
    assert (body["training_file"], body["validation_file"]) == ("file-1", "file-2")
    assert heard == ["look 1", "look 2", "look 3"]
    assert job.state.checkpoints == ("step-1",)
    lines = world.contents["file-1"].decode().splitlines()
    assert json.loads(lines[0])["messages"][-1] == {"role": "assistant", "content": "left"}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", STEPS)
def test_no_failure_loses_or_doubles_a_job(world, open_job, step, fault):
    world.fault = (step, fault)
    seconds = WAITED_OUT_SECONDS if fault == "slow" else PATIENT_SECONDS
    state, failures = run_to_the_end(open_job, seconds=seconds)

    assert world.fault is None, "the fault was never met"
    # A file that is not there any more is as good as deleted.
    assert len(failures) == (0 if (step, fault) == ("delete", "404") else 1) or (
        # Any answer to a deletion will do.
        step == "delete" and fault == "wrong_shape"
    )
    assert len(world.jobs) == 1
    assert len(world.contents) == 2
    assert (state.status, state.model) == ("succeeded", "ft:small:ftjob-1")
    spent = sum(job["trained_tokens"] for job in world.jobs.values())
    assert spent * ORDER.usd_per_million_tokens / 1e6 <= ORDER.consent_usd


def test_whoever_gives_a_wrong_key_is_told_and_nothing_is_sent(world, open_job):
    with pytest.raises(ModelError, match="check key") as error:
        open_job(key="wrong").advance()

    assert (error.value.retry, error.value.setup) == (False, True)
    assert world.contents == {}


def test_nothing_is_sent_above_what_was_agreed_to(world, open_job):
    usd = most_usd(EXAMPLES, ORDER)
    with pytest.raises(BudgetError, match="nothing was sent"):
        open_job(order=ProviderOrder("small", 2, 10.0, consent_usd=usd * 0.99))

    assert world.queries == []
    open_job(order=ProviderOrder("small", 2, 10.0, consent_usd=usd)).advance()
    assert len(world.jobs) == 1


def test_the_least_that_a_service_takes_counts():
    order = ProviderOrder("small", 2, 10.0, consent_usd=1.0, minimum_usd=4.0)

    assert most_usd(EXAMPLES, order) == 4.0


def test_a_job_that_costs_more_than_agreed_is_cancelled(world, open_job):
    world.tokens_per_look = 200_000
    state, _ = run_to_the_end(open_job)

    assert state.status == "cancelled"
    assert state.problem == "it cost more than agreed to"
    assert world.jobs["ftjob-1"]["looks"] < 3


def test_a_cancelled_job_is_one_even_if_its_start_was_never_confirmed(world, open_job):
    world.fault = ("create", "lost")
    with pytest.raises(ModelError):
        open_job().advance()

    state = open_job().cancel()
    assert state.status == "cancelled"
    assert [job["status"] for job in world.jobs.values()] == ["cancelled"]
    assert world.files == {}
    assert open_job().advance().status == "cancelled"
    assert len(world.jobs) == 1


def test_a_job_that_failed_says_why_and_another_attempt_is_another_job(world, open_job):
    world.ends_as = "failed"
    state, _ = run_to_the_end(open_job)
    assert (state.status, state.problem) == ("failed", "the examples are too short")

    world.ends_as = "succeeded"
    again = ProviderOrder("small", 2, 10.0, 1.0, attempt=2)
    state, _ = run_to_the_end(open_job, order=again)
    assert (state.status, len(world.jobs)) == ("succeeded", 2)


def test_uploaded_examples_are_deleted_once_the_job_is_over(world, open_job):
    run_to_the_end(open_job)

    assert (world.files, sorted(world.deleted)) == ({}, ["file-1", "file-2"])


def test_without_train_examples_there_is_no_job(open_job):
    with pytest.raises(InputError, match="no train example"):
        open_job(examples=EXAMPLES[:1])


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_asked_as_its_service_wants(world, open_job, form):
    world.jobs_path = get_form(form).jobs_path
    state, failures = run_to_the_end(open_job, form=form)

    assert (state.status, failures) == ("succeeded", [])
    body = world.bodies[0]
    assert body.get("n_epochs", body.get("hyperparameters", {}).get("n_epochs")) == 2
    versions = [query.get("api-version") for query in world.queries]
    assert set(map(bool, versions)) == {form == "azure"}


def test_a_job_in_together_s_words_is_read():
    job = read_job({"id": "ft-1", "status": "completed", "output_name": "me/small-ft"})

    assert (job.status, job.model) == ("succeeded", "me/small-ft")


def test_other_examples_another_model_or_another_service_are_another_job():
    keys = {
        order_key(EXAMPLES, get_form("openai"), ORDER),
        order_key(EXAMPLES[:-1], get_form("openai"), ORDER),
        order_key(EXAMPLES, get_form("together"), ORDER),
        order_key(EXAMPLES, get_form("openai"), ProviderOrder("large", 2, 10.0, 1.0)),
    }

    assert len(keys) == 4
