"""The built-in route for replies is shown an order and a mail apart, and never drafts the order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import router
from router.catalog.catalog import read_route
from router.errors import WeakAnswerError
from router.types import Outcome
from workers.context import Work
from workers.llm.fakes import ScriptedModel
from workers.paths import get_path

ROUTE = read_route(Path(router.__file__).parent / "routes" / "reply")
MAIL = "Dear team, where are the blue chairs? Regards, Ann"
ORDER = "tell her politely that we look into it"


@pytest.fixture
def reply(make_context: Any, make_request: Any, make_decision: Any) -> Any:
    def run(model: ScriptedModel, text: str) -> Outcome:
        context = make_context(model=model)
        version = ROUTE.tiers[0].version
        work = Work(make_request(text), make_decision(), version)
        return get_path(version.kind).run(context, work)

    return run


@pytest.mark.parametrize(
    "text",
    [
        f'"{MAIL}" – {ORDER}',
        f"{ORDER}: {MAIL}",
        f"> {MAIL}\n{ORDER}",
        f"```{MAIL}``` {ORDER}",
        f"Mail: {MAIL}\n\n{ORDER}",
    ],
)
def test_the_model_reads_the_order_first_and_then_the_mail(reply: Any, text: str) -> None:
    model = ScriptedModel(["Hello Ann, we are looking into it. Kind regards"])

    reply(model, text)

    assert model.calls[0].messages[-1]["content"] == f"{ORDER}: {MAIL}"


@pytest.mark.parametrize(
    ("draft", "fault"),
    [
        (f'Hello, thank you. Regards, Ann" – {ORDER}.', "repeats its order"),
        ("Hello, we are looking into it. Kind regards, Ann", "signed by the person it is for"),
    ],
)
def test_a_draft_with_the_order_in_it_or_signed_by_the_writer_is_not_shown(
    reply: Any, draft: str, fault: str
) -> None:
    with pytest.raises(WeakAnswerError, match=fault):
        reply(ScriptedModel([draft]), f'"{MAIL}" – {ORDER}')
