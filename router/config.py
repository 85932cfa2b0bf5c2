"""Settings: the only reader of the environment. Built once, frozen, handed down."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import NoDecode, SettingsConfigDict

from router.errors import SettingsError
from router.weekly_settings import LoopSettings

Names = Annotated[tuple[str, ...], NoDecode]


def _plain(name: str) -> AliasChoices:
    """Read a setting under the name the wider world already uses, without our prefix."""
    return AliasChoices(name, name.lower())


class Settings(LoopSettings):
    """Every setting of Beagle; each default lets the demo run. Those of the weekly loop are in `LoopSettings`."""

    model_config = SettingsConfigDict(
        env_prefix="BEAGLE_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    # Slack
    slack_api_url: str = Field("https://slack.com/api/", validation_alias=_plain("SLACK_API_URL"))
    """Where Slack's Web API is; another address only for a stand-in."""
    slack_bot_token: SecretStr = Field(SecretStr(""), validation_alias=_plain("SLACK_BOT_TOKEN"))
    """The bot token, `xoxb-…`, from OAuth & Permissions on the app's page."""
    slack_app_token: SecretStr = Field(SecretStr(""), validation_alias=_plain("SLACK_APP_TOKEN"))
    """The app-level token, `xapp-…`, with the scope connections:write; for Socket Mode."""
    slack_signing_secret: SecretStr = Field(
        SecretStr(""), validation_alias=_plain("SLACK_SIGNING_SECRET")
    )
    """The signing secret from Basic Information; for HTTP."""
    slack_client_id: str = Field("", validation_alias=_plain("SLACK_CLIENT_ID"))
    """The client id from Basic Information; with it many workspaces can install Beagle by OAuth
    at /slack/install."""
    slack_client_secret: SecretStr = Field(
        SecretStr(""), validation_alias=_plain("SLACK_CLIENT_SECRET")
    )
    """The client secret from Basic Information; for OAuth."""
    token_key: SecretStr = SecretStr("")
    """The Fernet key that the tokens of installed workspaces are encrypted with; for OAuth."""
    slack_pace: bool = True
    """Whether calls keep to Slack's published rate limits, counted for all processes together."""
    slack_mode: Literal["socket", "http"] = "socket"
    """How events arrive: `socket` needs no public address, `http` is for signed requests to
    /slack/events."""
    host: str = "127.0.0.1"
    """The address that the health pages, and events over HTTP, are served on."""
    port: int = Field(3000, ge=0, le=65535)
    """Their port; 0 takes any free one."""
    admins: Names = ()
    """User ids of the admins, separated by commas; an empty list means nobody."""
    admin_channel: str = ""
    """The id of the channel where admins are told what concerns them."""

    # Where things are kept
    data: Path = Path(".beagle")
    """The folder for everything that has no address of its own: database, queue, encoder,
    weights that were checked."""
    database_url: str = Field("", validation_alias=_plain("DATABASE_URL"))
    """The database; without it a SQLite file in the data folder."""
    redis_url: SecretStr = Field(SecretStr(""), validation_alias=_plain("REDIS_URL"))
    """A Redis or Valkey of yours; without it one is started in the data folder."""
    keep_days: float = Field(30.0, ge=0)
    """Days that the texts of requests and answers are kept; 0 keeps them until they are
    forgotten."""
    routes: Path | None = None
    """A folder with your own routes; one with a built-in route's name replaces it."""

    # Models
    model: str = "local"
    """The model that answers: `local` for the small one that is included, or any name litellm
    knows."""
    model_url: str = ""
    """An OpenAI-compatible server that answers in the model's place."""
    adapters_url: str = ""
    """An OpenAI-compatible server with many tuned models, asked for those named `hosted_vllm/…`."""
    model_key: SecretStr = SecretStr("")
    """The model's key; without it the variable that its provider names, such as OPENAI_API_KEY."""
    model_seconds: float = Field(60.0, gt=0)
    """The longest that one request may wait for models in all."""
    connect_seconds: float = Field(3.0, gt=0)
    """The longest that connecting to a model may take."""
    silence_seconds: float = Field(12.0, gt=0)
    """The longest that a model may stay silent before the next one is tried."""
    usd_per_million_input: float = Field(0.0, ge=0)
    """USD for a million tokens read, where litellm knows no price for the model."""
    usd_per_million_output: float = Field(0.0, ge=0)
    """USD for a million tokens written, likewise."""
    local_usd_per_cpu_second: float = Field(0.0, ge=0)
    """What a processor second costs you; prices the local model."""
    local_threads: int = Field(2, ge=1)
    """Processor threads of the local model."""
    local_slots: int = Field(4, ge=1)
    """Requests that the local model serves at once."""
    reranker: str = ""
    """A sentence-transformers CrossEncoder, by name or folder, that reads what was found once
    more; empty is none."""

    # Caps by UTC day; 0 is no cap
    cap_user_usd: float = Field(0.0, ge=0)
    """USD that one person may cause."""
    cap_channel_usd: float = Field(0.0, ge=0)
    """USD that one channel may cause."""
    cap_team_usd: float = Field(20.0, ge=0)
    """USD that the workspace may cause."""
    cap_user_requests: int = Field(0, ge=0)
    """Requests that one person may make."""
    cap_channel_requests: int = Field(0, ge=0)
    """Requests from one channel."""
    cap_team_requests: int = Field(0, ge=0)
    """Requests from the workspace."""

    # Delivery
    lease_seconds: float = Field(20.0, gt=0)
    """How long a worker may be silent before another one takes over its request."""
    attempts: int = Field(5, ge=1)
    """How often a request is tried before it is given up; `beagle replay` tries again."""
    concurrency: int = Field(32, ge=1)
    """Requests that one answer worker serves at once."""
    reap_seconds: float = Field(2.0, gt=0)
    """How often late requests are looked for."""

    # The router
    encoder: str = "fast"
    """`fast` (MiniLM in int8, no torch), `torch` (the same in full precision), or any
    sentence-transformers name."""
    encoder_folder: Path | None = None
    """Where the fast encoder is kept; without it in the data folder."""
    false_reject: float = Field(0.05, gt=0, lt=0.5)
    """The share of requests inside Beagle's scope that may be taken for outside ones."""
    seed: int = 0
    """Makes training the router repeatable."""

    # Logs
    log: Literal["auto", "json", "pretty"] = "auto"
    """`pretty` for people, `json` for machines, `auto` chooses by whether a terminal reads."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important lines that are kept."""

    @field_validator("admins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("slack_bot_token", "slack_app_token")
    @classmethod
    def _starts_right(cls, value: SecretStr, field: ValidationInfo) -> SecretStr:
        prefix = {"slack_bot_token": "xoxb-", "slack_app_token": "xapp-"}[str(field.field_name)]
        if value.get_secret_value() and not value.get_secret_value().startswith(prefix):
            raise ValueError(f"expected a token that starts with {prefix!r}")
        return value

    @property
    def encoder_cache(self) -> Path:
        """Where the fast encoder is kept once it was made; without BEAGLE_ENCODER_FOLDER in the data folder."""
        return self.encoder_folder or self.data / "encoder"

    @property
    def artefacts(self) -> Path:
        """Where files that training made lie once they were needed here; the store keeps them."""
        return self.data / "artefacts"

    @property
    def store_url(self) -> str:
        """The store's URL; without DATABASE_URL a SQLite file in the data folder."""
        return self.database_url or f"sqlite:///{self.data.absolute() / 'beagle.db'}"


def read_settings(**overrides: object) -> Settings:
    """Settings from the environment and `.env`; `overrides` win.

    Raises SettingsError naming every wrong setting at once, without repeating a secret's value.
    """
    lines = [
        _misspelt(name)
        for name in sorted(os.environ)
        if name.startswith("BEAGLE_") and name not in names()
    ]
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]  # pydantic checks each value itself
    except ValidationError as error:
        lines += [_problem(part) for part in error.errors(include_url=False, include_input=False)]
        raise SettingsError("reading settings found problems:\n" + "\n".join(lines)) from error

    if lines:
        raise SettingsError("reading settings found problems:\n" + "\n".join(lines))

    return settings


def names() -> dict[str, str]:
    """The name in the environment of every setting, with its field."""
    return {
        f"BEAGLE_{field.upper()}" if about.validation_alias is None else field.upper(): field
        for field, about in Settings.model_fields.items()
    }


def _misspelt(name: str) -> str:
    nearest = difflib.get_close_matches(name, names(), n=1)
    return f"  {name}: no such setting" + (
        f"; did you mean {nearest[0]}?" if nearest else "; see .env.example"
    )


def environment(**more: str) -> dict[str, str]:
    """The environment of a child process: ours and `more`."""
    return {**os.environ, **more}


def one_thread() -> None:
    """Arithmetic uses one thread a process, unless the environment says otherwise; call it before numpy is loaded.

    The threads of a BLAS wait by spinning: beside other busy processes a refit of a second took
    over a minute with two.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def _problem(part: ErrorDetails) -> str:
    place = str(part["loc"][0]) if part["loc"] else ""
    known = {field: name for name, field in names().items()}
    return f"  {known.get(place.lower(), place)}: {part['msg']}"
