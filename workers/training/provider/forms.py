"""The forms of fine-tuning services: where each step is asked for, and how a job is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from router.errors import InputError

Status = Literal["running", "succeeded", "failed", "cancelled"]
STATUSES: Mapping[str, Status] = {
    "succeeded": "succeeded",
    "completed": "succeeded",
    "failed": "failed",
    "error": "failed",
    "cancelled": "cancelled",
    "canceled": "cancelled",
    "user_error": "failed",
}
"""Words of the services for a job that has ended; any other word means that it goes on."""
EPOCHS_FIELD = "n_epochs"


@dataclass(frozen=True, slots=True)
class ServiceForm:
    """What distinguishes a service.

    `url` is its usual address, `model_prefix` what litellm calls its models by. `key_header` and
    `key_prefix` carry the key, `parameters` go with every request. `nested` says that the epochs
    are inside `hyperparameters`. Paths follow the address; jobs and files have an id after them.
    """

    url: str
    model_prefix: str
    upload_path: str = "/files"
    files_path: str = "/files"
    jobs_path: str = "/fine_tuning/jobs"
    key_header: str = "Authorization"
    key_prefix: str = "Bearer "
    parameters: Mapping[str, str] = field(default_factory=dict)
    nested: bool = True
    names_file: bool = False

    def job_body(
        self, model: str, train: str, dev: str, epochs: int, suffix: str
    ) -> dict[str, Any]:
        """Returns the body that starts a job; `dev` is empty where there is no dev file.

        The epochs are always named: a service that chose them would choose the price.
        """
        body: dict[str, Any] = {"model": model, "training_file": train, "suffix": suffix}
        if dev:
            body["validation_file"] = dev
        if self.nested:
            return body | {"hyperparameters": {EPOCHS_FIELD: epochs}}

        return body | {EPOCHS_FIELD: epochs}


FORMS: Mapping[str, ServiceForm] = {
    "openai": ServiceForm("https://api.openai.com/v1", "openai"),
    "azure": ServiceForm(
        "",
        "azure",
        key_header="api-key",
        key_prefix="",
        parameters={"api-version": "2024-10-21"},
    ),
    "together": ServiceForm(
        "https://api.together.xyz/v1",
        "together_ai",
        upload_path="/files/upload",
        jobs_path="/fine-tunes",
        nested=False,
        names_file=True,
    ),
}
"""By name. Azure's address is that of a resource: `https://NAME.openai.azure.com/openai`."""


@dataclass(frozen=True, slots=True)
class RemoteJob:
    """A job as the service tells it; `model` is empty until it has succeeded."""

    id: str
    status: Status
    model: str
    trained_tokens: int
    problem: str


def get_form(name: str) -> ServiceForm:
    """Returns the form of that name. Raises InputError naming those there are."""
    if name not in FORMS:
        raise InputError(
            f"choosing a fine-tuning service: {name!r} is unknown; known: {', '.join(FORMS)}"
        )

    return FORMS[name]


def read_job(body: Mapping[str, Any]) -> RemoteJob:
    """Returns a job from the service's JSON. Raises KeyError or TypeError for any other JSON."""
    model = body.get("fine_tuned_model") or body.get("model_output_name") or body.get("output_name")
    error = body.get("error")
    problem = error.get("message", "") if isinstance(error, Mapping) else error
    return RemoteJob(
        id=str(body["id"]),
        status=STATUSES.get(str(body["status"]).lower(), "running"),
        model=str(model or ""),
        trained_tokens=int(body.get("trained_tokens") or body.get("token_count") or 0),
        problem=str(problem or ""),
    )
