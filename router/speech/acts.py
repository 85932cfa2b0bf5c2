"""Tells what somebody does by a message: ask, announce, order, or cancel.

A speech act (Searle, 1969) is told by its form, whatever it is about: by the first words of a
sentence, its auxiliaries, and its question mark. A form that looks like a question may be an order
("could you reset my password?"), and one without its sign may be a question ("when is payday").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, get_args

from router.speech import act_words as words
from router.speech.errands import asks_again
from router.text.normalise import as_read, end_sentences

Act = Literal["statement", "order", "question", "yes_no_question", "cancellation"]
"""What a message does.

`statement` says how things are (an announcement, a report, a complaint), `order` wants something
done, `question` wants to know a fact (who, what, when, how many …), `yes_no_question` whether
something is so, and `cancellation` takes back what was asked for or announced.
"""
ACTS: tuple[Act, ...] = get_args(Act)
QUESTIONS: frozenset[Act] = frozenset(("question", "yes_no_question"))
MAX_CHARS = 600
"""Whatever is longer is a text; its beginning says what it is for."""
MAX_SENTENCES = 6
MAX_OPENINGS = 4
MIN_PERMISSION_WORDS = 4
"""Words of a question whether one may do a thing."""
_BORDER = re.compile(r"(?<=[.!?;])\s++")
"""Where a sentence ends; a full stop within a date ends none."""
_ASKING_CLAUSE = re.compile(
    r"(?<=\w), ?(?=(?:how (?:long|many|much|often|do|does|can|should|is|are|will)|who (?:do|does)|"
    r"what (?:is|are|do|does|happens|must)|when (?:do|does|is|are|can|must|will)|"
    r"where (?:do|does|is|are|can|will)|which (?:one|day|form)|"
    r"do you know|does any(?:one|body) know|any idea) "
    # Without its mark it may tell more of somebody: "I asked Ida, who is my team lead".
    r"|who \w{1,20}\b[^?]{0,100}\?)",
    re.IGNORECASE,
)
"""Where people who write no full stop put a question behind what they tell."""
_WORD = re.compile(r"[^\W_]++(?:['\u2019][^\W_]++)*+")
_DATE = re.compile(
    r"\b\d{1,4}(?:st|nd|rd|th|[./-]\d{1,2})(?![\w%])|\bnext week\b|\b\d{1,2} may\b|\bmay \d",
    re.IGNORECASE,
)


def speech_act(text: str) -> Act:
    """Returns what the message does; a statement where nothing tells.

    Of several sentences a cancellation counts first, then a question for a fact, unless it only
    asks for help with what was reported before it.
    """
    acts: list[Act] = []
    has_report = has_plan = False
    for sentence in _sentences(text):
        tokens = _words_of(sentence)
        act = _act_of(tokens, sentence, has_report=has_report, has_plan=has_plan)
        if act is not None:
            acts.append(act)

        has_plan = has_plan or act == "statement"
        has_report = has_report or (act == "statement" and not _is_wish(tokens, sentence))

    for act in ("cancellation", "question"):
        if act in acts:
            return act

    return acts[0] if acts else "statement"


def report_before_help(text: str) -> str | None:
    """Returns what a message reports before it asks for help with that and for nothing else.

    None where it is anything else.
    """
    parts = _report_and_question(text)
    return parts[0] if parts is not None else None


def _report_and_question(text: str) -> tuple[str, Sequence[str]] | None:
    """Returns what is reported, and the words of the question for help behind it; else None."""
    *told, asked = _sentences(text) or [""]
    acts = [_act_of(_words_of(one), one, has_report=False, has_plan=False) for one in told]
    if "statement" not in acts or not {"statement", None}.issuperset(acts):
        return None

    tokens = _words_of(asked)
    return (" ".join(told), tokens) if tokens and _asks_for_help(tokens) else None


def asks_for_guidance(text: str) -> bool:
    """Returns whether somebody who reports something asks what to do now, or whom to tell."""
    parts = _report_and_question(text)
    if parts is None:
        return False

    _, tokens = parts
    if tokens[0] in ("who", "whom"):
        return not words.TELLING.isdisjoint(tokens[1:])

    return any(_begins(tokens, phrase) for phrase in words.GUIDANCE)


def asks_permission(text: str) -> bool:
    """Returns whether the message asks if the writer may do a thing, and orders nothing by that.

    "Can I have …" asks for something, and "can I shorten this" for help with it.
    """
    sentences = _sentences(text)
    tokens = _words_of(sentences[0]) if len(sentences) == 1 else ()
    if len(tokens) < MIN_PERMISSION_WORDS or not words.BROUGHT.isdisjoint(tokens):
        return False
    if any(_begins(tokens, phrase) for phrase in words.PERMISSION_ASKED):
        return True

    is_asked = tokens[0] in words.REQUESTING and tokens[1] in words.SPEAKER
    refused = words.ASKED_FOR if tokens[0] in ("may", "might") else words.ASKED_FOR | words.WORKS
    return is_asked and tokens[2] not in refused


def _sentences(text: str) -> Sequence[str]:
    # A line's end closes a sentence, and `as_read` removes it, and emoji.
    lines = text[:MAX_CHARS].split("\n")[:MAX_SENTENCES]
    sentences: list[str] = []
    for line in lines:
        for sentence in _BORDER.split(as_read(end_sentences(line))):
            sentences += _ASKING_CLAUSE.split(sentence)

    return sentences[:MAX_SENTENCES]


def _words_of(sentence: str) -> Sequence[str]:
    """Returns the words of a sentence without what opens it."""
    return _without_openings([one.casefold() for one in _WORD.findall(sentence)])


def _act_of(
    tokens: Sequence[str], sentence: str, *, has_report: bool, has_plan: bool
) -> Act | None:
    """Returns the act of one sentence; None for one without words of its own.

    Before it something may have been reported, or told, such as a plan.
    """
    if not tokens or " ".join(tokens) in words.OPENINGS:
        return None

    if _is_cancellation(tokens):
        return "cancellation"
    if has_report and _asks_for_help(tokens):
        return "statement"
    # Who asks why it does not work, or what is wrong with it, reports that it does not.
    if tokens[0] in ("why", "y") or any(_begins(tokens, phrase) for phrase in words.COMPLAINTS):
        return "statement"

    if _embedded_question(tokens) or _asks_for_fact(tokens) or asks_again(sentence):
        return "question"
    if has_plan and any(_begins(tokens, phrase) for phrase in words.RULE_QUESTIONS):
        return "question"

    return _with_auxiliary(tokens, sentence)


def _asks_for_help(tokens: Sequence[str]) -> bool:
    """Returns whether a question behind a report is about nothing but what was reported.

    It has no subject of its own: "what is going on", "when is it back", "how do I get in".
    """
    if " ".join(tokens) in words.HELP_ALONE:
        return True
    if any(_begins(tokens, phrase) for phrase in words.HELP_QUESTIONS):
        return True

    asked = [one for one in tokens if one in words.HELP_WORDS]
    known = words.EMPTY_WORDS.union(asked, *(words.HELP_WORDS[one] for one in asked))
    return bool(asked) and known.issuperset(tokens)


def _is_wish(tokens: Sequence[str], sentence: str) -> bool:
    """Returns whether the sentence tells a plan, and no day for it, so that nothing is reported."""
    is_plan = any(_begins(tokens, phrase) for phrase in words.WISHES)
    return is_plan and not _names_day(tokens, sentence)


def _with_auxiliary(tokens: Sequence[str], sentence: str) -> Act:
    """Returns the act of a sentence that asks for no fact by a question word."""
    has_mark = "?" in sentence
    has_day = _names_day(tokens, sentence)
    if any(_begins(tokens, phrase) for phrase in words.PERMISSION):
        return "order" if has_day else "yes_no_question"

    if _is_inverted(tokens, 0):
        return _inverted_act(tokens, has_day=has_day)

    behind = _inverted_behind_condition(tokens)
    if behind is not None:
        return _inverted_act(tokens[behind:], has_day=False)

    if has_mark and tokens[-1] not in words.TAGS and not has_day:
        return "yes_no_question"

    return "order" if tokens[0] in words.PLEASE else "statement"


def _inverted_act(tokens: Sequence[str], *, has_day: bool) -> Act:
    """Returns the act of "can you …", "could I …", "is the …"."""
    if tokens[0] in words.REQUESTING and tokens[1] in words.OTHERS:
        return "order"
    if tokens[0] in words.REQUESTING and tokens[1] in words.SPEAKER and has_day:
        return "order"

    return "yes_no_question"


def _asks_for_fact(tokens: Sequence[str]) -> bool:
    """Returns whether the sentence begins with a question word, maybe behind a preposition."""
    if tokens[0] in ("what", "how") and tokens[1:2] in (["about"], ["a"], ["an"]):
        return False
    if tokens[0] in words.QUESTION_WORDS:
        # "When I press save, the app closes" tells what happens.
        is_clause = tokens[0] == "when" and tokens[1:2] and tokens[1] in words.SUBJECTS
        return not is_clause or _inverted_behind_condition(tokens) is not None

    is_behind = tokens[0] in words.PREPOSITIONS and len(tokens) > 2
    if is_behind and tokens[1] in ("which", "what", "whom", "how", "when"):
        return True

    # "During the trial period, how long is the notice?"
    if tokens[0] not in words.CONDITIONS:
        return False

    for place in range(2, len(tokens) - 2):
        is_open = tokens[place] in ("how", "what", "who", "where")
        if is_open and tokens[place + 1] in words.AUXILIARIES | {"many", "much", "long", "often"}:
            return True

    return False


def _embedded_question(tokens: Sequence[str]) -> bool:
    """Returns whether a question word follows words such as "tell me" or "do you know"."""
    for phrase in words.EMBEDDED:
        parts = phrase.split()
        for start in range(min(len(tokens), 6)):
            end = start + len(parts)
            asked = tokens[end] if end < len(tokens) else ""
            if asked in words.ASKING_AFTER and list(tokens[start:end]) == parts:
                return True

    return False


def _is_inverted(tokens: Sequence[str], place: int) -> bool:
    """Returns whether an auxiliary stands there before its subject: "is the …", "do we …"."""
    if len(tokens) < place + 3 or tokens[place] not in words.AUXILIARIES:
        return False

    following = tokens[place + 1]
    # "Don't forget …" is an order.
    if tokens[place] in ("don't", "dont", "do") and following not in words.SUBJECTS:
        return tokens[place] == "do" and place == 0 and following not in words.INFINITIVES
    if tokens[place] in words.HAVE:
        return following in words.PERSONS
    if place > 0:
        return following in words.SUBJECTS

    # At the start any noun may follow ("are interns paid …"), but "will be away" has no subject.
    return following not in words.INFINITIVES


def _inverted_behind_condition(tokens: Sequence[str]) -> int | None:
    """Returns where the question begins in "if I am ill do I need …"."""
    if tokens[0] not in words.CONDITIONS:
        return None

    for place in range(2, len(tokens) - 2):
        is_after_subject = tokens[place - 1] in words.SUBJECTS | words.QUESTION_WORDS
        if not is_after_subject and _is_inverted(tokens, place):
            return place

    return None


def _is_cancellation(tokens: Sequence[str]) -> bool:
    """Returns whether the sentence orders or announces that something is taken back."""
    start = 0
    while start < len(tokens):
        lead = next((one for one in words.ORDER_LEADS if _begins(tokens[start:], one)), None)
        if lead is None:
            break

        start += len(lead.split())

    rest = tokens[start:]
    if rest and rest[0] in words.CANCEL_VERBS:
        return True
    if any(_begins(rest, pair) for pair in words.CANCEL_PAIRS):
        return True

    joined = f" {' '.join(tokens)} "
    is_negated = any(f" {phrase} " in joined for phrase in words.CANCEL_PHRASES)
    return is_negated and any(f" {phrase} " in joined for phrase in words.TAKEN_BACK)


def _names_day(tokens: Sequence[str], sentence: str) -> bool:
    return not words.DAYS.isdisjoint(tokens) or _DATE.search(sentence) is not None


def _without_openings(tokens: Sequence[str]) -> Sequence[str]:
    """Returns the words without greetings and "quick question" before them."""
    for _ in range(MAX_OPENINGS):
        longest = max(_openings_of(tokens), default=0)
        # A word that is all of the sentence is no opening.
        if not longest or longest >= len(tokens):
            break

        tokens = tokens[longest:]

    return tokens


def _openings_of(tokens: Sequence[str]) -> Iterator[int]:
    for phrase in words.OPENINGS:
        if _begins(tokens, phrase):
            yield len(phrase.split())


def _begins(tokens: Sequence[str], phrase: str) -> bool:
    parts = phrase.split()
    return list(tokens[: len(parts)]) == parts
