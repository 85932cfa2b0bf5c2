"""Words of scripts that full-text search cannot tell apart: without blanks, or with articles.

A database's tokenizer takes a Chinese sentence for one word, and drops the vowels of Thai. So such
text is searched by overlapping pieces of a few letters (n-grams), which are enough to find a word
of any length (as in Lucene's CJK analyzer). Arabic and Persian letters are brought to one form.
"""

from __future__ import annotations

import re

from router.text.compatibility import nfkc

_IDEOGRAPHS = "\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA = "\u3040-\u30ff\u31f0-\u31ff"
_HANGUL = "\uac00-\ud7af"
_THAI = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
"""Thai, Lao, Burmese and Khmer."""
_ARABIC = "\u0620-\u06ff\u0750-\u077f\u08a0-\u08ff"
_MARKED = "\u0590-\u05ff\u0900-\u0dff"
"""Hebrew and the scripts of India: words whose vowels are marks between the letters."""
WORD = re.compile(
    f"(?P<cjk>[{_IDEOGRAPHS}{_KANA}{_HANGUL}]++)|(?P<thai>[{_THAI}]++)|(?P<arabic>[{_ARABIC}]++)"
    f"|(?P<marked>[{_MARKED}]++)|[^\\W_{_IDEOGRAPHS}{_KANA}{_HANGUL}{_THAI}{_ARABIC}{_MARKED}]++"
)
UNSPACED = re.compile(f"[{_IDEOGRAPHS}{_KANA}{_THAI}]")
"""A letter of a script that puts no blanks between words."""
GRAM_LETTER = re.compile(f"[{_IDEOGRAPHS}{_KANA}{_HANGUL}{_THAI}]")
"""A letter of a script that is searched by n-grams."""
GRAM = {"cjk": 2, "thai": 3}
"""Letters of a piece: two ideographs are about a word, a Thai syllable has about three letters."""
ARABIC_FORMS = str.maketrans(
    {
        **dict.fromkeys("أإآٱ", "ا"),
        **dict.fromkeys("يىئ", "ی"),
        **dict.fromkeys("كڪ", "ک"),
        "ة": "ه",
        "ۀ": "ه",
        "ؤ": "و",
        # Stretching and vowel signs.
        "\u0640": None,
        **dict.fromkeys(map(chr, (*range(0x64B, 0x660), 0x670))),
        **{chr(0x660 + digit): str(digit) for digit in range(10)},
        **{chr(0x6F0 + digit): str(digit) for digit in range(10)},
        **dict.fromkeys("؟،؛۔٪"),
    }
)
ARTICLES = ("وال", "بال", "کال", "فال", "لل", "ال")
MIN_ARABIC_LETTERS = 3
MAX_GROWTH = 1_000
"""Characters by which a text may grow in NFKC, in which one can become eighteen."""


def words_of(text: str) -> list[str]:
    """Returns the words of a text in order, case-folded, in forms that can be compared.

    Words of Latin, Greek and Cyrillic stay as they are; of other scripts they are n-grams or
    simplified words.
    """
    words: list[str] = []
    for match in WORD.finditer(nfkc(text, len(text) + MAX_GROWTH).casefold()):
        kind = match.lastgroup
        if kind in GRAM:
            words += grams(match[0], GRAM[kind])
        elif kind == "arabic":
            words += _arabic(match[0])
        elif kind == "marked":
            words.append(match[0].strip("\u0964\u0965"))
        else:
            words.append(match[0])

    return [word for word in words if word]


def grams(run: str, size: int) -> list[str]:
    """Returns the overlapping pieces of a run of letters; the run itself if it is shorter."""
    if len(run) <= size:
        return [run]

    return [run[start : start + size] for start in range(len(run) - size + 1)]


def index_form(word: str) -> str:
    """Returns a word as every database's tokenizer keeps it: Latin words are not changed.

    The digit at the end keeps stemmers away from it.
    """
    if all(character < "\u0250" for character in word):
        return word

    return "x" + "x".join(f"{ord(character):x}" for character in word) + "0"


def extra_terms(text: str) -> str:
    """Returns what has to be indexed besides the text itself: empty for a text in Latin letters."""
    if text.isascii():
        return ""

    words = []
    # As the databases lower them; folding also takes "ß" and ligatures apart.
    plain = set(re.findall(r"[^\W_]+", text.lower()))
    for word in words_of(text):
        form = index_form(word)
        # Also words in another form than NFKC, such as "ﬁle" and "ＡＢＣ".
        if form not in plain:
            words.append(form)

    return " ".join(words)


def _arabic(word: str) -> list[str]:
    word = word.translate(ARABIC_FORMS)
    if word.isdecimal():
        return [word]

    for article in ARTICLES:
        if word.startswith(article) and len(word) - len(article) >= MIN_ARABIC_LETTERS:
            return [word[len(article) :]]

    return [word]
