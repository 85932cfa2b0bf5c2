"""`beagle routes import-dspy`: programs in the forms that DSPy saves become routes."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from bot.cli import __main__ as command_line
from bot.cli.routes.import_dspy import DspyImport, import_program
from router.catalog.catalog import read_route
from router.config import Settings
from router.errors import InputError, RouteError
from workers.optimise.dspy_program import choose_predictor, demos_of, prompt_of, read_program

INSTRUCTIONS = "Sort the ticket into a queue. Say how urgent it is."
META = {"dependency_versions": {"python": "3.11", "dspy": "3.0.3", "cloudpickle": "3.1"}}
FIELDS = [
    {"prefix": "Ticket:", "description": "${ticket}"},
    {"prefix": "Reasoning: Let's think", "description": "${reasoning}"},
    {"prefix": "Queue:", "description": "${queue}"},
]
DEMO = {
    "augmented": True,
    "ticket": "the wifi of the lobby is gone",
    "reasoning": "It is about wifi.",
    "summary": "No wifi in the lobby",
    "queue": "network",
    "urgency": "normal",
}
STATE = {
    "traces": [],
    "train": [],
    "demos": [DEMO],
    "signature": {"instructions": INSTRUCTIONS, "fields": FIELDS},
    "lm": None,
}
NEW_PROGRAM = {"classify.predict": STATE, "metadata": META}
SINGLE_PREDICTOR = {**STATE, "metadata": META}
OLD_PROGRAM = {
    "prog": {
        "lm": None,
        "traces": [],
        "train": [],
        "demos": [DEMO],
        "signature_instructions": INSTRUCTIONS,
        "signature_prefix": "Queue:",
    }
}
OLD_CHAIN_OF_THOUGHT = {
    "prog": {
        "demos": [DEMO],
        "signature_instructions": "plain",
        "extended_signature_instructions": INSTRUCTIONS,
    }
}


@pytest.fixture
def settings(tmp_path):
    return Settings(_env_file=None, data=tmp_path / "data")


@pytest.fixture
def save(tmp_path):
    def write(body: object):
        path = tmp_path / "program.json"
        path.write_text(json.dumps(body), "utf-8")
        return path

    return write


@pytest.mark.parametrize("body", [NEW_PROGRAM, SINGLE_PREDICTOR, OLD_PROGRAM, OLD_CHAIN_OF_THOUGHT])
def test_every_form_gives_the_same_route(settings, save, tmp_path, body):
    said = import_program(settings, DspyImport(save(body), "triage"), tmp_path / "out")
    assert "1 of 1 demonstrations" in said
    route = read_route(tmp_path / "out" / "triage")
    assert route.version.prompt == INSTRUCTIONS
    (shot,) = route.version.shots
    assert shot.text == DEMO["ticket"]
    assert shot.answer == {name: DEMO[name] for name in ("summary", "queue", "urgency")}
    assert shot.reasoning == DEMO["reasoning"]
    assert route.version.steps[0].reasoning == "field"
    assert [row for row in route.rows if row.split == "test"]


def test_the_message_may_be_in_another_field(save):
    demo = {"context": "help desk", **DEMO}
    (predictor,) = read_program(save({"p": {**STATE, "demos": [demo]}}))
    assert demos_of(predictor, "ticket", None)[0].text == DEMO["ticket"]
    assert demos_of(predictor, "", None)[0].text == "help desk"


def test_without_a_schema_the_last_field_is_the_answer(save):
    (predictor,) = read_program(save(NEW_PROGRAM))
    assert demos_of(predictor, "ticket", None)[0].answer == "normal"


def test_a_typed_output_is_taken_apart(save):
    body = {name: DEMO[name] for name in ("queue", "urgency")}
    demo = {"ticket": "x", "result": json.dumps(body)}
    (predictor,) = read_program(save({"p": {**STATE, "demos": [demo]}}))
    output = {"properties": {"queue": {}, "urgency": {}}}
    assert demos_of(predictor, "", output)[0].answer == body


def test_fields_without_demonstrations_come_from_the_prefixes(save):
    (predictor,) = read_program(save({"p": {**STATE, "demos": []}}))
    assert predictor.fields[0] == "ticket"
    assert demos_of(predictor, "", None) == []


def test_one_of_several_predictors_is_named(save):
    predictors = read_program(save({"a": STATE, "b": STATE, "metadata": META}))
    assert choose_predictor(predictors, "b").name == "b"
    with pytest.raises(InputError, match="known: a, b"):
        choose_predictor(predictors, "")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "no predictor"),
        ({"metadata": META}, "no predictor"),
        ({"p": {"demos": 3}}, "no predictor"),
        ("text", "no predictor"),
    ],
)
def test_what_is_no_program_is_refused(save, body, words):
    with pytest.raises(InputError, match=words):
        read_program(save(body))


def test_a_pickle_is_refused(tmp_path):
    path = tmp_path / "program.pkl"
    path.write_bytes(b"\x80\x05\x95")
    with pytest.raises(InputError, match="holds code"):
        read_program(path)


def test_template_commands_are_never_taken_over(save):
    signature = {"instructions": "Say {{ message }}", "fields": []}
    (predictor,) = read_program(save({"p": {**STATE, "signature": signature}}))
    with pytest.raises(InputError, match="template command"):
        prompt_of(predictor)


@pytest.mark.parametrize(
    ("demo", "words"),
    [({"ticket": 3}, "--message"), ({"ticket": "x", "queue": "network"}, "summary, urgency")],
)
def test_a_demonstration_that_does_not_fit_is_refused_with_what_it_has(
    settings, save, tmp_path, demo, words
):
    path = save({"p": {**STATE, "demos": [demo]}})
    with pytest.raises(InputError, match=words):
        import_program(settings, DspyImport(path, "triage"), tmp_path / "out")


def test_a_demonstration_that_measures_the_route_is_not_shown(settings, save, tmp_path):
    route = read_route_of(settings, "triage")
    tested = next(row for row in route.rows if row.split == "test")
    demos = [DEMO, {**DEMO, "ticket": tested.text.upper()}]
    path = save({"p": {**STATE, "demos": demos}})
    said = import_program(settings, DspyImport(path, "triage"), tmp_path / "out")
    assert "1 of 2 demonstrations" in said


def read_route_of(settings, name):
    from bot.app import catalog

    return catalog(settings).routes[name]


@pytest.mark.parametrize(("name", "words"), [("nothing", "there is none"), ("handbook", "of kind")])
def test_a_route_that_cannot_take_it_is_refused(settings, save, tmp_path, name, words):
    path = save({"p": {**STATE, "demos": []}})
    with pytest.raises((InputError, RouteError), match=words):
        import_program(settings, DspyImport(path, name), tmp_path / "out")


def test_the_command_is_typed_with_a_hyphen(save, tmp_path, monkeypatch):
    monkeypatch.setenv("BEAGLE_DATA", str(tmp_path / "data"))
    path = save(NEW_PROGRAM)
    words = ["routes", "import-dspy", str(path), "--route", "triage", "--to", str(tmp_path / "o")]
    result = CliRunner().invoke(command_line.app, words)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "o" / "triage" / "route.md").is_file()
