"""A route folder becomes a route, or an error that says what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.catalog.catalog import (
    Route,
    Version,
    builtin_routes_folder,
    load_routes,
    read_route,
    reload_routes,
)
from router.catalog.export import write_route
from router.errors import RouteError

GOOD = """---
name: lunch
description: Say what is for lunch.
utterances: [what is for lunch, menu today]
steps:
  - {do: prompt, shots: 1}
output: {type: object, properties: {dish: {type: string, maxLength: 40}}}
---
Name the dish.
"""
ROWS = [
    {"text": "what do we eat", "answer": {"dish": "soup"}},
    {"text": "held back", "answer": {"dish": "secret"}, "split": "test"},
]


def write(
    folder: Path, text: str = GOOD, rows: list[dict[str, object]] | None = None, name: str = "lunch"
) -> Path:
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    (place / "route.md").write_text(text)
    (place / "examples.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in (ROWS if rows is None else rows))
    )

    return place


def load(folder: Path, old: str = "", new: str = "", **kwargs: object) -> Route:
    assert old in GOOD
    text = GOOD.replace(old, new, 1) if old else GOOD
    return read_route(write(folder, text, **kwargs))  # type: ignore[arg-type]  # test


def test_a_folder_becomes_a_route_with_a_strict_schema(tmp_path: Path) -> None:
    route = load(tmp_path)

    assert route.version.prompt == "Name the dish."
    assert route.version.output is not None
    assert route.version.output["additionalProperties"] is False
    assert route.version.output["required"] == ["dish"]


def test_only_train_rows_are_ever_shown_to_a_model(tmp_path: Path) -> None:
    route = load(tmp_path, "shots: 1", "shots: 5, pick: nearest")

    assert [shot.text for shot in route.version.shots] == ["what do we eat"]
    assert [e.text for e in load_routes(tmp_path).training_examples()] == [
        "what is for lunch",
        "menu today",
        "what do we eat",
    ]


def test_a_version_is_named_by_what_decides_its_answers(tmp_path: Path) -> None:
    first = load(tmp_path).version.id

    assert load(tmp_path, "menu today", "menu").version.id == first
    assert load(tmp_path, "Say what is", "Tells what is").version.id == first
    assert load(tmp_path, "Name the dish", "Name a dish").version.id != first
    assert load(tmp_path, "maxLength: 40", "maxLength: 41").version.id != first
    other = [{"text": "what do we eat", "answer": {"dish": "stew"}}]
    assert load(tmp_path, rows=other).version.id != first


def test_a_version_survives_the_store_and_notices_an_edit(tmp_path: Path) -> None:
    version = load(tmp_path).version

    assert Version.model_validate_json(version.model_dump_json()) == version

    with pytest.raises(ValueError, match="does not match the content"):
        Version.model_validate(version.model_dump() | {"prompt": "edited"})


def test_a_changed_version_has_another_id(tmp_path: Path) -> None:
    version = load(tmp_path).version

    other = version.with_changes(prompt="Name it.")

    assert other.id != version.id
    assert other.with_changes(prompt=version.prompt) == version


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("description: Say what is for lunch.\n", "", "key 'description' is missing"),
        ("steps:", "flavour: 3\nsteps:", "key 'flavour' is not known; allowed: name, description"),
        ("steps:", "name: dinner\nsteps:", "duplicate key 'name'"),
        ("[what is for lunch, menu today]", "*a", "aliases are not allowed"),
        ("name: lunch", "name: dinner", "'dinner', the folder 'lunch'; make them equal"),
        ("name: lunch", "name: !!python/name:os.system lunch", "front matter cannot be read"),
        ("Name the dish.", "{{ message.__class__.__mro__ }}", "getattr is not allowed"),
        ("Name the dish.", "{{ message() }}", "call is not allowed"),
        ("Name the dish.", "{% include 'x' %}", "include is not allowed"),
        (
            "Name the dish.",
            "{{ secrets }}",
            "unknown variable 'secrets'; allowed: letter_order, letter_text, message",
        ),
        ("Name the dish.", "{{ message", "the template cannot be read"),
        ("Name the dish.", "", "the prompt is empty"),
        ("{type: object,", "{type: objekt,", "key 'output'"),
        ("{type: object,", "{type: string,", "wrap a single value"),
        (
            "{type: string, maxLength: 40}",
            "{$ref: 'http://evil.example/x'}",
            "'\\$ref' is not enforced",
        ),
        ("shots: 1", "samples: 3", "vote belong together"),
        (
            "shots: 1",
            "samples: 3, vote: taste",
            "vote 'taste' is no field of the output; fields: dish",
        ),
        ("shots: 1", "shots: many", "steps.0.prompt.shots"),
        ("shots: 1", "do_it: now", "not known"),
        ("do: prompt", "do: dance", "dance"),
        ("steps:\n  - {do: prompt, shots: 1}", "kind: tools", "key 'steps' is missing"),
        ("steps:", "kind: rag\nsteps:", "kind 'rag' needs a retrieve step"),
        (
            "steps:",
            "adapter: ../x.gguf\nkind: tuned\nsteps:",
            "expected the name of a GGUF LoRA in the same folder",
        ),
        ("---\nName", "Name", "no end"),
        ("---\nname", "name", "expected front matter"),
    ],
)
def test_a_wrong_file_is_refused_with_file_key_and_remedy(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    with pytest.raises(RouteError, match=said) as caught:
        load(tmp_path, old, new)

    assert "lunch" in str(caught.value)
    assert "route.md" in str(caught.value)


def test_a_nest_of_brackets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RouteError, match="cannot be read"):
        load(tmp_path, "[what is for lunch, menu today]", "[" * 20_000)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 1 is no JSON"),
        ("[]", "line 1"),
        ('{"text": "a", "split": "live"}', "'split'"),
        ('{"text": "a", "answer": "b", "counterexample": true}', "line 1.*without an answer"),
        ('{"text": "a", "split": "test", "counterexample": true}', "line 1.*train row"),
    ],
)
def test_a_wrong_example_is_refused_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    place = write(tmp_path)
    (place / "examples.jsonl").write_text(line)

    with pytest.raises(RouteError, match=said):
        read_route(place)


def test_a_row_may_be_a_message_that_the_route_does_not_serve(tmp_path: Path) -> None:
    rows = [*ROWS, {"text": "book a table", "counterexample": True}, {"text": "any soup today"}]
    route = load(tmp_path, rows=rows)

    assert route.counterexamples == ("book a table",)
    assert "book a table" not in [example.text for example in route.examples]
    assert "any soup today" in [example.text for example in route.examples]

    again = read_route(write_route(route.version, route, tmp_path / "copy", None))

    assert again.counterexamples == route.counterexamples


def test_words_like_no_and_dates_stay_words(tmp_path: Path) -> None:
    route = load(tmp_path, "{type: string, maxLength: 40}", "{enum: [yes, no, 2024-01-01]}")

    properties = route.version.output["properties"]  # type: ignore[index]  # the file has one
    assert properties == {"dish": {"enum": ["yes", "no", "2024-01-01"]}}


def test_a_later_folder_lies_over_an_earlier_one(tmp_path: Path) -> None:
    write(tmp_path / "builtin")
    write(tmp_path / "mine", GOOD.replace("Name the dish", "Say it"))

    catalog = load_routes(tmp_path / "builtin", tmp_path / "mine")

    assert catalog.routes["lunch"].version.prompt == "Say it."


def test_a_broken_route_leaves_the_others_and_says_why(tmp_path: Path) -> None:
    write(tmp_path / "builtin")
    write(tmp_path / "mine", "nothing", name="broken")

    catalog = load_routes(tmp_path / "builtin", tmp_path / "mine")

    assert list(catalog.routes) == ["lunch"]
    assert len(catalog.problems) == 1
    assert "broken/route.md" in catalog.problems[0]


def test_a_file_that_breaks_later_leaves_its_last_good_version(tmp_path: Path) -> None:
    write(tmp_path)
    last = load_routes(tmp_path)
    write(tmp_path, GOOD.replace("name: lunch", "nome: lunch"))

    now = reload_routes(last, tmp_path)

    assert now.routes["lunch"] == last.routes["lunch"]
    assert "nome" in now.problems[0]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "steps:",
            "limits: {second: 3}\nsteps:",
            "'limits.second' is not known; allowed: seconds, input_tokens",
        ),
        ("shots: 1}", "shot: 1}", "shot' is not known; allowed: do, into, prompt"),
        (
            "name: lunch",
            "name: lunch\nkind: *a",
            "line 3: aliases are not allowed; write the value out",
        ),
        ("name: lunch", "name: lunch\nname: lunch", "line 3: duplicate key 'name'; keep one"),
        (
            "Name the dish.",
            "{{ settings }}",
            "the prompt under the second --- line: unknown variable 'settings'",
        ),
        ("shots: 1}", 'ask: "{{ key }}"}', "key 'steps': unknown variable 'key'"),
        (
            "steps:",
            'role: "{{ message.upper() }}"\nsteps:',
            "key 'role': line 1: call is not allowed",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_what_to_do(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    with pytest.raises(RouteError) as problem:
        load(tmp_path, old, new)

    assert "lunch/route.md" in str(problem.value)
    assert said in str(problem.value)


def test_a_removed_folder_removes_its_route(tmp_path: Path) -> None:
    place = write(tmp_path)
    last = load_routes(tmp_path)

    for file in place.iterdir():
        file.unlink()

    place.rmdir()

    assert not reload_routes(last, tmp_path).routes


def test_a_routes_folder_that_goes_away_leaves_its_routes(tmp_path: Path) -> None:
    write(tmp_path / "mine")
    last = load_routes(tmp_path / "mine")
    (tmp_path / "mine").rename(tmp_path / "elsewhere")

    now = reload_routes(last, tmp_path / "mine")

    assert now.routes == last.routes
    assert "the last good version answers" in now.problems[0]


def test_a_missing_routes_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(RouteError, match="is no folder"):
        load_routes(tmp_path / "nowhere")


def test_an_adapter_belongs_to_the_version(tmp_path: Path) -> None:
    place = write(tmp_path, GOOD.replace("steps:", "adapter: a.gguf\nkind: tuned\nsteps:"))
    (place / "a.gguf").write_bytes(b"weights")
    first = read_route(place)
    (place / "a.gguf").write_bytes(b"other weights")

    second = read_route(place)

    assert first.version.adapter is not None
    assert first.version.adapter.startswith("lunch-")
    assert first.version.id != second.version.id
    assert load_routes(tmp_path).adapter_files() == {second.version.adapter: place / "a.gguf"}


def test_an_admins_route_is_hidden_from_others(tmp_path: Path) -> None:
    route = load(tmp_path, "steps:", "visibility: admins\nsteps:")

    assert not route.is_visible_in("C1")
    assert route.is_visible_in("C1", admin=True)


def test_a_channels_route_is_shown_there_only(tmp_path: Path) -> None:
    route = load(tmp_path, "steps:", "visibility: [C1]\nsteps:")

    assert route.is_visible_in("C1")
    assert not route.is_visible_in("C2", admin=True)


def test_every_built_in_route_loads_and_can_be_learnt() -> None:
    catalog = load_routes(builtin_routes_folder())

    assert not catalog.problems

    for route in catalog.routes.values():
        lessons = [
            example for example in catalog.training_examples() if example.route == route.name
        ]
        assert len(lessons) >= 12, route.name
        assert len(set(route.utterances)) == len(route.utterances), route.name
        assert route.visibility == "everyone"


HOSTILE_ROUTES = {
    "filter": GOOD.replace("Name the dish.", '{{ message|replace("a", "b") }}'),
    "gigabyte": GOOD.replace("Name the dish.", "{{ 'a'*10**9 }}"),
    "brackets": GOOD.replace("Name the dish.", "{{ " + "(" * 9_000 + " }}"),
    "list-key": GOOD.replace("name: lunch", "? [name]\n: lunch"),
    "number": GOOD.replace("shots: 1", "shots: 0x" + "f" * 9_000),
    "deep": GOOD.replace("[what", "[" * 9_000 + "what"),
    "anchor": GOOD.replace("[what", "&-a [what"),
    "empty": "",
    "bytes": "\udcff",
}
HOSTILE_ROWS = {
    "row-number": '{"text": "a", "answer": ' + "9" * 9_000 + "}",
    "row-nan": '{"text": "a", "answer": NaN}',
    "row-infinity": '{"text": "a", "answer": 1e999}',
    "row-deep": '{"text": "a", "answer": ' + "[" * 50_000 + "]" * 50_000 + "}",
    "row-list": "[]",
    "row-surrogate": '{"text": "\\ud800", "answer": "a"}',
}


def test_no_broken_folder_stops_the_others(tmp_path: Path) -> None:
    write(tmp_path)
    for name, text in HOSTILE_ROUTES.items():
        (tmp_path / name).mkdir()
        data = text.replace("name: lunch", f"name: {name}").encode("utf-8", "surrogateescape")
        (tmp_path / name / "route.md").write_bytes(data)

    for name, line in HOSTILE_ROWS.items():
        write(tmp_path, GOOD.replace("name: lunch", f"name: {name}"), [], name)
        (tmp_path / name / "examples.jsonl").write_text(line)

    loaded = load_routes(tmp_path)

    assert set(loaded.routes) == {"lunch"}
    for name in (*HOSTILE_ROUTES, *HOSTILE_ROWS):
        assert [
            problem
            for problem in loaded.problems
            if f"/{name}/route.md" in problem or f"/{name}/examples.jsonl" in problem
        ], name
    assert all(len(problem) < 600 for problem in loaded.problems)
