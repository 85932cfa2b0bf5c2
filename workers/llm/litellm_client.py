"""Asks language models through litellm; the only module that imports it."""

from __future__ import annotations

import importlib.metadata
import logging
import os
import re
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

from router.config import Settings
from router.errors import ModelError, SettingsError
from router.setting_groups.provider_keys import ProviderKeys
from workers.llm.budget import Budget, Ledger, no_channel_cap
from workers.llm.gateway import LOCAL, Gateway
from workers.llm.model_client import (
    Endpoint,
    LocalServer,
    RawAnswer,
    TextCallback,
    reported_count,
)
from workers.llm.model_end import ModelEnd
from workers.llm.openai_client import (
    MAX_WORDS,
    RETRYABLE_STATUS,
    SETUP_STATUS,
    OpenAIClient,
    plain_name,
    response_format,
    sent_messages,
)
from workers.llm.pricing import LitellmPriceList, Price
from workers.llm.watchdog import StallTimeoutError
from workers.ports import ModelCall

MALICIOUS = frozenset({"1.82.7", "1.82.8", "1.107.0"})
"""Releases of litellm that carried malware; they must not even be imported."""
CALLS_PER_SLOT = 2
"""Connections for each request that is served at once: its call, and one that was given up and
whose own time-out has not come yet."""
OPTIONAL_KEYS = frozenset({"OLLAMA_API_BASE"})
"""Variables that litellm names as missing although it has a default for them."""
MISSING_KEY = re.compile(r"missing credentials|api[ _]key|api_base", re.IGNORECASE)
_LITELLM_MARKS = re.compile(r"\A(?:[\w.]{1,60}(?:Error|Exception)(?: - |: ))+")


def open_model(
    settings: Settings,
    local: LocalServer | None,
    now: Callable[[], float],
    random: Callable[[], float],
    ledger: Ledger | None = None,
    channel_usd: Callable[[str, str], float] = no_channel_cap,
) -> Gateway:
    """Returns the gateway to real models; without a `ledger` there are no caps.

    Where the model that answers is asked through litellm, that is loaded now: it takes seconds and
    130 MB, and no request should wait for it. Raises SettingsError when a malicious release is
    installed.
    """
    _check_release()
    budget = None
    if ledger is not None:
        budget = Budget(settings, ledger, now, channel_usd)

    client = LiteLLMClient(settings.connect_timeout_seconds, CALLS_PER_SLOT * settings.concurrency)
    if settings.model != LOCAL and not client.speaks_openai(settings.model, settings.model_url):
        _litellm()

    return Gateway(settings, client, local, now, random, budget)


class LiteLLMClient:
    """Asks one model once, any that litellm can reach.

    A server of our own that speaks OpenAI's protocol is asked without litellm.
    """

    def __init__(self, connect_seconds: float, max_connections: int = 1) -> None:
        self._connect_seconds = connect_seconds
        self._prices = LitellmPriceList()
        self._direct = OpenAIClient(connect_seconds, max_connections)

    @cached_property
    def _keys(self) -> ProviderKeys:
        """The providers' keys, read when a model that needs them is first asked or checked."""
        return ProviderKeys()

    def price(self, name: str) -> Price | None:
        """Returns the price from the list inside litellm; nothing is downloaded."""
        return self._prices.price(name)

    def provider(self, name: str) -> str | None:
        """Returns the provider that litellm would ask for the model; None where it knows none."""
        try:
            return str(_litellm().get_llm_provider(name)[1])
        except Exception:  # noqa: BLE001  # litellm's way to say no, by errors of many classes
            return None

    def missing_keys(self, name: str) -> list[str]:
        """Returns the variables that the provider needs and that are not set."""
        missing = _litellm().validate_environment(name)["missing_keys"]
        return [key for key in missing if key not in OPTIONAL_KEYS and not self._keys.has(key)]

    def known_names(self, provider: str = "") -> list[str]:
        """Returns the chat models in the list, of all providers or of one."""
        return [
            name
            for name, entry in _litellm().model_cost.items()
            if entry.get("mode") == "chat" and provider in ("", entry.get("litellm_provider"))
        ]

    def lists_vision(self, name: str) -> bool:
        """Returns whether the same list says that the model takes pictures."""
        return self._prices.lists_vision(name)

    def end(self, name: str) -> ModelEnd | None:
        """Returns when the provider switches the model off, and who says so; None if unknown."""
        return self._prices.end(name)

    def sunset_date(self, name: str) -> str | None:
        """Returns the ISO date on which the provider switches the model off; None if unknown."""
        end = self.end(name)
        return None if end is None else end.date

    def replacement(self, name: str, now: float) -> str | None:
        """Returns a model of the same provider that could take its place; None if unknown."""
        return self._prices.replacement(name, now)

    def speaks_openai(self, name: str, url: str | None) -> bool:
        """Returns whether the model at this address takes OpenAI's arguments as they are.

        A model that litellm lists may want others: OpenAI's reasoning models refuse a temperature.
        """
        plain = plain_name(name)
        is_plain = plain != name or "/" not in name
        return bool(url) and is_plain and not self._prices.has(plain)

    def send(
        self,
        endpoint: Endpoint,
        call: ModelCall,
        stall_seconds: float,
        on_text: TextCallback | None,
    ) -> RawAnswer:
        """Sends the call. A failure is a ModelError that names the model but not the prompt."""
        if self.speaks_openai(endpoint.name, endpoint.url):
            return self._direct.send(endpoint, call, stall_seconds, on_text)

        import httpx

        litellm = _litellm()
        stream = on_text is not None
        connect_seconds = min(self._connect_seconds, stall_seconds)

        try:
            response = litellm.completion(
                **self._arguments(endpoint, call),
                stream=stream,
                stream_options={"include_usage": True} if stream else None,
                timeout=httpx.Timeout(stall_seconds, connect=connect_seconds),
            )
            if on_text is None:
                return _read_whole(response)

            return _read_stream(response, on_text)
        except litellm.openai.APIError as error:
            raise _failure(endpoint, error) from error
        except (
            httpx.HTTPError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            IndexError,
        ) as error:
            # litellm fails in all these ways when a server answers with anything else than a chat
            # completion.
            raise _failure(endpoint, error) from error

    def _arguments(self, endpoint: Endpoint, call: ModelCall) -> dict[str, Any]:
        """Returns the arguments of the call; what the endpoint leaves open the keys fill in.

        A server of one's own gets no provider's key.
        """
        arguments = _call_arguments(endpoint, call)
        if endpoint.url is not None:
            return arguments

        provider = self.provider(arguments["model"]) or ""
        for name, value in self._keys.arguments(provider).items():
            # A model that is named by its ARN has its region in the name.
            is_in_name = name == "aws_region_name" and "arn:" in endpoint.name
            if arguments.get(name) is None and not is_in_name:
                arguments[name] = value

        return arguments


def _call_arguments(endpoint: Endpoint, call: ModelCall) -> dict[str, Any]:
    """Returns the arguments of `litellm.completion`, with its own retries switched off."""
    # A server of our own speaks OpenAI's protocol, whatever the model behind it is called.
    model = endpoint.name
    if endpoint.url is not None and "/" not in model:
        model = f"openai/{model}"

    arguments: dict[str, Any] = {
        "model": model,
        "messages": sent_messages(call),
        "max_tokens": call.output_tokens,
        "temperature": call.temperature,
        "seed": call.seed,
        "api_base": endpoint.url,
        "api_key": endpoint.key,
        "drop_params": True,
        "num_retries": 0,
        "max_retries": 0,
    }

    if call.schema is not None:
        arguments["response_format"] = response_format(call.schema)

    return arguments


def _read_whole(response: Any) -> RawAnswer:
    choice = response.choices[0]

    # llama.cpp reports its own processing times, in milliseconds; others do not.
    seconds = None
    timings = getattr(response, "timings", None)
    if isinstance(timings, dict):
        seconds = (timings["prompt_ms"] + timings["predicted_ms"]) / 1000

    return _raw_answer(
        choice.message.content or "",
        choice.finish_reason,
        getattr(response, "usage", None),
        seconds=seconds,
        model=str(getattr(response, "model", None) or ""),
        fingerprint=str(getattr(response, "system_fingerprint", None) or ""),
    )


def _read_stream(response: Any, on_text: TextCallback) -> RawAnswer:
    pieces: list[str] = []
    finish_reason = None
    usage = None

    for chunk in response:
        usage = getattr(chunk, "usage", None) or usage
        if not chunk.choices:
            # The last chunk carries the usage and no text.
            continue

        finish_reason = chunk.choices[0].finish_reason or finish_reason
        text = chunk.choices[0].delta.content
        if text:
            pieces.append(text)
            on_text(text)

    # litellm ends a stream that broke off as if it were complete; only this attribute tells whether
    # the server ended it.
    if getattr(response, "received_finish_reason", finish_reason) is None:
        raise ValueError("the stream ended before the answer did")

    return _raw_answer("".join(pieces), finish_reason, usage)


def _raw_answer(
    text: str,
    finish_reason: str | None,
    usage: object,
    *,
    seconds: float | None = None,
    model: str = "",
    fingerprint: str = "",
) -> RawAnswer:
    details = getattr(usage, "prompt_tokens_details", None)
    return RawAnswer(
        text=text,
        finish_reason=finish_reason or "stop",
        prompt_tokens=reported_count(getattr(usage, "prompt_tokens", None)),
        output_tokens=reported_count(getattr(usage, "completion_tokens", None)),
        cached_tokens=reported_count(getattr(details, "cached_tokens", None)),
        seconds=seconds,
        reported_model=model,
        system_fingerprint=fingerprint,
    )


def _failure(endpoint: Endpoint, error: Exception) -> ModelError:
    """Converts litellm's error to a ModelError.

    The provider's own words are in it where they are about the installation. Others are left out:
    they may repeat the prompt.
    """
    # An error in the middle of a stream is wrapped; its first cause decides.
    cause = getattr(error, "original_exception", None) or error
    status = getattr(cause, "status_code", None)
    description = type(cause).__name__
    if status:
        description += f" (HTTP {status})"

    if isinstance(cause, _litellm().openai.APITimeoutError):
        return StallTimeoutError(f"{description}: nothing came in time", retry=True)

    words = _own_words(cause)
    if status in SETUP_STATUS or MISSING_KEY.search(words):
        # litellm calls a missing key a fault of the server, which would be tried again and again.
        return ModelError(
            f"asking {endpoint.name!r}: {description}: {words}; mend the model's name or key, "
            "`beagle models --call` tries it",
            setup=True,
        )

    retry = True  # without a status the connection failed
    if isinstance(status, int):
        retry = status in RETRYABLE_STATUS or status >= 500

    remedy = "check the model's name, its key and the size of the prompt"
    if retry:
        remedy = "try again later"

    return ModelError(f"asking {endpoint.name!r}: {description}; {remedy}", retry=retry)


def _own_words(error: BaseException) -> str:
    """Returns what the provider said, in one short line without litellm's own marks."""
    lines = str(error).strip().splitlines() or [""]
    return _LITELLM_MARKS.sub("", lines[0])[:MAX_WORDS].strip().rstrip(".;")


def _check_release() -> None:
    """Raises SettingsError when the installed release of litellm is known to be malicious."""
    release = importlib.metadata.version("litellm")
    if release in MALICIOUS:
        raise SettingsError(
            f"loading litellm: release {release!r} carried malware; remove it, rotate every key "
            "this machine has held, and install the locked release"
        )


@lru_cache(maxsize=1)
def _litellm() -> Any:
    """Returns the library, quiet and offline; loads it at the first call."""
    _check_release()

    # litellm reads these while it is imported. Without the first it downloads its price list;
    # without the second it loads the nearest `.env`, Slack's tokens too, into the environment.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # noqa: TID251
    os.environ["LITELLM_MODE"] = "PRODUCTION"  # noqa: TID251
    import litellm

    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.disable_streaming_logging = True

    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        # Its error lines repeat the prompt.
        logging.getLogger(name).setLevel(logging.CRITICAL)

    return litellm
