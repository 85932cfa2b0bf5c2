"""Finds examples that a person must review one by one: somebody may try to poison the data."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

from router.text.compatibility import nfkc
from router.text.redact import redact

SECRET_MASKS = ("[key]", "[card]", "[iban]")
OUTLIER_SHARE = 0.6
"""Share of words that nobody else used from which a message is an outlier."""
MIN_WORDS = 5
"""A shorter message has too few words to be judged an outlier."""
HARMLESS_INVISIBLE = "\u200d\ufe0f\u00ad"
"""Joiners of emoji and soft hyphens: they are in ordinary messages."""

MAX_RAW_CHARACTERS = 40_000
"""Characters of text and answer together that are looked at."""

_LINK = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://|\bwww\.|\bmailto:", re.IGNORECASE)
_MENTION = re.compile(r"<[@!#]|(?<!\w)@(?:here|channel|everyone)\b")
_INJECTION = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|rule|prompt|guideline"
    r"|polic|above|before|previous|earlier|training|everything)"
    r"|\bsystem (?:prompt|message)\b|\b(?:system )?administrator\b.{0,20}\border"
    r"|\byou are (?:now|no longer)\b|\bfrom now on\b|\b(?:act|behave) as (?:if|an?|the)\b"
    r"|\bpretend (?:to|you)\b"
    r"|\bnew (?:task|instructions?|rules?)\b|\b(?:end|begin) of (?:data|prompt|message|input)\b"
    r"|\b(?:always|never|must|only) (?:answer|reply|respond|say|output|return)\b"
    r"|\b(?:answer|reply|respond) (?:only )?with\b"
    r"|\b(?:reveal|repeat|print|show)\b.{0,20}\b(?:prompt|key|secret|token)"
    r"|\bdo not (?:tell|follow|obey|mention)\b|\bjailbreak\b|\bdeveloper mode\b"
    r"|<\|[^|>]{0,40}\|>|</?(?:system|assistant|user|message|tool|instructions?)>"
    r"|\[/?INST\]|^[^\S\n]*+#{2,} ",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
"""Phrases and markup by which a text addresses a model instead of a person (prompt injection)."""
_WORD = re.compile(r"[^\W\d_]{3,}")


def screening_reason(text: str, answer: object) -> str:
    """Returns why nobody should accept this example unseen, in a few words.

    Empty if nothing is wrong. `text` and `answer` are as people and models wrote them, before
    anything is masked.
    """
    answer_text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    raw = f"{text}\n{answer_text}"
    if len(raw) > MAX_RAW_CHARACTERS:
        return "is too long to be looked at"

    # NFKC folds look-alike letters, by which a phrase could slip past the patterns.
    plain = nfkc(raw, MAX_RAW_CHARACTERS)
    # A mask that redaction adds means that there was a secret.
    masked = redact(plain)

    checks = (
        ("reads like an order to a model", _INJECTION.search(plain) is not None),
        ("has signs that nobody sees", _has_invisible(raw)),
        ("has a link", _LINK.search(plain) is not None),
        ("addresses somebody", _MENTION.search(plain) is not None),
        (
            "had a secret in it",
            any(mask in masked and mask not in plain for mask in SECRET_MASKS),
        ),
    )
    return ", ".join(reason for reason, applies in checks if applies)


def _has_invisible(text: str) -> bool:
    """Returns whether the text has format, private-use or unassigned characters.

    They could hide words from a reviewer.
    """
    if text.isascii():
        return False

    for character in text:
        if character in HARMLESS_INVISIBLE:
            continue
        if unicodedata.category(character) in ("Cf", "Co", "Cn"):
            return True

    return False


def outlier_flags(messages: Sequence[tuple[str, str]]) -> list[bool]:
    """Returns for each message (text, user) whether most of its words are used by nobody else.

    An order that is smuggled into the dataset of one task is about other things, whatever its
    wording.
    """
    words_by_message = [set(map(str.lower, _WORD.findall(text))) for text, _ in messages]
    users_by_word: dict[str, set[str]] = defaultdict(set)

    for words, (_, user) in zip(words_by_message, messages, strict=True):
        for word in words:
            users_by_word[word].add(user)

    flags = []
    for words, (_, user) in zip(words_by_message, messages, strict=True):
        # Words of this user alone, however often the user repeats them.
        own_words = sum(users_by_word[word] == {user} for word in words)
        flags.append(len(words) >= MIN_WORDS and own_words > OUTLIER_SHARE * len(words))

    return flags
