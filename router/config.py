"""Settings: the only reader of the environment. Built once, frozen, passed on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AliasChoices,
    Field,
    PlainSerializer,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from router.errors import SettingsError
from router.model_price_entry import checked_entries
from router.old_names import OLD_NAMES, PREFIX, OldNamesSource
from router.secret_values import hide_user_info, remember_address, remember_secret
from router.setting_groups.answers import AnswerSettings
from router.text import setting_values as checks
from router.workspace_folders import workspace_folder

CommaSeparated = Annotated[tuple[str, ...], NoDecode]
Address = Annotated[str, PlainSerializer(hide_user_info)]
"""An address that may have a user and a password in it, which are shown nowhere."""
_ADDRESSES = ("slack_api_url", "model_url", "adapter_server_url", "otel_url")


def _unprefixed(name: str) -> AliasChoices:
    """Reads a setting under a name that other tools use too, without our prefix."""
    return AliasChoices(name, name.lower())


class Settings(AnswerSettings):
    """Every setting of Beagle. Each default lets the demo run.

    `AnswerSettings` and `WeeklySettings` declare some of them. The string below a field is its
    description in `.env.example` and in the docs.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    # Slack
    slack_api_url: Address = Field(
        "https://slack.com/api/", validation_alias=_unprefixed("SLACK_API_URL")
    )
    """Base URL of Slack's Web API; change it only to run against another server."""
    slack_bot_token: SecretStr = Field(
        SecretStr(""), validation_alias=_unprefixed("SLACK_BOT_TOKEN")
    )
    """Bot token, `xoxb-…`, from OAuth & Permissions on the app's page."""
    slack_app_token: SecretStr = Field(
        SecretStr(""), validation_alias=_unprefixed("SLACK_APP_TOKEN")
    )
    """App-level token, `xapp-…`, with the scope connections:write; needed for Socket Mode."""
    slack_signing_secret: SecretStr = Field(
        SecretStr(""), validation_alias=_unprefixed("SLACK_SIGNING_SECRET")
    )
    """Signing secret from Basic Information; needed to receive events over HTTP."""
    slack_client_id: str = Field("", validation_alias=_unprefixed("SLACK_CLIENT_ID"))
    """Client id from Basic Information; with it workspaces install Beagle at /slack/install."""
    slack_client_secret: SecretStr = Field(
        SecretStr(""), validation_alias=_unprefixed("SLACK_CLIENT_SECRET")
    )
    """Client secret from Basic Information; needed for OAuth."""
    token_key: SecretStr = SecretStr("")
    """Fernet key that encrypts the tokens of installed workspaces; needed for OAuth. To change it,
    write the new key, a comma and the old one."""
    allowed_teams: CommaSeparated = ()
    """Ids (`T…`) of the workspaces that may install Beagle by OAuth and are served, separated by
    commas; empty allows every workspace."""
    slack_rate_limiting: bool = True
    """Whether calls stay within Slack's published rate limits, counted across all processes."""
    slack_unlisted: bool = False
    """Whether other companies install the app from outside Slack's Marketplace: Slack then lets it
    read 15 messages of a thread once a minute."""
    slack_mode: Literal["socket", "http"] = "socket"
    """How events arrive: `socket` needs no public address, `http` is signed, at /slack/events."""
    max_deliveries: int = Field(1000, ge=1)
    """Most events of Slack that one bot holds until they are handled; Slack sends again what goes
    beyond, for six minutes."""
    catch_up_minutes: float = Field(60.0, ge=0)
    """After a gap in which no event of Slack could arrive, the messages of so many minutes are read
    in the history and answered; 0 leaves them."""
    host: str = "127.0.0.1"
    """Address to listen on for Slack: signed events and the install pages."""
    port: int = Field(3000, ge=0, le=65535)
    """Port to listen on for Slack; 0 picks a free one. With Socket Mode and without OAuth nothing
    listens there."""
    health_host: str = "127.0.0.1"
    """Address to listen on for health checks and metrics; keep it inside your network."""
    health_port: int = Field(3001, ge=0, le=65535)
    """Port to listen on for health checks and metrics; 0 picks a free one."""
    admins: CommaSeparated = ()
    """User ids of the admins, separated by commas; empty means that nobody is. With SLACK_CLIENT_ID
    each needs its workspace: `T…:U…`."""
    admin_channel: str = ""
    """Id of the channel for digests, rollout cards and drift alarms; empty posts none of them."""
    rights_max_age_seconds: float = Field(3600.0, gt=0)
    """Seconds for which what Slack said of channels, their members and guests counts; before
    anything older is relied on, Slack is asked again."""

    # Storage
    data: Path = Path(".beagle")
    """Data directory: database, queue, encoder and verified model weights, unless configured
    elsewhere."""
    database_url: SecretStr = Field(SecretStr(""), validation_alias=_unprefixed("DATABASE_URL"))
    """Database URL, PostgreSQL or SQLite; empty uses a SQLite file in the data directory."""
    database_pool: int = Field(16, ge=2)
    """Most connections of one process to the database; all processes together stay below the
    server's `max_connections`, or the pooler's."""
    redis_url: SecretStr = Field(SecretStr(""), validation_alias=_unprefixed("REDIS_URL"))
    """URL of a Redis or Valkey server; empty starts one in the data directory."""
    retention_days: float = Field(30.0, ge=0)
    """Days that texts of requests and answers are stored, and quotations of them; 0 stores them
    until somebody erases them."""
    record_retention_days: float = Field(400.0, ge=0)
    """Days that figures are stored: spending, and ended requests without their texts; 0 stores them
    for good."""
    audit_retention_days: float = Field(730.0, ge=0)
    """Days that the audit log is stored; 0 stores it for good."""
    dataset_retention_days: float = Field(365.0, ge=0)
    """Days that rows of training datasets are stored, counted from the request; 0 stores them until
    somebody erases them."""
    overwrite_hour: int = Field(3, ge=0, le=23)
    """Hour, 0 to 23 in the digest's time zone, in which bytes of deleted texts are overwritten."""
    routes: Path | None = None
    """Folder with your own routes; one that has a built-in route's name replaces it."""

    # Models
    model: str = "local"
    """Model that answers: `local` for the small one that comes with Beagle, or any name that
    litellm knows."""
    model_url: Address = ""
    """URL of an OpenAI-compatible server that serves the model; empty uses the provider's own
    address."""
    adapter_server_url: Address = ""
    """URL of an OpenAI-compatible server with many fine-tuned models, for names like
    `hosted_vllm/…`; empty means none."""
    model_key: SecretStr = SecretStr("")
    """API key of the model; empty uses the provider's own variable, such as OPENAI_API_KEY."""
    model_timeout_seconds: float = Field(60.0, gt=0)
    """Longest time in seconds that one request may wait for models in total."""
    connect_timeout_seconds: float = Field(3.0, gt=0)
    """Longest time in seconds that connecting to a model server may take."""
    stall_timeout_seconds: float = Field(12.0, gt=0)
    """Seconds without output after which a model call is dropped and the next model is tried."""
    vision_models: CommaSeparated = ()
    """Models that take pictures besides those in litellm's list, separated by commas; one behind
    BEAGLE_MODEL_URL has to be named."""
    files_per_request: int = Field(5, ge=0, le=20)
    """Files of one message that are read; 0 reads none."""
    file_megabytes: float = Field(5.0, gt=0, le=20)
    """Size in megabytes up to which a file of a message is read."""
    file_tokens: int = Field(8000, ge=100)
    """Tokens of a message's text files with a hosted model; a local one has what is left of
    `limits.input_tokens`."""
    file_usd: float = Field(0.1, ge=0)
    """USD that the files of one message may cost, beyond its route's `limits.usd`."""
    usd_per_million_input: float = Field(0.0, ge=0)
    """Price in USD of a million input tokens, for a model that litellm has no price for."""
    usd_per_million_output: float = Field(0.0, ge=0)
    """Price in USD of a million output tokens, for a model that litellm has no price for."""
    model_prices: CommaSeparated = ()
    """Your own prices in USD for a million tokens, as NAME=INPUT/OUTPUT@DATE or
    NAME=INPUT/CACHED/OUTPUT@DATE, separated by commas."""
    trial_models: CommaSeparated = ()
    """More models for the weekly trials, by their names in litellm, separated by commas."""
    unpriced: Literal["count", "refuse", "free"] = "count"
    """A model without a price: `count` takes $3 and $15 for a million tokens, `refuse` does not
    call it, `free` counts nothing, so caps in USD never act."""
    local_usd_per_cpu_second: float = Field(0.0, ge=0)
    """Cost in USD of one processor second; prices the local model."""
    local_threads: int = Field(2, ge=1)
    """Processor threads of the local model."""
    local_concurrency: int = Field(4, ge=1)
    """Requests that the local model serves at the same time."""
    reranker: str = ""
    """sentence-transformers CrossEncoder, by name or folder, that reorders retrieved passages;
    empty turns reranking off."""

    # Caps per UTC day
    cap_user_usd: float = Field(0.0, ge=0)
    """Daily spending limit per user, in USD; 0 means no limit."""
    cap_channel_usd: float = Field(0.0, ge=0)
    """Daily spending limit per channel, in USD; 0 means no limit."""
    cap_team_usd: float = Field(20.0, ge=0)
    """Daily spending limit of the workspace, in USD; 0 means no limit."""
    cap_user_requests: int = Field(0, ge=0)
    """Requests per user and day; 0 means no limit."""
    cap_channel_requests: int = Field(0, ge=0)
    """Requests per channel and day; 0 means no limit."""
    cap_team_requests: int = Field(0, ge=0)
    """Requests of the workspace per day; 0 means no limit."""

    requests_per_minute: int = Field(20, ge=0)
    """Requests, commands and clicks that run something per person and minute; 0 means no limit."""

    # Delivery
    lease_seconds: float = Field(20.0, gt=0)
    """Seconds without a heartbeat after which another worker takes over a request."""
    max_attempts: int = Field(5, ge=1)
    """Attempts per request before it becomes a dead letter; `beagle replay` queues it again."""
    concurrency: int = Field(32, ge=1)
    """Requests that one answer worker handles at the same time."""
    reaper_interval_seconds: float = Field(2.0, gt=0)
    """Seconds between two checks for overdue requests."""
    leader_lease_seconds: float = Field(6.0, gt=0)
    """Seconds after which another process does the periodic work of one that ended or froze."""

    # The router
    encoder: str = "fast"
    """Sentence encoder: `fast` (MiniLM, int8), `multilingual` (e5-small, int8), `torch` (MiniLM
    in full precision), or any sentence-transformers name."""
    encoder_folder: Path | None = None
    """Folder of the exported encoder and quote scorer; empty uses the data directory."""
    false_reject: float = Field(0.05, gt=0, lt=0.5)
    """Share of in-scope messages that may be rejected as out of scope, above 0 and below 0.5."""
    seed: int = 0
    """Random seed for training the router and optimising prompts."""

    # Logs
    log: Literal["auto", "json", "pretty"] = "auto"
    """Log format: `pretty` for people, `json` for machines, `auto` is `pretty` on a terminal."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Lowest level that is logged."""
    otel_url: Address = ""
    """OpenTelemetry collector (OTLP over HTTP) that gets each request's trace; empty sends none."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Adds the old names as the source that every other one overrules."""
        old_names = OldNamesSource(settings_cls, dotenv_settings, env_settings)
        return init_settings, env_settings, dotenv_settings, file_secret_settings, old_names

    @field_validator(
        "admins",
        "allowed_teams",
        "vision_models",
        "model_prices",
        "trial_models",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("admins")
    @classmethod
    def _check_admins(cls, value: tuple[str, ...], field: ValidationInfo) -> tuple[str, ...]:
        return checks.admin_ids(value, with_teams=bool(field.data.get("slack_client_id")))

    @field_validator("slack_bot_token", "slack_app_token")
    @classmethod
    def _check_token_prefix(cls, value: SecretStr, field: ValidationInfo) -> SecretStr:
        return SecretStr(checks.token(value.get_secret_value(), str(field.field_name)))

    @field_validator("redis_url", "database_url")
    @classmethod
    def _check_server(cls, value: SecretStr, field: ValidationInfo) -> SecretStr:
        complete = (
            checks.redis_address if field.field_name == "redis_url" else checks.database_address
        )
        return SecretStr(complete(value.get_secret_value()))

    _check_numbers = field_validator("*")(checks.bounded)
    _check_addresses = field_validator(*_ADDRESSES)(checks.web_address)
    _check_prices = field_validator("model_prices")(checked_entries)
    _check_teams = field_validator("allowed_teams")(checks.team_ids)
    _check_channel = field_validator("admin_channel")(checks.channel_id)

    def model_post_init(self, context: object) -> None:
        """Registers the secrets, so that no text of this process shows one."""
        for name, value in self:
            if isinstance(value, SecretStr):
                remember_secret(value.get_secret_value())
            elif name in _ADDRESSES:
                remember_address(value)

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        """Yields what `repr` shows: no secret, and no password in an address."""
        for name, value in super().__repr_args__():
            yield name, hide_user_info(value) if name in _ADDRESSES else value

    @property
    def encoder_cache(self) -> Path:
        """The folder of the fast encoder: `encoder_folder`, or one in the data directory."""
        return self.encoder_folder or self.data / "encoder"

    def artefact_folder(self, team: str) -> Path:
        """Returns the folder for a workspace's trained files; the store has the originals."""
        return workspace_folder(self.data / "artefacts", team)

    @property
    def person_slots(self) -> int:
        """How many requests of one person are served at once: half of a worker's, at least one."""
        return max(1, self.concurrency // 2)

    @property
    def store_url(self) -> str:
        """The store's URL: `database_url`, or a SQLite file in the data directory."""
        own_file = f"sqlite:///{self.data.absolute() / 'beagle.db'}"
        return self.database_url.get_secret_value() or own_file


def read_settings(**overrides: object) -> Settings:
    """Returns the settings of the environment and `.env`; `overrides` win.

    Raises SettingsError naming every wrong setting at once, without repeating a secret's value.
    """
    known = {*environment_names(), *OLD_NAMES}
    set_names = sorted(name for name in os.environ if name.startswith(PREFIX))
    names = environment_names()
    problems = [checks.unknown_line(name, names) for name in set_names if name not in known]

    settings = None
    cause = None
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]  # pydantic checks each value
    except ValidationError as error:
        cause = error
        problems.extend(map(_problem_line, error.errors(include_url=False)))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"reading settings: '.env' cannot be read ({type(error).__name__}); expected a UTF-8 "
            "text file that this user may read"
        ) from error

    if settings is None or problems:
        raise SettingsError("reading settings found problems:\n" + "\n".join(problems)) from cause

    return settings


def environment_names() -> dict[str, str]:
    """Returns the environment variable of every setting, with the setting's field."""
    names = {}
    for field, info in Settings.model_fields.items():
        prefix = PREFIX if info.validation_alias is None else ""
        names[f"{prefix}{field.upper()}"] = field

    return names


def child_environment(**changes: str) -> dict[str, str]:
    """Returns the environment for a child process: this process's with `changes`."""
    return {**os.environ, **changes}


def bare_environment(**changes: str) -> dict[str, str]:
    """Returns the environment for a child process that needs no secret, with `changes`.

    It has what a program needs to find its libraries, temporary files and the graphics card, and no
    token, key or password: no trainer, nor any library that it loads, has to see one.
    """
    known = {name: value for name, value in os.environ.items() if checks.is_bare(name)}
    return {**known, **changes}


def use_one_blas_thread() -> None:
    """Limits linear algebra to one thread, unless the environment says otherwise.

    Call it before numpy is loaded. Idle BLAS threads spin: beside other busy processes, a refit of
    one second took over a minute with two threads.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def _problem_line(part: ErrorDetails) -> str:
    """Returns the setting, what is wrong, its value unless it may be a secret, and the remedy."""
    key = (str(part["loc"][0]) if part["loc"] else "").lower()
    variables = {field: name for name, field in environment_names().items()}
    info = Settings.model_fields.get(key)
    is_shown = info is not None and info.annotation is not SecretStr
    found = hide_user_info(str(part.get("input", ""))) if is_shown else None
    problem = checks.expected_value(part["type"], part.get("ctx", {}), part["msg"])
    return checks.problem_line(variables.get(key, key), problem, found, _default_text(info))


def _default_text(info: FieldInfo | None) -> str:
    """Returns the setting's default as it is written in the environment; empty if there is none."""
    default = None if info is None else info.get_default()
    if isinstance(default, SecretStr) or default in (None, "", ()):
        return ""

    if isinstance(default, bool):
        return str(default).lower()

    return f"{default:g}" if isinstance(default, float) else str(default)
