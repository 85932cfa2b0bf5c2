"""The language of a message is guessed where it is sure; English is never taken for another one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.ui.texts.languages import NOT_SERVED
from router.speech.language import SCRIPTS, WORDS, foreign_language, guess_language

ROUTES = Path(__file__).parents[2] / "router" / "routes"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("wann bekommen wir das Gehalt?", "de"),
        ("der Drucker ist kaputt", "de"),
        ("bin morgen nicht da, komme erst übermorgen wieder", "de"),
        ("hoy estoy de viaje, mañana también", "es"),
        ("je suis absent demain", "fr"),
        ("oggi sono malato e resto qui", "it"),
        ("hoje estou doente", "pt"),
        ("ik ben vandaag ziek", "nl"),
        ("comment demander un jour de congé pour vendredi ?", "fr"),
        ("no me funciona la impresora", "es"),
        ("¿dónde está la oficina de recursos humanos?", "es"),
        ("il mio portatile non si accende", "it"),
        ("quantos dias tenho para devolver o cartão?", "pt"),
        ("wanneer krijgen we ons salaris?", "nl"),
        ("IL MIO PORTATILE NON SI ACCENDE", "it"),
        ("jak mogę zgłosić urlop na piątek?", "pl"),
        ("hur många dagar har jag kvar?", "sv"),
        ("как мне взять отпуск?", "ru"),
        ("як мені взяти відпустку?", "uk"),
        ("プリンターが壊れました", "ja"),
        ("打印机坏了怎么办", "zh"),
        ("프린터가 고장났어요", "ko"),
        ("الطابعة معطلة", "ar"),
        ("המדפסת מקולקלת", "he"),
        ("เครื่องพิมพ์เสีย", "th"),
    ],
)
def test_a_message_in_another_language_is_known(text, language):
    assert foreign_language(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "vpn is down again",
        "en route to the office, back at 3",
        "de facto the printer is dead",
        "the café on rue de la Paix is closed",
        "hola",
        "ok",
        "",
        "ETA?",
        "vi cannot open /etc/hosts",
        "please send the résumé to Zoë and François",
        "what does „der Drucker“ mean?",
        "tell me what das ist gut means in English please",
        "<@U123> 42 !!!",
        "exit code 137 in CI, meaning?",
    ],
)
def test_english_names_and_short_messages_are_not(text):
    assert foreign_language(text) is None


def test_no_example_of_a_built_in_route_is_taken_for_another_language():
    wrong = []
    for file in sorted(ROUTES.glob("*/examples.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            text = json.loads(line).get("text", "")
            if foreign_language(text):
                wrong.append(text)

    assert wrong == []


def test_each_language_that_is_guessed_has_a_line():
    guessed = {*SCRIPTS.values(), *WORDS, "uk"} - {"en"}
    assert guessed == set(NOT_SERVED)


@pytest.mark.parametrize("language", sorted(NOT_SERVED))
def test_the_line_is_in_the_language_that_it_is_for(language):
    assert guess_language(NOT_SERVED[language]) == language
