"""`beagle dataset provider`: train a model on a dataset at a provider's fine-tuning service."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bot.app import now
from bot.cli.team_option import Team, choose_team
from bot.cli.terminal import Json, load_data_settings, report_progress
from bot.offline import find_dataset
from bot.typed_name import typed_name
from router.errors import InputError, ModelError
from router.store import Store, open_store
from router.store.weekly.datasets import StoredDataset
from router.text.printable import print_line
from router.workspace_folders import workspace_folder
from workers.datasets.review import from_records
from workers.training.chat_format import chat_examples
from workers.training.provider import JobState, ProviderJob, ProviderOrder, most_usd
from workers.training.provider.forms import ServiceForm, get_form
from workers.training.provider.service import FineTuningService
from workers.training.provider.version import store_provider_version
from workers.training.trainers import ChatExample
from workers.training.tune import tuned_system_prompt

POLL_SECONDS = 30.0
FAILURES_IN_A_ROW = 20
"""Looks that may fail one after the other before the command gives up; it can be run again."""


def main(
    key: Annotated[
        str,
        typer.Argument(help="The dataset's id, as /beagle rollout shows it, or its candidate's."),
    ],
    model: Annotated[str, typer.Option(help="The base model, by its name at the service.")],
    usd_per_million: Annotated[
        float, typer.Option(min=0, help="The service's price of a million training tokens.")
    ],
    key_file: Annotated[Path, typer.Option(help="A file that holds the service's key.")],
    service: Annotated[str, typer.Option(help="openai, azure or together.")] = "openai",
    url: Annotated[str, typer.Option(help="The service's address, if it is not the usual.")] = "",
    epochs: Annotated[int, typer.Option(min=1, max=20, help="Passes over the examples.")] = 3,
    minimum_usd: Annotated[float, typer.Option(min=0, help="What a job costs at least.")] = 0.0,
    consent_usd: Annotated[
        float, typer.Option(min=0, help="Send the examples, for at most so much.")
    ] = 0.0,
    attempt: Annotated[int, typer.Option(min=1, help="Another number is another job.")] = 1,
    cancel: Annotated[bool, typer.Option("--cancel", help="Cancel the job instead.")] = False,
    team: Team = None,
    as_json: Json = False,
) -> None:
    """Train at a provider: shows what leaves and the price; starts only with --consent-usd.

    Interrupted and run again, it goes on with the same job.
    """
    settings = load_data_settings()
    form = get_form(service)
    order = ProviderOrder(model, epochs, usd_per_million, consent_usd, minimum_usd, attempt)
    store = open_store(settings.store_url)

    try:
        workspace = choose_team(store, team)
        dataset = find_dataset(store, workspace, key)
        examples = _examples(store, workspace, dataset)
        if not consent_usd:
            raise InputError(_question(dataset, examples, order, url or form.url))

        folder = workspace_folder(settings.data / "training", workspace)
        with FineTuningService(form, url, _read_key(key_file)) as opened:
            job = ProviderJob(opened, form, order, examples, folder)
            state = job.cancel() if cancel else follow(job, threading.Event().wait)

        print_line(_finish(store, workspace, dataset, form, state, as_json=as_json))
    finally:
        store.close()

    raise typer.Exit(0 if state.status == "succeeded" or cancel else 1)


def follow(job: ProviderJob, wait: Callable[[float], object]) -> JobState:
    """Advances the job until it is over and its files are deleted; returns its state.

    Raises ModelError where trying again cannot help, or has not helped for long.
    """
    failures = 0
    while not (job.state.is_over and job.state.is_cleaned_up):
        try:
            job.advance(report_progress)
            failures = 0
        except ModelError as error:
            failures += 1
            if not error.retry or failures >= FAILURES_IN_A_ROW:
                raise

            report_progress(str(error))

        if not (job.state.is_over and job.state.is_cleaned_up):
            wait(POLL_SECONDS)

    return job.state


def _examples(store: Store, team: str, dataset: StoredDataset) -> list[ChatExample]:
    """Returns the reviewed examples, without those of people who opted out since."""
    excluded = store.opt_outs.for_team(team)
    rows = [row for row in from_records(dataset.rows) if row.user not in excluded]
    return chat_examples(rows, tuned_system_prompt(dataset.route))


def _question(
    dataset: StoredDataset, examples: list[ChatExample], order: ProviderOrder, url: str
) -> str:
    usd = most_usd(examples, order)
    return (
        f"training at a provider: {len(examples)} masked requests of route {dataset.route!r} with "
        f"their answers would be sent to {url} and deleted there after the job; it costs at most "
        f"${usd:.2f}; agree with --consent-usd {usd:.2f}, nothing was sent"
    )


def _read_key(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise InputError(
            f"reading the service's key: {str(path)!r} cannot be read ({type(error).__name__}); "
            "write the key into it, readable for you alone"
        ) from error


def _finish(
    store: Store,
    team: str,
    dataset: StoredDataset,
    form: ServiceForm,
    state: JobState,
    *,
    as_json: bool,
) -> str:
    """Stores the model as the route's next version; returns what happened."""
    version = ""
    if state.status == "succeeded":
        version = store_provider_version(
            store, team, dataset.route, f"{form.model_prefix}/{state.model}", now()
        ).id

    if as_json:
        return json.dumps(asdict(state) | {"version": version})
    if not version:
        problem = f": {state.problem}" if state.problem else ""
        return f"the job {state.job or '(never started)'} is {state.status}{problem}"

    return (
        f"{state.model} is version {version} of route {dataset.route}, in shadow; "
        f"{typed_name()} routes export {dataset.route} --version {version} writes it as files"
    )
