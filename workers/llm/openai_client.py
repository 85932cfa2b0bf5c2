"""Asks a server that speaks OpenAI's chat protocol, without litellm, on lasting connections.

litellm takes 130 MB and half a millisecond for each piece of a stream; a server of our own needs
none of what that pays for.
"""

from __future__ import annotations

import base64
import json
import math
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx

from router.errors import ModelError
from router.text.special_tokens import defuse_tokens
from workers.llm.model_client import Endpoint, RawAnswer, TextCallback, reported_count
from workers.llm.watchdog import StallTimeoutError
from workers.ports import Message, ModelCall

PREFIXES = frozenset({"openai", "hosted_vllm"})
"""Providers in front of a model's name that mean this protocol."""
SETUP_STATUS = frozenset({401, 403, 404})
"""HTTP statuses that no later call changes: the key, the rights or the name are wrong."""
MAX_WORDS = 200
"""Characters of a provider's own words."""
RETRYABLE_STATUS = frozenset({408, 409, 429})
"""HTTP statuses below 500 after which the same request may succeed."""
MAX_BODY_BYTES = 32_000_000
"""A server that sends more than this for one answer talks without end."""
MAX_ANSWER_CHARACTERS = 1_000_000
MALFORMED = (ValueError, KeyError, TypeError, IndexError, AttributeError)
"""What reading an answer of another shape raises."""
DATA = "data:"
DONE = "[DONE]"
IDLE_SECONDS = 30.0
"""How long a connection stays open without a call."""


class OpenAIClient:
    """Asks one model once. Safe for many threads, which share at most `max_connections`."""

    def __init__(self, connect_seconds: float, max_connections: int) -> None:
        self._connect_seconds = connect_seconds
        self._limits = httpx.Limits(
            max_connections=max_connections,
            max_keepalive_connections=max_connections,
            keepalive_expiry=IDLE_SECONDS,
        )
        self._lock = threading.Lock()
        self._opened: httpx.Client | None = None

    def send(
        self,
        endpoint: Endpoint,
        call: ModelCall,
        stall_seconds: float,
        on_text: TextCallback | None,
    ) -> RawAnswer:
        """Sends the call. A failure is a ModelError that names the model but not the prompt."""
        body = request_body(endpoint, call, stream=on_text is not None)
        timeout = httpx.Timeout(stall_seconds, connect=min(self._connect_seconds, stall_seconds))
        request = self._client().build_request(
            "POST",
            f"{str(endpoint.url).rstrip('/')}/chat/completions",
            json=body,
            headers={"Authorization": f"Bearer {endpoint.key or 'none'}"},
            timeout=timeout,
        )

        try:
            response = self._client().send(request, stream=True)
            try:
                _check_status(endpoint, response)
                if on_text is None:
                    return _whole_answer(json.loads(_bounded_body(response)))

                return _streamed_answer(response, on_text)
            finally:
                response.close()
        except httpx.TimeoutException as error:
            raise StallTimeoutError(
                f"{type(error).__name__}: nothing came in time", retry=True
            ) from error
        except (httpx.HTTPError, *MALFORMED) as error:
            # The server is away, or answers with anything else than a chat completion. The error's
            # own text stays out: it may repeat the prompt.
            raise _failure(endpoint, type(error).__name__, retry=True) from error

    def _client(self) -> httpx.Client:
        # At the first call: a process that asks no such server opens nothing.
        with self._lock:
            if self._opened is None:
                self._opened = httpx.Client(limits=self._limits)
                # Its connections end with this object: httpx itself leaves them to the collector.
                weakref.finalize(self, self._opened.close)

            return self._opened


def plain_name(model: str) -> str:
    """Returns the model's name as its server knows it, without the provider in front."""
    prefix, _, name = model.partition("/")
    return name if prefix in PREFIXES else model


def plain_message(message: Message) -> dict[str, str]:
    """Returns the message as it is sent: nobody's words end it and begin another one's.

    Every prompt passes here, so no builder of prompts has to remember it.
    """
    return {"role": message["role"], "content": defuse_tokens(message["content"])}


def sent_messages(call: ModelCall) -> list[dict[str, Any]]:
    """Returns the messages as they are sent, with the pictures in the last one of a person."""
    messages: list[dict[str, Any]] = [plain_message(message) for message in call.messages]
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


def response_format(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the argument that forces an answer into a JSON Schema."""
    shape = {"name": "answer", "strict": True, "schema": dict(schema)}
    return {"type": "json_schema", "json_schema": shape}


def adapter_fields(endpoint: Endpoint, call: ModelCall) -> dict[str, Any]:
    """Returns what llama.cpp takes besides: the scale of each adapter, and whether to cache."""
    if endpoint.lora is None:
        return {}

    return {
        "cache_prompt": not call.skip_prompt_cache,
        "lora": [{"id": number, "scale": scale} for number, scale in endpoint.lora.items()],
    }


def request_body(endpoint: Endpoint, call: ModelCall, *, stream: bool) -> dict[str, Any]:
    """Returns the body of a chat completion."""
    body: dict[str, Any] = {
        "model": plain_name(endpoint.name),
        "messages": sent_messages(call),
        "max_tokens": call.output_tokens,
        "temperature": call.temperature,
        "seed": call.seed,
        **adapter_fields(endpoint, call),
    }
    if call.token_probabilities and _gives_probabilities(endpoint):
        body["logprobs"] = True
    if call.schema is not None:
        body["response_format"] = response_format(call.schema)
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}

    return body


def _gives_probabilities(endpoint: Endpoint) -> bool:
    """Returns whether the server is llama.cpp or vLLM; others may refuse the whole request."""
    return endpoint.lora is not None or endpoint.name.startswith("hosted_vllm/")


def _token_probability(logprobs: Sequence[Mapping[str, Any]]) -> float | None:
    """Returns the geometric mean of the tokens' probabilities, None without any."""
    values = [float(token["logprob"]) for token in logprobs if "logprob" in token]
    return math.exp(min(0.0, sum(values) / len(values))) if values else None


def _check_status(endpoint: Endpoint, response: httpx.Response) -> None:
    status = response.status_code
    if status != httpx.codes.OK:
        if status in SETUP_STATUS:
            raise ModelError(
                f"asking {endpoint.name!r}: HTTP {status}: {_own_words(response)}; mend the "
                "model's name or key, `beagle models --call` tries it",
                setup=True,
            )

        retry = status in RETRYABLE_STATUS or status >= 500
        raise _failure(endpoint, f"HTTP {status}", retry=retry)


def _own_words(response: httpx.Response) -> str:
    """Returns what the server said of the key or the name, which repeats nobody's prompt."""
    try:
        message = json.loads(_bounded_body(response))["error"]["message"]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return response.reason_phrase

    return " ".join(str(message).split())[:MAX_WORDS].rstrip(".;")


def _bounded_body(response: httpx.Response) -> bytes:
    """Returns the whole body. Raises ValueError where it does not end."""
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            raise ValueError("the server's answer does not end")

    return bytes(body)


def _bounded_lines(response: httpx.Response) -> Iterator[str]:
    """Yields the body's lines as they come. Raises ValueError where it does not end."""
    rest, length = "", 0
    for piece in response.iter_text():
        length += len(piece)
        if length > MAX_BODY_BYTES:
            raise ValueError("the server's stream does not end")
        if "\n" not in piece:
            rest += piece
            continue

        *lines, rest = (rest + piece).split("\n")
        for line in lines:
            yield line.removesuffix("\r")

    if rest:
        yield rest


def _failure(endpoint: Endpoint, description: str, *, retry: bool) -> ModelError:
    remedy = "check the model's name, its key and the size of the prompt"
    if retry:
        remedy = "try again later"

    return ModelError(f"asking {endpoint.name!r}: {description}; {remedy}", retry=retry)


def _whole_answer(completion: Mapping[str, Any]) -> RawAnswer:
    choice = completion["choices"][0]

    # llama.cpp reports its own processing times, in milliseconds; others do not.
    seconds = None
    timings = completion.get("timings")
    if isinstance(timings, dict):
        seconds = (timings["prompt_ms"] + timings["predicted_ms"]) / 1000

    text = choice["message"].get("content") or ""
    if not isinstance(text, str):
        raise TypeError("the answer is no text")

    return _raw_answer(
        text,
        choice.get("finish_reason"),
        completion,
        seconds,
        (choice.get("logprobs") or {}).get("content") or (),
    )


def _streamed_answer(response: httpx.Response, on_text: TextCallback) -> RawAnswer:
    pieces: list[str] = []
    length = 0
    finish_reason = None
    last: Mapping[str, Any] = {}
    logprobs: list[Mapping[str, Any]] = []

    for chunk in _chunks(response):
        # The last chunk carries the usage and no text.
        last = {**last, **{name: value for name, value in chunk.items() if value}}
        for choice in chunk.get("choices") or ():
            finish_reason = choice.get("finish_reason") or finish_reason
            logprobs += (choice.get("logprobs") or {}).get("content") or ()
            text = (choice.get("delta") or {}).get("content")
            if text:
                length += len(text)
                if length > MAX_ANSWER_CHARACTERS:
                    raise ValueError("the answer does not end")

                pieces.append(text)
                on_text(text)

    if finish_reason is None:
        raise ValueError("the stream ended before the answer did")

    return _raw_answer("".join(pieces), finish_reason, last, logprobs=logprobs)


def _chunks(response: httpx.Response) -> Iterator[Mapping[str, Any]]:
    """Yields the JSON of each server-sent event."""
    is_done = False
    try:
        for line in _bounded_lines(response):
            data = line.removeprefix(DATA).strip() if line.startswith(DATA) else ""
            if data == DONE:
                # Read on to the end of the body, or the connection could not be used again.
                is_done = True
            elif data and not is_done:
                yield _event(data)
    except httpx.HTTPError:
        if not is_done:
            raise


def _event(data: str) -> Mapping[str, Any]:
    event = json.loads(data)
    if not isinstance(event, dict) or "error" in event:
        raise ValueError("the server ended the stream with something else than an answer")

    return event


def _raw_answer(
    text: str,
    finish_reason: str | None,
    completion: Mapping[str, Any],
    seconds: float | None = None,
    logprobs: Sequence[Mapping[str, Any]] = (),
) -> RawAnswer:
    usage = completion.get("usage") or {}
    details = usage.get("prompt_tokens_details") or {}
    return RawAnswer(
        text=text,
        finish_reason=finish_reason or "stop",
        prompt_tokens=reported_count(usage.get("prompt_tokens")),
        output_tokens=reported_count(usage.get("completion_tokens")),
        cached_tokens=reported_count(details.get("cached_tokens")),
        seconds=seconds,
        reported_model=str(completion.get("model") or ""),
        system_fingerprint=str(completion.get("system_fingerprint") or ""),
        token_probability=_token_probability(logprobs),
    )
