"""Asks a fine-tuning service over HTTP: files, jobs, events, checkpoints, cancel."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any

import httpx

from router.errors import ModelError
from workers.training.provider.forms import RemoteJob, ServiceForm, read_job

PERMANENT = frozenset({400, 401, 403, 404, 405, 413, 422})
"""Answers that the same request will get again."""
MAX_ANSWER_BYTES = 8_000_000
PAGE = 100


class FineTuningService:
    """One service with its key; use it in a `with` block, which closes its connections.

    Every method raises ModelError: `retry` where the same call may work later, `setup` where the
    key, the address or the request is wrong.
    """

    def __init__(
        self, form: ServiceForm, url: str, key: str, timeout_seconds: float = 60.0
    ) -> None:
        """Opens nothing yet; `url` is empty for the service's usual address."""
        self._form = form
        self._url = (url or form.url).rstrip("/")
        headers = {form.key_header: f"{form.key_prefix}{key}"}
        self._client = httpx.Client(timeout=timeout_seconds, headers=headers, trust_env=True)

    def __enter__(self) -> FineTuningService:
        """Returns itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes the connections."""
        self._client.close()

    def find_file(self, name: str, size: int) -> str:
        """Returns the id of an uploaded file of that name and size in bytes; empty if none."""
        body = self._ask("listing files", "GET", self._form.files_path)
        with _reading("listing files"):
            for file in body["data"]:
                if file["filename"] == name and int(file["bytes"]) == size:
                    return str(file["id"])

        return ""

    def upload(self, name: str, content: bytes) -> str:
        """Uploads a file of examples; returns its id."""
        data = {"purpose": "fine-tune"}
        if self._form.names_file:
            data["file_name"] = name

        files = {"file": (name, content, "application/jsonl")}
        body = self._ask(
            "uploading examples", "POST", self._form.upload_path, data=data, files=files
        )
        with _reading("uploading examples"):
            return str(body["id"])

    def find_job(self, train_file: str) -> RemoteJob | None:
        """Returns the newest job that learns from that file."""
        parameters = {"limit": str(PAGE)}
        body = self._ask("listing jobs", "GET", self._form.jobs_path, params=parameters)
        with _reading("listing jobs"):
            for job in body["data"]:
                if job["training_file"] == train_file:
                    return read_job(job)

        return None

    def create_job(self, body: Mapping[str, Any]) -> RemoteJob:
        """Starts a job."""
        answer = self._ask("starting a job", "POST", self._form.jobs_path, json=dict(body))
        with _reading("starting a job"):
            return read_job(answer)

    def job(self, key: str) -> RemoteJob:
        """Returns how a job is doing."""
        body = self._ask("asking for a job", "GET", f"{self._form.jobs_path}/{key}")
        with _reading("asking for a job"):
            return read_job(body)

    def events(self, key: str) -> list[str]:
        """Returns what the service says of a job, the oldest first."""
        body = self._ask("reading events", "GET", f"{self._form.jobs_path}/{key}/events")
        with _reading("reading events"):
            messages = [str(event["message"]) for event in body["data"]]

        return messages[::-1]

    def checkpoints(self, key: str) -> list[str]:
        """Returns the ids of a job's checkpoints."""
        body = self._ask("reading checkpoints", "GET", f"{self._form.jobs_path}/{key}/checkpoints")
        with _reading("reading checkpoints"):
            return [str(checkpoint["id"]) for checkpoint in body["data"]]

    def cancel(self, key: str) -> None:
        """Cancels a job; one that has ended stays as it is."""
        self._ask("cancelling a job", "POST", f"{self._form.jobs_path}/{key}/cancel")

    def delete_file(self, key: str) -> None:
        """Deletes an uploaded file; one that is gone is deleted."""
        path = f"{self._form.files_path}/{key}"
        self._ask("deleting a file", "DELETE", path, gone_is_fine=True)

    def _ask(
        self,
        doing: str,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        gone_is_fine: bool = False,
        **content: Any,
    ) -> Any:
        """Returns the JSON of an answer."""
        where = f"{doing} at {self._url!r}"
        try:
            response = self._client.request(
                method,
                f"{self._url}{path}",
                params={**self._form.parameters, **(params or {})},
                **content,
            )
            if gone_is_fine and response.status_code == httpx.codes.NOT_FOUND:
                return {}
            if response.is_error or response.is_redirect:
                raise _refusal(where, response)
            if len(response.content) > MAX_ANSWER_BYTES:
                raise ModelError(f"{where}: the answer is too long", retry=True)

            return response.json()
        except httpx.HTTPError as error:
            # Whether the request was carried out is not known: the next try looks first.
            raise ModelError(
                f"{where}: {type(error).__name__}; try again later", retry=True
            ) from error
        except ValueError as error:
            raise ModelError(
                f"{where}: the answer is no JSON; try again later", retry=True
            ) from error


class _reading:  # noqa: N801  # used like a function
    """Turns JSON of another shape into a ModelError."""

    def __init__(self, doing: str) -> None:
        self._doing = doing

    def __enter__(self) -> None:
        """Does nothing."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Raises ModelError for what reading unknown JSON raises."""
        if isinstance(error, KeyError | TypeError | ValueError | AttributeError):
            raise ModelError(
                f"{self._doing}: the service's answer has another shape ({error!r}); check the "
                "service's name and address, or try again later",
                retry=True,
            ) from error


def _refusal(where: str, response: httpx.Response) -> ModelError:
    permanent = response.status_code in PERMANENT
    advice = "check key, address, model and file" if permanent else "try again later"
    after = response.headers.get("retry-after", "")
    wait = f" (the service asks to wait {after[:8]} s)" if after.isdigit() else ""
    return ModelError(
        f"{where}: status {response.status_code}{wait}; {advice}",
        retry=not permanent,
        setup=permanent,
    )
