"""What takes knowledge is not asked of the included model: documents answer, or a sentence does."""

from __future__ import annotations

import pytest

from bot.routing.route_access import route_offers
from bot.ui import short_lines
from router.catalog.catalog import read_route
from router.catalog.installed import builtin_routes_folder
from router.errors import WeakAnswerError
from router.types import Score, Tokens
from workers.ports import ModelReply

FOLDER = builtin_routes_folder() / "explain"
VERSION = read_route(FOLDER).version
PRINTER = (
    "# Label printers\n\n## Error codes\n\n"
    "Error E-4711 of the label printer means that the ribbon is empty: put in a new one.\n"
)


def test_the_included_model_is_not_asked_for_what_it_cannot_know(ingested, answer):
    ingested(printer_md=PRINTER)

    with pytest.raises(WeakAnswerError, match="not asked") as refused:
        answer("explain this error: connection slots are reserved", version=VERSION)

    assert (refused.value.reason, answer.calls) == ("weak_knowledge", [])


def test_what_the_team_wrote_down_explains_it_word_for_word(ingested, answer):
    ingested(printer_md=PRINTER)
    outcome = answer("what does error E-4711 of the label printer mean?", version=VERSION)

    assert "means that the ribbon is empty" in outcome.text
    assert (outcome.route, outcome.model, answer.calls) == ("explain", "extractive", [])


def test_a_larger_model_explains_by_itself(ingested, answer):
    ingested(printer_md=PRINTER)
    reply = ModelReply("All slots are taken.", "openai/some-model", Tokens(output=4), 0.001, 0.2)
    text = "explain this error: connection slots are reserved"

    assert answer(text, reply, version=VERSION).text == "All slots are taken."


@pytest.mark.parametrize("larger_model", [True, False])
def test_people_are_offered_what_takes_knowledge_where_a_model_has_it(larger_model, make_decision):
    offers = route_offers({"explain": read_route(FOLDER, larger_model=larger_model)})
    decision = make_decision(None, verb="out_of_scope", scores=(Score("explain", 0.4),))

    assert bool(short_lines.within_reach(offers)) is larger_model
    assert ("*explain*" in short_lines.out_of_scope(decision, offers)) is larger_model
