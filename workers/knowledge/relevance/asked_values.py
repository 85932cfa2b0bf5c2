"""The value that a question asks for, such as a price, and whether a text holds one at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

AskedValue = Literal["money", "duration", "count"]

_NUMBER = (
    r"(?:\d[\d.,]{0,12}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen"
    r"|twenty|thirty|forty|fifty|hundred|half an?|several)"
)
_UNIT = (
    r"(?:seconds?|minutes?|min|hours?|h|days?|nights?|weeks?|fortnights?|months?|quarters?|years?)"
)
_MONEY = (
    r"[€$£¥]|\b(?:euros?|eur|dollars?|usd|pounds?|gbp|francs?|chf|cents?|pence|yen|kroner|kronor"
    r"|sek|nok|dkk|zloty|pln|rupees?)\b"
)
QUESTIONS: Mapping[AskedValue, re.Pattern[str]] = {
    "money": re.compile(
        r"\b(?:what|how much)\b[^.?!]{0,60}\bcosts?\b|\bhow (?:expensive|much money)\b"
        r"|\b(?:price|fee) (?:of|for)\b|\bwhat(?:['’]?s| is| are) the (?:price|fee|cost)\b",
        re.IGNORECASE,
    ),
    "duration": re.compile(r"\bhow long\b", re.IGNORECASE),
    "count": re.compile(r"\bhow many\b", re.IGNORECASE),
}
"""What asks for each value. "When" and "how much" do not: a condition or a share answers them, too,
and what has no number at all is rarely quoted to them (`evals/RESULTS.md`)."""
VALUES: Mapping[AskedValue, re.Pattern[str]] = {
    "money": re.compile(rf"{_MONEY}|\d ?%|\b(?:per ?cent|free|nothing)\b", re.IGNORECASE),
    "duration": re.compile(
        rf"\b{_NUMBER}[- ]?(?:\w{{1,20}} )?{_UNIT}\b|\d[:.]\d\d|\bfrom \d"
        r"|\b(?:until|till|end of|at once|immediately|overnight|fortnight|permanent|for ?ever"
        r"|indefinitely|no limit)\b",
        re.IGNORECASE,
    ),
    "count": re.compile(
        r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty"
        r"|thirty|forty|fifty|hundred|once|twice|dozen|none|unlimited|no limit|as many|each|every"
        r"|both|single)\b",
        re.IGNORECASE,
    ),
}
"""What a text must hold to answer that."""


def missing_value(question: str, text: str) -> AskedValue | None:
    """Returns the value that the question asks for and the text does not hold; None if none."""
    for value, asks in QUESTIONS.items():
        if asks.search(question) and not VALUES[value].search(text):
            return value

    return None
