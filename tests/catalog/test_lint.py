"""`beagle routes lint` finds what makes a route hard to follow, to learn or to judge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from router.catalog.catalog import builtin_routes_folder, load_routes
from router.catalog.lint import LintResult, lint_routes

HEAD = """---
name: {name}
description: Sort things.
utterances: [sort the red apples, "{said}"]
output: {{type: object, properties: {{box: {{enum: [left, right]}}}}}}
---
"""
ROWS = [{"text": "the apples are red", "answer": {"box": "left"}}]
ROWS += [
    {"text": f"pear number {n}", "answer": {"box": "right"}, "split": "test"} for n in range(10)
]


def findings(
    folder: Path,
    prompt: str,
    rows: list[dict[str, Any]] = ROWS,
    name: str = "boxes",
    said: str = "x",
) -> LintResult:
    place = folder / name
    place.mkdir()
    (place / "route.md").write_text(HEAD.format(name=name, said=said) + prompt)
    (place / "examples.jsonl").write_text("\n".join(map(json.dumps, rows)))

    return next(one for one in lint_routes(load_routes(folder)) if one.route == name)


def test_rules_are_list_items_and_orders(tmp_path: Path) -> None:
    finding = findings(
        tmp_path, "You sort.\n- Apples go left.\n- Pears go right.\nNever open a box. It is fun.\n"
    )

    assert [rule.text for rule in finding.rules] == [
        "Apples go left.",
        "Pears go right.",
        "Never open a box.",
    ]


def test_a_rule_that_no_example_touches_is_named(tmp_path: Path) -> None:
    finding = findings(tmp_path, "- Apples go left.\n- Quinces from Portugal wait.\n")

    assert finding.as_dict()["never_exercised"] == ["Quinces from Portugal wait."]
    assert any("add an example or drop the rule" in warning for warning in finding.warnings)


def test_more_than_twenty_rules_or_two_pages_are_a_tower(tmp_path: Path) -> None:
    many = findings(tmp_path, "\n".join(f"- apples of sort {n}" for n in range(21)))
    long = findings(tmp_path, "apple " * 1001, name="long", said="y")

    assert "21 rules" in many.warnings[0]
    assert "1001 words" in long.warnings[0]


def test_an_example_in_two_splits_is_a_leak(tmp_path: Path) -> None:
    leaked = [*ROWS, {"text": "the apples are red", "answer": {"box": "left"}, "split": "test"}]

    assert any(
        "keep them apart" in warning for warning in findings(tmp_path, "Sort.", leaked).warnings
    )


def test_an_answer_that_breaks_the_schema_is_named(tmp_path: Path) -> None:
    wrong = [*ROWS, {"text": "a plum", "answer": {"box": "up"}, "split": "test"}]

    assert any("'a plum'" in warning for warning in findings(tmp_path, "Sort.", wrong).warnings)


def test_a_text_that_teaches_two_routes_is_named(tmp_path: Path) -> None:
    findings(tmp_path, "Sort.", said="which box")
    other = findings(tmp_path, "Sort.", name="crates", said="Which  box")

    assert any("also teaches route 'boxes'" in warning for warning in other.warnings)


def test_a_folder_that_cannot_be_loaded_is_a_warning_too(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()

    assert "broken" in lint_routes(load_routes(tmp_path))[0].warnings[0]


def test_the_built_in_routes_are_clean() -> None:
    assert {
        one.route: one.warnings
        for one in lint_routes(load_routes(builtin_routes_folder()))
        if one.warnings
    } == {}


def test_a_tool_that_does_not_exist_is_named(tmp_path: Path) -> None:
    place = tmp_path / "errand"
    place.mkdir()
    head = HEAD.format(name="errand", said="x").replace(
        "output:",
        "kind: tools\nsteps: [{do: react, tools: [browser, calculator]}, {do: prompt}]\noutput:",
    )
    (place / "route.md").write_text(head + "Do it.")

    (finding,) = lint_routes(load_routes(tmp_path), ["calculator", "note"])

    assert finding.warnings[0].startswith("tool 'browser' does not exist")
    assert "known: calculator, note" in finding.warnings[0]
