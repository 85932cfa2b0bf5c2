"""A small catalogue of a shop's help desk, and an encoder made of words and letters."""

import re
import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from router.decide import Router
from router.types import Example

ROUTES = {
    "refund": "Give a customer their money back.",
    "delivery": "Say where a parcel is and when it arrives.",
    "password": "Help somebody who cannot sign in.",
    "opening_hours": "Say when a shop is open.",
}
SAID = {
    "refund": [
        "I want my money back",
        "please refund my order",
        "the shoes do not fit, give me my money back",
        "how do I return this and get a refund",
        "refund the broken lamp please",
        "can I get my money back for the wrong item",
        "I was charged twice, refund one of them",
        "return my order for a refund",
    ],
    "delivery": [
        "where is my parcel",
        "when does my parcel arrive",
        "my delivery is late",
        "track the parcel with my order",
        "the courier did not bring my parcel",
        "how long does delivery take",
        "is my parcel on its way",
        "the delivery went to the wrong house",
    ],
    "password": [
        "I forgot my password",
        "reset my password please",
        "I cannot sign in to my account",
        "the password link does not work",
        "my account is locked, I cannot sign in",
        "how do I change my password",
        "sign in says wrong password",
        "send me a new password link",
    ],
    "opening_hours": [
        "when do you open on Sunday",
        "what are your opening hours",
        "is the shop open today",
        "how late is the shop open",
        "do you open on public holidays",
        "opening hours of the shop in town",
        "until what hour are you open tonight",
        "is the shop closed on Monday",
    ],
}
EXAMPLES = [Example(text, route) for route, texts in SAID.items() for text in texts]


class Letters:
    """Every word and every three letters are one direction: texts that share them are alike."""

    model_id, dim = "letters", 256

    def __init__(self) -> None:
        self.seen: list[str] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.views(texts)

    def views(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.seen += texts

        rows = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                parts = [word, word] + [word[i : i + 3] for i in range(max(1, len(word) - 2))]
                for part in parts:
                    row[zlib.crc32(part.encode()) % self.dim] += 1

            row[0] += 0.01
            row /= np.linalg.norm(row)

        return rows


@pytest.fixture(scope="session")
def letters() -> Letters:
    return Letters()


@pytest.fixture(scope="session")
def examples() -> list[Example]:
    return EXAMPLES


@pytest.fixture(scope="session")
def routes() -> dict[str, str]:
    return ROUTES


@pytest.fixture(scope="session")
def router() -> Router:
    return Router.train(EXAMPLES, Letters(), ROUTES)
