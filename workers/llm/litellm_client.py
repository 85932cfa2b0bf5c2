"""Asks language models through litellm; the only place that knows it."""

from __future__ import annotations

import importlib.metadata
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from router.config import Settings
from router.errors import ModelError, SettingsError
from workers.llm.budget import Budget, Ledger, no_cap
from workers.llm.gateway import Answer, Feed, Gateway, LocalServer, Target
from workers.llm.pricing import Price, listed_end, listed_price
from workers.llm.watchdog import SilenceError
from workers.ports import Call

MALICIOUS = frozenset({"1.82.7", "1.82.8", "1.107.0"})
"""Releases of litellm that carried malware; they must not even be imported."""


def open_model(
    settings: Settings,
    local: LocalServer | None,
    now: Callable[[], float],
    random: Callable[[], float],
    ledger: Ledger | None = None,
    channel_usd: Callable[[str, str], float] = no_cap,
) -> Gateway:
    """The gateway to real models, its vendor library loaded (seconds, about 200 MB: once a process, not once a call).

    Raises SettingsError when a malicious release of litellm is installed.
    """
    _litellm()
    budget = Budget(settings, ledger, now, channel_usd) if ledger is not None else None
    return Gateway(settings, LiteLLM(settings.connect_seconds), local, now, random, budget)


class LiteLLM:
    """Asks one model once, any that litellm can reach."""

    def __init__(self, connect_seconds: float) -> None:
        self._connect_seconds = connect_seconds

    def price(self, name: str) -> Price | None:
        """From the price list inside litellm; nothing is fetched."""
        return listed_price(name, _litellm().model_cost)

    def ends(self, name: str) -> str | None:
        """The day its provider switches it off, as an ISO date, from the same list."""
        return listed_end(name, _litellm().model_cost)

    def ask(self, target: Target, call: Call, silence: float, feed: Feed | None) -> Answer:
        """Every failure is a ModelError whose message names the model and never repeats the prompt."""
        import httpx

        litellm = _litellm()

        try:
            found = litellm.completion(
                **_arguments(target, call),
                stream=feed is not None,
                stream_options={"include_usage": True} if feed is not None else None,
                timeout=httpx.Timeout(silence, connect=min(self._connect_seconds, silence)),
            )
            return _whole(found) if feed is None else _streamed(found, feed)
        except litellm.openai.APIError as error:
            raise _failure(target, error) from error
        except (
            httpx.HTTPError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            IndexError,
        ) as error:
            # A server that answers with something else than a chat completion breaks litellm in
            # many ways.
            raise _failure(target, error) from error


def _arguments(target: Target, call: Call) -> dict[str, Any]:
    # A server of our own speaks OpenAI's protocol, whatever the model behind it is called.
    plain = target.url is not None and "/" not in target.name
    arguments: dict[str, Any] = {
        "model": f"openai/{target.name}" if plain else target.name,
        "messages": [dict(message) for message in call.messages],
        "max_tokens": call.output_tokens,
        "temperature": call.temperature,
        "seed": call.seed,
        "api_base": target.url,
        "api_key": target.key,
        "drop_params": True,
        "num_retries": 0,
        "max_retries": 0,
    }

    if call.schema is not None:
        shape = {"name": "answer", "strict": True, "schema": dict(call.schema)}
        arguments["response_format"] = {"type": "json_schema", "json_schema": shape}

    if target.lora is not None:
        arguments["extra_body"] = {
            "cache_prompt": not call.anew,
            "lora": [{"id": number, "scale": scale} for number, scale in target.lora.items()],
        }

    return arguments


def _whole(found: Any) -> Answer:
    choice = found.choices[0]
    timings = getattr(found, "timings", None)
    seconds = (
        (timings["prompt_ms"] + timings["predicted_ms"]) / 1000
        if isinstance(timings, dict)
        else None
    )

    said = _answer(
        choice.message.content or "", choice.finish_reason, getattr(found, "usage", None), seconds
    )
    name, system = (getattr(found, word, None) or "" for word in ("model", "system_fingerprint"))
    return replace(said, reported=str(name), system=str(system))


def _streamed(found: Any, feed: Feed) -> Answer:
    pieces: list[str] = []
    stop, usage = None, None

    for chunk in found:
        usage = getattr(chunk, "usage", None) or usage
        if not chunk.choices:
            continue

        stop = chunk.choices[0].finish_reason or stop

        text = chunk.choices[0].delta.content
        if text:
            pieces.append(text)
            feed(text)

    # litellm ends a stream that broke off as if it were complete; only this tells whether the
    # server said it was.
    if getattr(found, "received_finish_reason", stop) is None:
        raise ValueError("the stream ended before the answer did")

    return _answer("".join(pieces), stop, usage, None)


def _answer(text: str, stop: str | None, usage: Any, seconds: float | None) -> Answer:
    details = getattr(usage, "prompt_tokens_details", None)
    return Answer(
        text=text,
        stop=stop or "stop",
        prompt_tokens=int(getattr(usage, "prompt_tokens", 0) or 0),
        output_tokens=int(getattr(usage, "completion_tokens", 0) or 0),
        cached_tokens=int(getattr(details, "cached_tokens", 0) or 0),
        seconds=seconds,
    )


def _failure(target: Target, error: Exception) -> ModelError:
    """What litellm raised, in our words; one that broke in the middle of a stream carries the first cause with it."""
    cause = getattr(error, "original_exception", None) or error
    status = getattr(cause, "status_code", None)
    told = type(cause).__name__ + (f" (HTTP {status})" if status else "")

    if isinstance(cause, _litellm().openai.APITimeoutError):
        return SilenceError(f"{told}: nothing came in time", retry=True)

    retry = not isinstance(status, int) or status in (408, 409, 429) or status >= 500
    remedy = (
        "try again later" if retry else "check the model's name, its key and the size of the prompt"
    )

    return ModelError(f"asking {target.name!r}: {told}; {remedy}", retry=retry)


@lru_cache(maxsize=1)
def _litellm() -> Any:
    """The library, quiet and offline; loaded at the first use."""
    found = importlib.metadata.version("litellm")
    if found in MALICIOUS:
        raise SettingsError(
            f"loading litellm: release {found!r} carried malware; remove it, rotate every key this machine has held, "
            "and install the locked release"
        )

    # litellm reads this while it is being imported; without it, it fetches its price list from the
    # internet.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # noqa: TID251
    import litellm

    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.disable_streaming_logging = True

    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        # Its error lines repeat the prompt.
        logging.getLogger(name).setLevel(logging.CRITICAL)

    return litellm
