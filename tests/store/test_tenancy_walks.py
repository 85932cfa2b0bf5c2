"""Whatever names a person or a key in Redis says of which workspace it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
WITHOUT_TEAM = {
    "router/store/requests/cancellations.py:cancel_thread": "the thread's key begins with the team",
}
"""Functions of the store that take a user without a workspace, and why that is enough."""
SHARED_KEYS = {
    "pace:{name}": "the name begins with the workspace: Slack counts by method and token",
    "closed:{name}": "the same name",
    "limit:{name}": "the name is a person: workspace and user",
    "pause:{name}": "the same name",
}
"""Keys in Redis beside the queue's own, and why they are not one workspace's."""


def functions(package: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        if "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.name}", node


def parameters(node: ast.FunctionDef) -> set[str]:
    return {argument.arg for argument in [*node.args.args, *node.args.kwonlyargs]}


def users_without_team(package: str) -> set[str]:
    return {
        name
        for name, node in functions(package)
        if "user" in parameters(node) and "team" not in parameters(node)
    }


def test_every_query_about_a_person_takes_their_workspace():
    assert users_without_team("router/store") == WITHOUT_TEAM.keys()


def redis_keys() -> set[str]:
    """The texts with holes that are handed to Redis as keys."""
    found = set()
    for path in sorted((ROOT / "workers").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        if "redis" not in path.read_text("utf-8"):
            continue

        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            for keyword in node.keywords:
                if keyword.arg == "keys" and isinstance(keyword.value, ast.List):
                    found |= {ast.unparse(key)[2:-1] for key in keyword.value.elts}

    return found


def test_every_key_in_redis_is_known():
    assert redis_keys() == SHARED_KEYS.keys()


def test_the_limits_of_slack_s_methods_are_each_workspace_s_own():
    tree = ast.parse((ROOT / "bot/transport/clients.py").read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = {
        ast.unparse(call.args[0])
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("acquire", "close_for")
    }
    assigned = {
        ast.unparse(node.targets[0]): ast.unparse(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
    }

    assert named
    for name in named:
        # A name may begin with another one that has the workspace.
        base = name.removeprefix("f").strip("\"'{").split("}")[0]
        assert is_own(name) or is_own(assigned.get(base, "")), name


def is_own(source: str) -> bool:
    """Whether the f-string, in either kind of quotes, begins with the workspace."""
    return source.removeprefix("f").lstrip("\"'").startswith("{self.team}:")
