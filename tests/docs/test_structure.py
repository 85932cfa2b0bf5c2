"""Structure and names: small folders, standard terms, each class name once."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGES = ("bot", "workers", "router")
MAX_FILES = 20
"""Python files of one folder beside its `__init__.py`; more is two concepts in one place."""
# fmt: off
RETIRED = frozenset({
    "anew", "asked", "belonging", "by_hand", "doors", "ears", "everybody", "found",
    "gather", "given", "growing", "heat", "instead", "kept", "known", "lessons", "lived",
    "living", "look", "made", "one", "overhear", "road", "said", "shown", "sight",
    "standing", "taught", "told", "torn", "weigh",
})
# fmt: on
"""Names that once stood for standard terms: metaphors, and participles used as nouns."""

EPHEMERAL_AT_ONCE = re.compile(r"\.ephemerals\([^()\n]*+\)\[")
"""The newest message to one person, read whether it has come or not."""


@dataclass(frozen=True)
class Definition:
    """A function or class of a file."""

    path: Path
    line: int
    name: str
    is_class: bool


@dataclass(frozen=True)
class SourceFile:
    """What the tests ask of a file. Its syntax tree is not held: all of them fill 200 MB."""

    docstring: str | None
    definitions: list[Definition]


@pytest.fixture(scope="module")
def sources(root: Path) -> dict[Path, SourceFile]:
    """Every source file of the product."""
    found = {}
    for package in PACKAGES:
        for file in sorted((root / package).rglob("*.py")):
            if "migrations" not in file.parts:
                path = file.relative_to(root)
                tree = ast.parse(file.read_text("utf-8"))
                found[path] = SourceFile(ast.get_docstring(tree), list(_definitions(path, tree)))

    return found


def _definitions(path: Path, tree: ast.Module) -> Iterator[Definition]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield Definition(path, node.lineno, node.name, isinstance(node, ast.ClassDef))


@pytest.fixture(scope="module")
def definitions(sources: dict[Path, SourceFile]) -> list[Definition]:
    """Each function and class of the product."""
    return [definition for file in sources.values() for definition in file.definitions]


@pytest.mark.parametrize("package", [*PACKAGES, "evals"])
def test_no_folder_holds_more_than_a_reader_can_take_in(root, package):
    sizes: dict[Path, int] = defaultdict(int)
    for path in (root / package).rglob("*.py"):
        if path.name != "__init__.py" and "migrations" not in path.parts:
            sizes[path.relative_to(root).parent] += 1

    too_many = {str(folder): size for folder, size in sizes.items() if size > MAX_FILES}

    assert too_many == {}, "split by concept"


@pytest.mark.parametrize("package", [*PACKAGES, "evals"])
def test_the_page_about_the_architecture_names_every_folder_and_top_level_module(root, package):
    text = (root / "docs/architecture.md").read_text("utf-8")
    tree = text.split("## Where to find things", 1)[1].split("```")[1]
    part = re.search(rf"^{package}/.*?(?=^\w|\Z)", tree, re.MULTILINE | re.DOTALL)
    words = set(re.findall(r"\w+", part.group()))

    names = {path.name for path in (root / package).iterdir() if any(path.glob("**/*.py"))}
    names |= {path.stem for path in (root / package).glob("*.py")} - {"__init__"}

    assert names - words == set()


def test_no_module_has_a_retired_name(sources):
    assert [str(path) for path in sources if path.stem in RETIRED] == []


def test_no_function_or_class_has_a_retired_name(definitions):
    retired = [
        f"{found.path}:{found.line} {found.name}"
        for found in definitions
        if found.name.strip("_").lower() in RETIRED
    ]

    assert retired == []


def test_no_method_is_called_of(definitions):
    """`store.candidates.of(team)` does not say what it returns."""
    assert [str(found.path) for found in definitions if found.name == "of"] == []


def test_a_public_class_name_means_one_thing(definitions):
    places: dict[str, list[str]] = defaultdict(list)
    for found in definitions:
        if found.is_class and not found.name.startswith("_"):
            places[found.name].append(str(found.path))

    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


def test_every_module_says_in_its_first_line_what_it_is_for(sources):
    assert [str(path) for path, file in sources.items() if not file.docstring] == []


def test_no_test_reads_a_private_message_before_it_has_waited_for_it(root):
    """The bot posts some time after an action; a busy machine shows what a quick one hides."""
    early = []
    for file in sorted((root / "tests").rglob("*.py")):
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            if EPHEMERAL_AT_ONCE.search(line):
                early.append(f"{file.relative_to(root)}:{number}")

    assert early == [], "use `Actor.wait_for_ephemeral`"


def test_every_migration_has_a_number_of_its_own(root):
    """Two changes that are made side by side may both take the next one."""
    folder = root / "router/store/migrations/versions"
    names = sorted(path.name for path in folder.glob("0*.py"))

    assert len(names) > 30
    assert [name[:4] for name in names] == [f"{n:04}" for n in range(1, len(names) + 1)], names
