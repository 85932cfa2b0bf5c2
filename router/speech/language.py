"""Guesses the language of a short message: by its script, else by its commonest words.

Small function words tell languages apart even in short texts (the idea of stop-word profiles). It
says nothing where two languages are as likely: a wrong guess would be an insult.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping

from router.text.compatibility import nfc

MAX_CHARS = 1_000
ENGLISH = "en"
MIN_SCRIPT_LETTERS = 2
SCRIPT_SHARE = 0.5
"""Share of letters in a script from which the message is in its language."""
MIN_HITS = 2
"""Function words of a language that a message has at least."""
SCRIPTS: Mapping[str, str] = {
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "CJK": "zh",
    "CYRILLIC": "ru",
    "GREEK": "el",
    "ARABIC": "ar",
    "HEBREW": "he",
    "DEVANAGARI": "hi",
    "THAI": "th",
}
"""Languages by the first word of a letter's name in Unicode."""
UKRAINIAN = frozenset("іїєґ")
WORDS: Mapping[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in {
        "en": (
            "the a an is are was were be to of in on at for with from by and or but not no it this "
            "that these those i you we they he she my your our their me us them what when where "
            "who how why which can could do does did have has had will would please there if as"
        ),
        "de": (
            "der die das den dem des ein eine einen einem einer und oder aber nicht kein keine "
            "ist sind war wird werden ich du er wir ihr mir mich uns euch mein meine unser "
            "unsere wie was wann wo wer warum welche kann könnt können kannst haben habe hat "
            "bitte für mit von auf zu zum zur im bei nach noch schon gibt es viele urlaub geht "
            "bin bist seid bleibe komme kommen gehe heute morgen gestern wieder krank auch nur "
            "sehr mehr immer dass wenn weil dann doch jetzt hier sich sein seine habt hatte "
            "wurde müssen muss soll sollte möchte brauche brauchen funktioniert hallo danke "
            "über unter vor seit bis ohne etwas alle alles diese dieser dieses jemand niemand "
            "uhr tage woche büro druckt meinen meiner"
        ),
        "fr": (
            "le la les un une des du de et ou mais ne pas est sont je tu il elle nous vous ils "
            "mon ma mes notre nos votre que qui quoi quand où comment pourquoi combien peut "
            "pouvez me avons ai avez pour avec dans sur au aux ce cette ces bonjour merci plus "
            "y en marche faire fait est-ce jours suis es êtes était reste aujourd'hui demain "
            "hier malade aussi très bien tout tous si sans chez vers depuis cela ça leur leurs "
            "lui elles sa son ses dois doit besoin voudrais bonne matin soir semaine quel "
            "quelle fonctionne"
        ),
        "es": (
            "el la los las un una unos de del y o pero no es son está están yo tú nosotros "
            "ustedes mi mis nuestro nuestra que qué quién cuándo cuánto cuántos cuántas dónde "
            "cómo por para con en al se lo tengo tiene tenemos puedo puede hay este esta días "
            "favor me funciona hoy estoy estás estamos mañana ayer también muy sin sobre desde "
            "hasta cuando todo todos nada algo quiero necesito enfermo enferma casa quedo "
            "gracias hola soy eres somos su sus le nos ya más semana"
        ),
        "it": (
            "il lo la gli le un uno una di del della dei e o ma non è sono ho hai abbiamo mio "
            "mia nostro che chi quando dove come perché quanto quanti quante per con in al alla "
            "si me mi posso può ci questo questa giorni grazie funziona oggi domani ieri sei "
            "siamo siete sto anche molto senza dopo prima tutto tutti niente qualcosa voglio "
            "devo malato malata casa ciao buongiorno nel nella sul sulla più settimana"
        ),
        "pt": (
            "o os as um uma de do da dos das e ou mas não é são está eu você nós meu minha "
            "nosso que quem quando onde como porque quanto quantos para com em no na ao se "
            "tenho tem temos posso pode há este esta dias obrigado ainda aqui sei por hoje "
            "amanhã ontem estou estamos também muito sem sobre desde até tudo todos nada algo "
            "quero preciso doente casa fico olá obrigada sou somos seu sua já mais semana "
            "funciona"
        ),
        "nl": (
            "de het een en of maar niet geen is zijn was ik jij je wij we jullie mijn onze ons "
            "wat wie wanneer waar hoe waarom hoeveel kan kunnen heb hebben heeft voor met van "
            "op aan naar bij dit dat deze er nog alstublieft werkt ben bent vandaag morgen "
            "gisteren ook veel zonder sinds alles iets niets wil moet ziek thuis hallo bedankt "
            "mij jouw hun week dan want omdat weer blijf werk nodig"
        ),
        "pl": (
            "i w na z do nie jest są się to ten ta jak co kto kiedy gdzie dlaczego ile czy mam "
            "ma mamy mój moja nasz dla od po za proszę który która może mogę działa dni jestem "
            "jesteś dziś dzisiaj jutro wczoraj też bardzo bez przez wszystko coś nic chcę muszę "
            "chory chora domu cześć dziękuję tydzień już jeszcze"
        ),
        "sv": (
            "och att det en ett den som är var inte jag du vi ni min mitt vår vad vem när hur "
            "varför många kan har hade för med av på till från om eller men tack fungerar dagar "
            "idag imorgon igår också mycket utan sedan allt något inget vill måste sjuk hemma "
            "hej vecka nu"
        ),
        "da": (
            "og at det en et den som er var ikke jeg du vi min mit vores hvad hvem hvornår hvor "
            "hvordan hvorfor mange kan har havde til med af på fra om eller men tak virker dage "
            "idag i morgen igår også meget uden siden alt noget intet vil skal syg hjemme hej "
            "uge nu"
        ),
        "fi": (
            "ja on ei se että mikä mitä milloin missä miten miksi kuinka monta voi voin minä "
            "sinä me olen olemme ovat minun meidän kanssa mutta tai kiitos päivää toimi vielä "
            "täällä tänään huomenna eilen myös paljon ilman kaikki jotain haluan täytyy sairas "
            "kotona hei viikko nyt"
        ),
        "cs": (
            "a v na s do ne je jsou se to ten ta jak co kdo kdy kde proč kolik mám má máme můj "
            "naše pro od po za prosím který může mohu nefunguje dní tu mi zatím jsem jsi dnes "
            "zítra včera také velmi bez všechno něco nic chci musím nemocný nemocná doma ahoj "
            "děkuji týden už"
        ),
        "tr": (
            "ve bir bu da de için ile ne kim nerede nasıl neden kaç mı mi var yok ben sen biz "
            "benim bizim değil çok lütfen çalışmıyor gün izin henüz "
            "bana burada"
        ),
        "hu": (
            "és a az egy nem van vannak hogy mi mit ki mikor hol hogyan miért hány lehet én te "
            "mi nekem nekünk kérem köszönöm működik nap"
        ),
        "ro": (
            "și o un la de pe cu nu este sunt eu tu noi meu nostru ce cine când unde cum câte câți "
            "pentru din sau dar pot poate avem am vă rog zile"
        ),
        "vi": (
            "và là của có không tôi bạn chúng cho với trong ngày gì ai khi nào ở đâu như thế bao "
            "nhiêu được này xin"
        ),
        "id": (
            "dan yang di ke dari untuk dengan tidak ada apa siapa kapan dimana bagaimana kenapa "
            "berapa saya kamu kami kita bisa ini itu tolong hari cuti"
        ),
    }.items()
}


def _languages_by_word() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, words in WORDS.items():
        for word in words:
            found[word] = (*found.get(word, ()), name)

    return found


_LANGUAGES = _languages_by_word()
_WORD = re.compile(r"[^\W\d_]++(?:['’-][^\W\d_]++)*")


def guess_language(text: str) -> str | None:
    """Returns the code (ISO 639-1) of the language that the message is in; None if unsure."""
    text = nfc(text[:MAX_CHARS])
    by_script = _by_script(text)
    if by_script is not None:
        return by_script

    hits: Counter[str] = Counter()
    for word in _words(text):
        hits.update(_LANGUAGES.get(word, ()))

    ranked = hits.most_common(2)
    if not ranked or ranked[0][1] < MIN_HITS:
        return None

    is_tie = len(ranked) > 1 and ranked[1][1] == ranked[0][1]
    return None if is_tie else ranked[0][0]


def foreign_language(text: str) -> str | None:
    """Returns the language of a message that is not in English; None if it may be in English.

    A message that quotes another language has an English order, so its English words decide.
    """
    language = guess_language(text)
    if language in (None, ENGLISH):
        return None

    words = _words(text[:MAX_CHARS])
    known = WORDS.get(str(language), frozenset())
    own = len(words & known)
    english = len(words & (WORDS[ENGLISH] - known))
    return None if english and english * 3 >= own else language


def _words(text: str) -> set[str]:
    """Returns the words in small letters: a name in capitals, such as CI, is of no language."""
    words = _WORD.findall(text)
    if not text.isupper():
        words = [word for word in words if len(word) == 1 or not word.isupper()]

    return {word.casefold() for word in words}


def _by_script(text: str) -> str | None:
    letters = [letter for letter in text if letter.isalpha()]
    counts: Counter[str] = Counter()
    for letter in letters:
        script = unicodedata.name(letter, "").partition(" ")[0]
        if script in SCRIPTS:
            counts[SCRIPTS[script]] += 1

    if sum(counts.values()) < max(MIN_SCRIPT_LETTERS, SCRIPT_SHARE * len(letters)):
        return None

    # Japanese is written with Chinese letters as well.
    if counts["ja"]:
        return "ja"

    language = counts.most_common(1)[0][0]
    return "uk" if language == "ru" and UKRAINIAN & set(text) else language
