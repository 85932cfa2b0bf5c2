"""The words of a group of failures: read from its requests each time, as far as they may be shown.

Nothing of them is stored with the group. So what is erased, expires, or is said in a channel that
has become private is gone from the next rendering without anybody looking for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from router.store import Store
from router.store.weekly.failure_groups import FailureGroup
from router.text.printable import shorten
from router.text.redact import plain_words, redact_for_display
from router.text.terms import extract_terms
from router.types import Request

MAX_EXAMPLES = 2
MAX_EXAMPLE = 150
LABEL_WORDS = 3
HIDDEN = "…"


@dataclass(frozen=True, slots=True)
class GroupWords:
    """A name of a few words and masked examples; both empty where nothing may be shown."""

    label: str = ""
    examples: tuple[str, ...] = ()


def group_words(store: Store, group: FailureGroup, min_people: int) -> GroupWords:
    """Returns the group's words that at least `min_people` people wrote where everybody may read.

    Fewer people than that are not quoted at all.
    """
    requests = quotable_requests(store, group)
    if len({_writer(request) for request in requests}) < min_people:
        return GroupWords()

    usual = _usual_words(requests, min_people)
    texts = [redact_for_display(request.text, usual=usual) for request in requests]
    # The examples in which the least is hidden say the most.
    texts.sort(key=lambda text: (text.count(HIDDEN), len(text), text))
    return GroupWords(
        _label(requests, usual), tuple(shorten(text, MAX_EXAMPLE) for text in texts[:MAX_EXAMPLES])
    )


def quotable_requests(store: Store, group: FailureGroup) -> list[Request]:
    """Returns the group's requests that may be shown to admins: public, and of who takes part."""
    opted_out = store.opt_outs.for_team(group.team)
    found = []
    for key in group.requests:
        request = store.requests.get(key)
        if request is None or request.team != group.team or not request.text:
            continue
        if request.channel_kind != "public" or _writer(request) in opted_out:
            continue

        found.append(request)

    return found


def _writer(request: Request) -> str:
    return request.author or request.user


def _usual_words(requests: Sequence[Request], min_people: int) -> frozenset[str]:
    """Returns the words that at least so many people wrote."""
    writers: dict[str, set[str]] = {}
    for request in requests:
        for word in plain_words(request.text):
            writers.setdefault(word, set()).add(_writer(request))

    return frozenset(word for word, people in writers.items() if len(people) >= min_people)


def _label(requests: Sequence[Request], usual: frozenset[str]) -> str:
    counts: Counter[str] = Counter()
    for request in requests:
        counts.update({word for word in extract_terms(request.text) if word in usual})

    # By name where two are equal, so that a name does not change from one rendering to the next.
    best = sorted(counts, key=lambda word: (-counts[word], word))
    return " ".join(best[:LABEL_WORDS])
