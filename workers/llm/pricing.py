"""What a call costs, and what it may cost at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from router.types import Tokens
from workers.ports import Message

BYTES_PER_TOKEN = 2
"""Few texts have more than one token for two bytes; estimates that bound money must err upwards."""
PARTS = ("system", "few_shot", "context", "query")


@dataclass(frozen=True, slots=True)
class Price:
    """USD for one token in, one token in that the server had in its cache, one token out, one second of the server."""

    read: float = 0.0
    cached: float = 0.0
    written: float = 0.0
    second: float = 0.0

    def usd(self, tokens: Tokens, seconds: float) -> float:
        """What a call with these tokens cost."""
        fresh = tokens.total - tokens.output - tokens.cached
        written = tokens.output * self.written
        return fresh * self.read + tokens.cached * self.cached + written + seconds * self.second

    @property
    def free(self) -> bool:
        """Whether calls cost nothing, so that nothing needs to be counted."""
        return not (self.read or self.cached or self.written or self.second)

    def at_most(self, messages: Sequence[Message], output_tokens: int) -> float:
        """A bound on what the tokens of such a call can cost; seconds are only known afterwards."""
        size = sum(len(message["content"].encode()) for message in messages)
        tokens = Tokens(query=size // BYTES_PER_TOKEN + 16 * len(messages), output=output_tokens)
        return self.usd(tokens, 0.0)


def listed_price(name: str, prices: Mapping[str, Mapping[str, Any]]) -> Price | None:
    """The price of a model by its name, with or without its provider; None when the list does not know it."""
    found = prices.get(name) or prices.get(name.split("/", 1)[-1])
    if not found or "input_cost_per_token" not in found:
        return None

    read = float(found["input_cost_per_token"] or 0.0)
    cached = found.get("cache_read_input_token_cost")
    return Price(
        read=read,
        cached=read if cached is None else float(cached),
        written=float(found.get("output_cost_per_token") or 0.0),
    )


def listed_end(name: str, prices: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The day a model is switched off, as an ISO date, by its name with or without its provider; None if unknown.

    A fine-tuned one (`ft:MODEL:…`) ends with its base at the latest.
    """
    plain = name.split("/", 1)[-1]
    base = plain.removeprefix("ft:").split(":", 1)[0] if plain.startswith("ft:") else plain
    known = (prices.get(one) or {} for one in (name, plain, base))
    dates = [str(one["deprecation_date"]) for one in known if one.get("deprecation_date")]

    return min(dates, default=None)


def split_tokens(prompt: int, output: int, cached: int, parts: Mapping[str, str]) -> Tokens:
    """The server's count of prompt tokens, shared among the parts by their length in bytes; the sum stays exact."""
    sizes = {name: len(parts.get(name, "").encode()) for name in PARTS}
    total = sum(sizes.values())
    if total == 0:
        return Tokens(query=prompt, output=output, cached=min(cached, prompt))

    counts = {name: prompt * size // total for name, size in sizes.items()}
    largest = max(sizes, key=lambda name: sizes[name])
    counts[largest] += prompt - sum(counts.values())

    return Tokens(**counts, output=output, cached=min(cached, prompt))
