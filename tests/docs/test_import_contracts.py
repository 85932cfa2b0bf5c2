"""Each vendor library is imported in one place only, so that it can be replaced there."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable

import pytest

OWNERS = {
    "aiohttp": ("bot/",),
    # Evaluations and benchmarks deliver to the bot as Slack does.
    "slack_bolt": ("bot/", "evals/"),
    "slack_sdk": ("bot/", "evals/"),
    "litellm": ("workers/llm/litellm_client.py",),
    "rq": ("workers/runtime/queue.py",),
    "opentelemetry": ("workers/runtime/otlp.py",),
    "sentence_transformers": ("router/encoder/torch.py", "router/encoder/reranker.py"),
    "torch": (
        "router/encoder/torch.py",
        "workers/training/trainers/",
        "evals/retrieval/scorer_training.py",
        "evals/tuning/gpu_check.py",
    ),
    "gepa": ("workers/optimise/rewrite.py",),
    "peft": ("workers/training/trainers/", "evals/retrieval/scorer_training.py"),
    "transformers": ("workers/training/trainers/", "evals/retrieval/scorer_training.py"),
    "xllamacpp": ("workers/llm/local/server_process.py",),
    # Anybody's files and templates: what they could do to the process is refused in these files.
    "jinja2": ("router/text/templates.py",),
    "yaml": ("router/text/strict_yaml.py",),
}
HEAVY = {
    "litellm",
    "onnxruntime",
    "peft",
    "scipy",
    "sentence_transformers",
    "sklearn",
    "torch",
    "transformers",
}


def imports(nodes: Iterable[ast.AST]) -> set[str]:
    """The packages that these statements import."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])

    return found


@pytest.fixture(scope="module")
def sources(root) -> dict[str, tuple[set[str], set[str]]]:
    """For each file its imports anywhere, and those that run when it is imported."""
    folders = ("bot", "workers", "router", "evals")
    paths = [path for folder in folders for path in sorted((root / folder).rglob("*.py"))]
    found = {}
    for path in paths:
        tree = ast.parse(path.read_text("utf-8"))
        found[path.relative_to(root).as_posix()] = (imports(ast.walk(tree)), imports(tree.body))

    return found


@pytest.mark.parametrize("vendor", sorted(OWNERS))
def test_a_vendor_is_imported_where_it_belongs(sources, vendor):
    importers = [name for name, (anywhere, _) in sources.items() if vendor in anywhere]

    assert importers, f"nothing imports {vendor}: is it still needed?"
    assert not [name for name in importers if not name.startswith(OWNERS[vendor])]


def test_nothing_heavy_is_loaded_by_importing_a_file(sources):
    assert not {
        name: HEAVY & at_import for name, (_, at_import) in sources.items() if HEAVY & at_import
    }


def test_importing_the_bot_loads_nothing_heavy():
    asked = f"import sys, bot.app; print(sorted({HEAVY!r} & set(sys.modules)))"

    said = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    ).stdout

    assert said.strip() == "[]"
