"""What a call costs, and an upper bound of what it can cost.

litellm's list of prices is read from its file: the library itself is not loaded for it.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from router.errors import SettingsError
from router.types import Tokens
from workers.llm.model_end import ModelEnd, PriceList, model_end, replacement
from workers.ports import ModelCall

BYTES_PER_TOKEN = 2
"""Few texts have more than one token per two bytes; estimates that bound money must err upwards."""
TOKENS_PER_MESSAGE = 16
"""Room for the role and the marks that a chat template puts around each message."""
PICTURE_TOKENS = 5_000
"""The most that a picture is taken to count for with most models, an estimate that errs upwards:
vendors bill by pixels (divided by 750) or by tiles (of 768 pixels, 258 each), after scaling down.
The answer's own usage is what is paid."""
DEAR_PICTURE_TOKENS = {"gpt-4o-mini": 50_000}
"""By the start of a model's name: it bills each of up to eight tiles at thousands of tokens."""
PARTS = ("system", "few_shot", "context", "query")
PRICE_FILE = "model_prices_and_context_window_backup.json"
PRICE_FIELDS = (
    "input_cost_per_token",
    "cache_read_input_token_cost",
    "output_cost_per_token",
    "deprecation_date",
    "supports_vision",
    "litellm_provider",
    "mode",
    "max_input_tokens",
)
"""What is kept of an entry; the whole list takes 20 MB."""


@dataclass(frozen=True, slots=True)
class Price:
    """USD per input token, cached input token, output token, and second of server time.

    `picture_tokens` is an upper bound of the input tokens that one picture is billed as.
    """

    input_usd: float = 0.0
    cached_input_usd: float = 0.0
    output_usd: float = 0.0
    server_second_usd: float = 0.0
    picture_tokens: int = PICTURE_TOKENS

    def cost(self, tokens: Tokens, seconds: float) -> float:
        """Returns the USD of a call with these tokens and this many seconds of server time."""
        uncached_input = tokens.total - tokens.output - tokens.cached
        return (
            uncached_input * self.input_usd
            + tokens.cached * self.cached_input_usd
            + tokens.output * self.output_usd
            + seconds * self.server_second_usd
        )

    @property
    def is_free(self) -> bool:
        """Whether calls cost nothing, so that no budget has to be reserved."""
        return not (
            self.input_usd or self.cached_input_usd or self.output_usd or self.server_second_usd
        )

    def upper_bound(self, call: ModelCall) -> float:
        """Returns the most USD that the call's tokens can cost. Server time is known only later."""
        input_tokens, _ = counted_tokens(call, "", self.picture_tokens)
        return self.cost(Tokens(query=input_tokens, output=call.output_tokens), 0.0)


def counted_tokens(call: ModelCall, answer: str, picture_tokens: int) -> tuple[int, int]:
    """Returns upper estimates of a call's input and output tokens, from the length of its texts.

    `picture_tokens` is the most that one picture counts for.
    """
    size = sum(len(message["content"].encode()) for message in call.messages)
    input_tokens = size // BYTES_PER_TOKEN + TOKENS_PER_MESSAGE * len(call.messages)
    input_tokens += picture_tokens * len(call.pictures)
    output_tokens = -(-len(answer.encode()) // BYTES_PER_TOKEN)

    return input_tokens, output_tokens


def list_price(name: str, prices: PriceList) -> Price | None:
    """Returns a model's listed price, found with or without its provider; None when not listed.

    A fine-tuned model (`ft:MODEL:…`) has the price that the list has for `ft:MODEL`.
    """
    plain = name.split("/", 1)[-1]
    aliases = [name, plain]
    if plain.startswith("ft:"):
        aliases.append(":".join(plain.split(":")[:2]))

    entry = next((prices[alias] for alias in aliases if prices.get(alias)), None)
    if not entry or "input_cost_per_token" not in entry:
        return None

    input_usd = _number(entry["input_cost_per_token"])
    cached = entry.get("cache_read_input_token_cost")
    return Price(
        input_usd=input_usd,
        cached_input_usd=input_usd if cached is None else _number(cached),
        output_usd=_number(entry.get("output_cost_per_token")),
        picture_tokens=_picture_tokens(plain),
    )


def lists_vision(name: str, prices: PriceList) -> bool:
    """Returns whether the list says that the model takes pictures, with or without its provider."""
    plain = name.split("/", 1)[-1]
    base = plain.removeprefix("ft:").split(":", 1)[0] if plain.startswith("ft:") else plain
    aliases = (name, plain, base)
    return any(bool(prices.get(alias, {}).get("supports_vision")) for alias in aliases)


def _picture_tokens(plain: str) -> int:
    for start, tokens in DEAR_PICTURE_TOKENS.items():
        if plain.startswith((start, f"ft:{start}")):
            return tokens

    return PICTURE_TOKENS


def split_tokens(prompt: int, output: int, cached: int, parts: Mapping[str, str]) -> Tokens:
    """Splits the server's count of prompt tokens among the parts by their length in bytes.

    The server counts the prompt as a whole only. The sum of the parts stays exact.
    """
    sizes = {name: len(parts.get(name, "").encode()) for name in PARTS}
    total = sum(sizes.values())
    if total == 0:
        return Tokens(query=prompt, output=output, cached=min(cached, prompt))

    # Bytes stand for tokens here: the parts' own token counts would cost a tokenizer per model.
    counts = {name: prompt * size // total for name, size in sizes.items()}
    # What rounding down left over goes to the largest part, where it matters least.
    largest = max(sizes, key=lambda name: sizes[name])
    counts[largest] += prompt - sum(counts.values())

    return Tokens(**counts, output=output, cached=min(cached, prompt))


def _number(value: object) -> float:
    """Converts a price: the list has numbers, None and, for some models, numbers as text."""
    return float(value) if isinstance(value, int | float | str) else 0.0


class LitellmPriceList:
    """Prices and last days of models; nothing is downloaded."""

    def price(self, name: str) -> Price | None:
        """Returns the model's price; None when the list does not have it."""
        return list_price(name, _entries())

    def end(self, name: str) -> ModelEnd | None:
        """Returns when the provider switches the model off, and who says so; None without one."""
        return model_end(name, _entries())

    def replacement(self, name: str, now: float) -> str | None:
        """Returns a model of the same provider that could take its place; None if none is known."""
        return replacement(name, _entries(), now)

    def lists_vision(self, name: str) -> bool:
        """Returns whether the list says that the model takes pictures."""
        return lists_vision(name, _entries())

    def has(self, name: str) -> bool:
        """Returns whether the list has a model of exactly that name."""
        return name in _entries()


@cache
def _entries() -> PriceList:
    """Returns the list, read once; raises SettingsError when litellm or its file is missing."""
    spec = importlib.util.find_spec("litellm")
    if spec is None or spec.origin is None:
        raise SettingsError(
            "reading the prices of models: litellm is not installed; run the installation again"
        )

    path = Path(spec.origin).with_name(PRICE_FILE)
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"reading the prices of models in {str(path)!r}: {error}; install the locked litellm"
        ) from error

    entries: dict[str, Mapping[str, object]] = {}
    for name, entry in content.items():
        entries[name] = {field: entry[field] for field in PRICE_FIELDS if field in entry}

    return MappingProxyType(entries)
