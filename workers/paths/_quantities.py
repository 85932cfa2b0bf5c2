"""Sums of quantities: prices per piece, totals of several items, and units of time and size."""

from __future__ import annotations

import re

from workers.paths._amounts import NUMBER
from workers.paths._sum_phrases import equation, numbers_in

_N = NUMBER
_JOIN = re.compile(r" ?\+ ?|,? (?:and|plus) (?=[^,]{0,40}\d)|[;,] (?=[^,]{0,40}\d)", re.IGNORECASE)
_ITEM = re.compile(
    rf"[^\d]{{0,80}}?({_N})"
    r"(?: ?[x×*@] ?|(?: [a-z'-]{1,20}){0,5} (?:at|à|a|for|costing|@|x|je) )"
    rf"({_N})"
    r"(?P<rest>[^\d]{0,80})",
    re.IGNORECASE,
)
_PRICE_WORDS = """
each apiece a an per every cost costs in total together altogether come comes to how much is are
that for the one year month week day night hour hours what will we pay do does all it sum person
head piece unit licence license seat ticket user quarter yearly annually monthly please
"""
_BEHIND_PRICE = frozenset(_PRICE_WORDS.split())
"""Words behind a price; others, as in "3 nights for 4 people", make it no price."""
_AMOUNT_ALONE = re.compile(rf"[^\d]{{0,30}}({_N})", re.IGNORECASE)
_EACH = re.compile(
    rf"({_N}) (?:people|persons?|employees|colleagues|of us|guests|members|users|teams?)\b"
    rf"[^\d]{{0,60}}\beach\b[^\d]{{0,40}}({_N})",
    re.IGNORECASE,
)
_PEOPLE = (
    r"(?:people|persons?|of us|colleagues|employees|guests|members|friends|heads|participants|"
    r"attendees)"
)
_FOR_EACH = r"(?:each|apiece|(?:per|a) (?:person|head)|does everybody pay)"
_TOTAL = re.compile(r"\b(?:was|were|paid|bill|together|in all|altogether|came to)\b", re.IGNORECASE)
"""Words that make an amount the whole of what several people pay."""
_PIECE_PRICE = re.compile(
    rf"\b(?:one|an?(?: [a-z-]+){{1,2}}) (?:each|apiece)\b|"
    r"\beach (?:one )?(?:gets?|needs?|buys?|takes?|"
    r"wants?|has|have)\b|\b(?:gets?|needs?|buys?|wants?|receives?) (?:it |one )?each\b|"
    r"\b(?:does|will|do) each (?:of us )?(?!pay|owe)[a-z]+|\btotal\b|\bcosts?\b|"
    rf"\b(?:at|of) {_N}|(?:\A|[.,;] ?|\b(?:where|when|and) )(?:an?|one|every) "
    rf"(?:[a-z-]+ ){{1,4}}(?:is|was) {_N}",
    re.IGNORECASE,
)
"""Words that make an amount the price of one piece, or that ask for the total."""
_SHARED = re.compile(
    # The total may stand before the number of those who share it, or behind.
    rf"({_N})(?! ?(?:{_FOR_EACH}|pp|{_PEOPLE})\b)[^\d]{{0,60}}? (?:(?P<who>{_N}) {_PEOPLE}\b|"
    rf"we (?:are|were) (?P<we>{_N})\b)[^\d]{{0,60}}\b{_FOR_EACH}[^\d]{{0,20}}"
    rf"|({_N}) {_PEOPLE}\b[^\d]{{0,60}}?({_N})(?! ?(?:{_FOR_EACH}|pp|{_PEOPLE})\b)[^\d]{{0,40}}?"
    rf"\b(?:how much|what)\b[^\d]{{0,40}}\b{_FOR_EACH}[^\d]{{0,20}}",
    re.IGNORECASE,
)
"""A total that several people share, where what each of them pays is asked for."""
_PER = re.compile(
    rf"({_N})(?: ?/ ?| (?:an?|per|for each|for every|each) )(?P<unit>[a-z]{{3,20}})\b[^\d]{{0,40}}"
    rf"({_N}) (?P<units>[a-z]{{3,20}})\b",
    re.IGNORECASE,
)
_HOW_MANY_AT = re.compile(
    rf"\bhow many [a-z ]{{2,30}}? (?:are|is|in|make) ({_N}) (?P<unit>[a-z]+) at ({_N}) (?P=unit)\b",
    re.IGNORECASE,
)
_OTHER_SUM = re.compile(
    r"%|percent|discount|\bvat\b|\btax\b|average|minus|without|split|divide|subtract|between|"
    r"\bless\b|\bleft\b|\boff\b|\bif\b|share",
    re.IGNORECASE,
)
_PERIOD = re.compile(r"\b(?:a|an|per|each|every|/) ?(?P<unit>day|week|month|quarter)\b", re.I)
_ASKED_PERIOD = re.compile(
    r"\b(?:a|per|in a|for a|each|for one|one) (?P<unit>week|month|quarter|year)\b|"
    r"\b(?P<adverb>yearly|annually|monthly)\b",
    re.IGNORECASE,
)
_IN_A = {("month", "year"): 12, ("quarter", "year"): 4, ("week", "year"): 52, ("day", "week"): 7}
_ADVERBS = {"yearly": "year", "annually": "year", "monthly": "month"}
_UNITS = {
    "second": ("time", 1.0),
    "minute": ("time", 60.0),
    "hour": ("time", 3600.0),
    "day": ("time", 86400.0),
    "week": ("time", 604800.0),
    "month": ("calendar", 1.0),
    "quarter": ("calendar", 3.0),
    "year": ("calendar", 12.0),
    "g": ("weight", 1.0),
    "gram": ("weight", 1.0),
    "kg": ("weight", 1000.0),
    "kilogram": ("weight", 1000.0),
    "cm": ("length", 0.01),
    "m": ("length", 1.0),
    "metre": ("length", 1.0),
    "meter": ("length", 1.0),
    "km": ("length", 1000.0),
    "kilometre": ("length", 1000.0),
    "kilometer": ("length", 1000.0),
    "mile": ("length", 1609.344),
}
"""What a unit measures, and how much of the smallest one it is."""
_SHORT_UNITS = {"min": "minute", "mins": "minute", "h": "hour", "hrs": "hour", "hr": "hour"}
_GROWTH = re.compile(
    rf"(?P<verb>grow|rise|increase|shrink|fall|drop|lose)s?\b[^\d]{{0,20}}({_N}) ?(?:%|percent)"
    r"(?: an?| per| each| every) (?P<unit>week|month|quarter|year)\b[^\d]{0,60}"
    rf"\b(?:after|in|for|over) (?P<count>an?|one|{_N}) "
    r"(?P<period>weeks?|months?|quarters?|years?)\b",
    re.IGNORECASE,
)
_LOSSES = ("shrink", "fall", "drop", "lose")
_WORD = "[a-z]{1,12}"
_INTO = re.compile(
    rf"(?<![\d.])({_N}) ?(?P<unit>{_WORD}) (?:to|into|in|are how many|as) (?P<other>{_WORD})\b"
    rf"|how many (?P<other2>{_WORD}) (?:are|is|in|do)(?: there in)? ({_N}) ?(?P<unit2>{_WORD})",
    re.IGNORECASE,
)


def quantity_result(text: str) -> str | None:
    """Returns the request worked out; `text` has plain amounts. None where no rule is certain."""
    for rule in (_how_many_at, _growth, _units, _shared, _each, _per, _items):
        result = rule(text)
        if result is not None:
            return result

    return None


def _how_many_at(text: str) -> str | None:
    match = _HOW_MANY_AT.search(text)
    if match is None or len(numbers_in(text)) != 2:
        return None

    return equation(f"{match.group(1)} / {match.group(3)}")


def _units(text: str) -> str | None:
    match = _INTO.search(text)
    if match is None or len(numbers_in(text)) != 1:
        return None

    amount = match.group(1) or match.group(5)
    unit = match.group("unit") or match.group("unit2")
    other = match.group("other") or match.group("other2")
    one, two = _unit(unit), _unit(other)
    if one is None or two is None or one[0] != two[0] or one == two:
        return None

    result = equation(f"{amount} * {one[1]:.12g} / {two[1]:.12g}", f"{amount} {unit}")
    return None if result is None else f"{result} {other}"


def _growth(text: str) -> str | None:
    """Works out compound growth, as a factor of what there was."""
    match = _GROWTH.search(text)
    if match is None:
        return None

    count = match.group("count").lower()
    is_number = count[0].isdigit()
    period = match.group("period").lower().removesuffix("s")
    unit = match.group("unit").lower()
    factor = 1 if unit == period else _IN_A.get((unit, period))
    if factor is None or len(numbers_in(text)) != 1 + is_number:
        return None

    times = float(count) * factor if is_number else factor
    sign = "-" if match.group("verb").lower() in _LOSSES else "+"
    return equation(f"(1 {sign} {match.group(2)} / 100) ** {times:.12g}")


def _unit(word: str) -> tuple[str, float] | None:
    word = _SHORT_UNITS.get(word.lower(), word.lower())
    return _UNITS.get(word) or _UNITS.get(word.removesuffix("s"))


def _each(text: str) -> str | None:
    match = _EACH.search(text)
    if match is None or len(numbers_in(text)) != 2 or _OTHER_SUM.search(text.replace("if", "", 1)):
        return None

    return equation(f"{match.group(1)} * {match.group(2)}")


def _shared(text: str) -> str | None:
    """Works out `120 for the four of us, we were 4 people, how much each`."""
    match = _SHARED.search(text)
    if match is None or len(numbers_in(text)) != 2 or _OTHER_SUM.search(text):
        return None
    if _PIECE_PRICE.search(text) or not _TOTAL.search(text):
        return None

    total = match.group(1) or match.group(5)
    return equation(f"{total} / {match.group('who') or match.group('we') or match.group(4)}")


def _per(text: str) -> str | None:
    """Works out `12.50 per person for 8 people`: the unit of the price is that of the count."""
    match = _PER.search(text)
    if match is None or len(numbers_in(text)) != 2 or _OTHER_SUM.search(text):
        return None

    unit, units = match.group("unit").lower(), match.group("units").lower()
    people = {"person", "head", "people", "guest", "colleague", "seat", "user", "employee"}
    is_same = units.startswith(unit) or {unit, units.removesuffix("s")} <= people
    return equation(f"{match.group(1)} * {match.group(3)}") if is_same else None


def _items(text: str) -> str | None:
    """Works out items with a count and a price each, and further amounts beside them."""
    if _OTHER_SUM.search(text):
        return None

    terms = []
    is_counted = False
    for part in _JOIN.split(text):
        item = _ITEM.fullmatch(part.strip(" =?.!:"))
        numbers = numbers_in(part)
        if item is not None and len(numbers) == 2 and _is_behind_price(item.group("rest")):
            terms.append(f"{item.group(1)} * {item.group(2)}")
            is_counted = True
        elif _AMOUNT_ALONE.fullmatch(part.strip(" =?.!:")):
            terms.append(numbers[0])
        elif numbers:
            return None

    if not is_counted:
        return None

    return _over_period(text, " + ".join(terms))


def _is_behind_price(words: str) -> bool:
    return all(word in _BEHIND_PRICE for word in re.findall(r"[a-z]+", words.lower()))


def _over_period(text: str, expression: str) -> str | None:
    """Returns the sum, for a year where prices are a month's and the year's is asked for."""
    match = _PERIOD.search(text)
    rest = text[match.end() :] if match is not None else ""
    asked = _ASKED_PERIOD.search(rest)
    if match is None or asked is None:
        return equation(expression)

    unit = (asked.group("unit") or _ADVERBS[asked.group("adverb").lower()]).lower()
    factor = _IN_A.get((match.group("unit").lower(), unit))
    if factor is None:
        return None

    if "+" in expression:
        expression = f"({expression})"

    return equation(f"{expression} * {factor}")
