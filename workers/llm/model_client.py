"""The gateway's ports: a client that asks one model once, and the local model server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from workers.llm.pricing import Price
from workers.ports import ModelCall

MAX_TOKENS = 100_000_000
"""More tokens than any model reads or writes in one call."""
TextCallback = Callable[[str], None]
"""Called with each piece of an answer as it arrives."""


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a model server answers: `url` ends in /v1, `key` opens it."""

    url: str
    key: str = field(repr=False)


class LocalServer(Protocol):
    """The OpenAI-compatible model server on this machine."""

    def address(self) -> ServerAddress:
        """Returns its current address.

        Raises ModelError where that is not our server's now: a stranger on its port gets no word.
        """
        ...

    @property
    def adapters(self) -> Mapping[str, int]:
        """The LoRA adapters that are loaded: name -> the number that requests use."""
        ...

    def load_adapter(self, adapter: str) -> bool:
        """Loads an adapter that was trained after the start; False when there is no such file."""
        ...

    def own_model(self, name: str) -> ServerAddress | None:
        """Returns where a model answers all of whose weights were trained.

        None where that name is an adapter's, or unknown.
        """
        ...


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One model to ask: its name, and its address and key unless the vendor's own are meant.

    `lora` is the scale of each adapter by its number, 0 for off; None for a server without
    adapters.
    """

    name: str
    url: str | None = None
    key: str | None = field(default=None, repr=False)
    lora: Mapping[int, float] | None = None


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer before it has a price.

    `seconds` is the server's own processing time, None when it does not report it.
    `reported_model` and `system_fingerprint` are what the server reports, else empty.
    `token_probability` is the geometric mean of the tokens' probabilities, None where the server
    gives none.
    """

    text: str
    finish_reason: str
    prompt_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    seconds: float | None = None
    reported_model: str = ""
    system_fingerprint: str = ""
    token_probability: float | None = None


def reported_count(value: object) -> int:
    """Returns a number of tokens as a server reports it; 0 for none, or for what cannot be one.

    Where all counts are 0 the gateway counts the texts itself: a server that lies, by mistake or
    not, neither refills a budget nor uses one up.
    """
    if isinstance(value, int) and 0 <= value <= MAX_TOKENS:
        return int(value)

    return 0


class ModelClient(Protocol):
    """Asks one model once. Raises ModelError; retries are the gateway's task."""

    def send(
        self,
        endpoint: Endpoint,
        call: ModelCall,
        stall_seconds: float,
        on_text: TextCallback | None,
    ) -> RawAnswer:
        """Returns the whole answer, streamed if `on_text` is given.

        No single read from the network takes longer than `stall_seconds`.
        """
        ...

    def price(self, name: str) -> Price | None:
        """Returns the model's price; None when it is not known."""
        ...
