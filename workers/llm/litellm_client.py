"""Asks language models through litellm; the only module that imports it."""

from __future__ import annotations

import base64
import importlib.metadata
import logging
import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from router.config import Settings
from router.errors import ModelError, SettingsError
from router.text.special_tokens import defuse_tokens
from workers.llm.budget import Budget, Ledger, no_channel_cap
from workers.llm.gateway import Gateway
from workers.llm.model_client import Endpoint, LocalServer, RawAnswer, TextCallback
from workers.llm.pricing import Price, list_price, list_sunset_date, lists_vision
from workers.llm.watchdog import StallTimeoutError
from workers.ports import Message, ModelCall

MALICIOUS = frozenset({"1.82.7", "1.82.8", "1.107.0"})
"""Releases of litellm that carried malware; they must not even be imported."""
RETRYABLE_STATUS = frozenset({408, 409, 429})
"""HTTP statuses below 500 after which the same request may succeed."""


def open_model(
    settings: Settings,
    local: LocalServer | None,
    now: Callable[[], float],
    random: Callable[[], float],
    ledger: Ledger | None = None,
    channel_usd: Callable[[str, str], float] = no_channel_cap,
) -> Gateway:
    """Returns the gateway to real models; without a `ledger` there are no caps.

    Loads litellm, which takes seconds and about 200 MB, so that no request waits for it. Raises
    SettingsError when a malicious release is installed.
    """
    _litellm()
    budget = None
    if ledger is not None:
        budget = Budget(settings, ledger, now, channel_usd)

    client = LiteLLMClient(settings.connect_timeout_seconds)
    return Gateway(settings, client, local, now, random, budget)


class LiteLLMClient:
    """Asks one model once, any that litellm can reach."""

    def __init__(self, connect_seconds: float) -> None:
        self._connect_seconds = connect_seconds

    def price(self, name: str) -> Price | None:
        """Returns the price from the list inside litellm; nothing is downloaded."""
        return list_price(name, _litellm().model_cost)

    def lists_vision(self, name: str) -> bool:
        """Returns whether the same list says that the model takes pictures."""
        return lists_vision(name, _litellm().model_cost)

    def sunset_date(self, name: str) -> str | None:
        """Returns the ISO date on which the provider switches the model off, from the same list."""
        return list_sunset_date(name, _litellm().model_cost)

    def send(
        self,
        endpoint: Endpoint,
        call: ModelCall,
        stall_seconds: float,
        on_text: TextCallback | None,
    ) -> RawAnswer:
        """Sends the call. A failure is a ModelError that names the model but not the prompt."""
        import httpx

        litellm = _litellm()
        stream = on_text is not None
        connect_seconds = min(self._connect_seconds, stall_seconds)

        try:
            response = litellm.completion(
                **_arguments(endpoint, call),
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


def _plain_message(message: Message) -> dict[str, str]:
    """Returns the message as it is sent: nobody's words end it and begin another one's.

    Every prompt passes here, so no builder of prompts has to remember it.
    """
    return {"role": message["role"], "content": defuse_tokens(message["content"])}


def _messages(call: ModelCall) -> list[dict[str, Any]]:
    """Returns the messages as they are sent, with the pictures in the last one of a person."""
    messages: list[dict[str, Any]] = [_plain_message(message) for message in call.messages]
    if not call.pictures:
        return messages

    asked = max(number for number, turn in enumerate(messages) if turn["role"] == "user")
    parts: list[dict[str, Any]] = [{"type": "text", "text": messages[asked]["content"]}]
    for picture in call.pictures:
        data = base64.b64encode(picture.data).decode()
        url = f"data:{picture.media_type};base64,{data}"
        parts.append({"type": "image_url", "image_url": {"url": url}})

    messages[asked] = {"role": "user", "content": parts}
    return messages


def _arguments(endpoint: Endpoint, call: ModelCall) -> dict[str, Any]:
    """Returns the arguments of `litellm.completion`, with its own retries switched off."""
    # A server of our own speaks OpenAI's protocol, whatever the model behind it is called.
    model = endpoint.name
    if endpoint.url is not None and "/" not in model:
        model = f"openai/{model}"

    arguments: dict[str, Any] = {
        "model": model,
        "messages": _messages(call),
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
        shape = {"name": "answer", "strict": True, "schema": dict(call.schema)}
        arguments["response_format"] = {"type": "json_schema", "json_schema": shape}

    if endpoint.lora is not None:
        arguments["extra_body"] = {
            "cache_prompt": not call.skip_prompt_cache,
            "lora": [{"id": number, "scale": scale} for number, scale in endpoint.lora.items()],
        }

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
        prompt_tokens=int(getattr(usage, "prompt_tokens", 0) or 0),
        output_tokens=int(getattr(usage, "completion_tokens", 0) or 0),
        cached_tokens=int(getattr(details, "cached_tokens", 0) or 0),
        seconds=seconds,
        reported_model=model,
        system_fingerprint=fingerprint,
    )


def _failure(endpoint: Endpoint, error: Exception) -> ModelError:
    """Converts litellm's error to a ModelError, without its text: that may repeat the prompt."""
    # An error in the middle of a stream is wrapped; its first cause decides.
    cause = getattr(error, "original_exception", None) or error
    status = getattr(cause, "status_code", None)
    description = type(cause).__name__
    if status:
        description += f" (HTTP {status})"

    if isinstance(cause, _litellm().openai.APITimeoutError):
        return StallTimeoutError(f"{description}: nothing came in time", retry=True)

    retry = True  # without a status the connection failed
    if isinstance(status, int):
        retry = status in RETRYABLE_STATUS or status >= 500

    remedy = "check the model's name, its key and the size of the prompt"
    if retry:
        remedy = "try again later"

    return ModelError(f"asking {endpoint.name!r}: {description}; {remedy}", retry=retry)


@lru_cache(maxsize=1)
def _litellm() -> Any:
    """Returns the library, quiet and offline; loads it at the first call."""
    release = importlib.metadata.version("litellm")
    if release in MALICIOUS:
        raise SettingsError(
            f"loading litellm: release {release!r} carried malware; remove it, rotate every key "
            "this machine has held, and install the locked release"
        )

    # litellm reads this while it is imported; without it, it downloads its price list.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # noqa: TID251
    import litellm

    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.disable_streaming_logging = True

    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        # Its error lines repeat the prompt.
        logging.getLogger(name).setLevel(logging.CRITICAL)

    return litellm
