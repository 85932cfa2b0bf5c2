"""Which examples a person has to look at one by one, because somebody may have written them to teach something else."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from router.text.redact import redact

SECRETS = ("[key]", "[card]", "[iban]")
UNLIKE = 0.6
"""Share of words that nobody else used from which a message is unlike the others'."""
FEWEST_WORDS = 5
"""A shorter message has too few words for that."""

_LINK = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://|\bwww\.|\bmailto:", re.IGNORECASE)
_MENTION = re.compile(r"<[@!#]|(?<!\w)@(?:here|channel|everyone)\b")
_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|rule|prompt|guideline|polic|above|before"
    r"|previous|earlier|training|everything)"
    r"|\bsystem (?:prompt|message)\b|\b(?:system )?administrator\b.{0,20}\border"
    r"|\byou are (?:now|no longer)\b|\bfrom now on\b|\b(?:act|behave) as (?:if|an?|the)\b|\bpretend (?:to|you)\b"
    r"|\bnew (?:task|instructions?|rules?)\b|\b(?:end|begin) of (?:data|prompt|message|input)\b"
    r"|\b(?:always|never|must|only) (?:answer|reply|respond|say|output|return)\b"
    r"|\b(?:answer|reply|respond) (?:only )?with\b|\b(?:reveal|repeat|print|show)\b.{0,20}\b(?:prompt|key|secret|token)"
    r"|\bdo not (?:tell|follow|obey|mention)\b|\bjailbreak\b|\bdeveloper mode\b"
    r"|<\|[^|>]{0,40}\|>|</?(?:system|assistant|user|message|tool|instructions?)>|\[/?INST\]|^\s*#{2,} ",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
_WORD = re.compile(r"[^\W\d_]{3,}")


def suspicion(text: str, answer: Any) -> str:
    """Why nobody should accept this example unseen, in a few words; empty where nothing speaks against it.

    `text` and `answer` are as people and models wrote them: what is masked later is looked for
    here.
    """
    said = (
        f"{text}\n{answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)}"
    )
    plain = unicodedata.normalize("NFKC", said)
    hidden = any(
        unicodedata.category(sign) in ("Cf", "Co", "Cn")
        for sign in said
        if sign not in "\u200d\ufe0f\u00ad"
    )

    found = [
        name
        for name, there in (
            ("reads like an order to a model", _ORDER.search(plain) is not None),
            ("has signs that nobody sees", hidden),
            ("has a link", _LINK.search(plain) is not None),
            ("addresses somebody", _MENTION.search(plain) is not None),
            (
                "had a secret in it",
                any(mark in redact(plain) and mark not in plain for mark in SECRETS),
            ),
        )
        if there
    ]
    return ", ".join(found)


def unlike(said: Sequence[tuple[str, str]]) -> list[bool]:
    """Of each message (text, user) whether most of its words are used by nobody else.

    An order smuggled into a dataset of one task speaks of other things, whatever its words are.
    """
    users: dict[str, set[str]] = defaultdict(set)

    words = [set(map(str.lower, _WORD.findall(text))) for text, _ in said]
    for mine, (_, user) in zip(words, said, strict=True):
        for word in mine:
            users[word].add(user)

    return [
        len(mine) >= FEWEST_WORDS
        and sum(users[word] == {user} for word in mine) > UNLIKE * len(mine)
        for mine, (_, user) in zip(words, said, strict=True)
    ]
