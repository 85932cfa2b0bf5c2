"""A route that a linear head answers: the one kind of version that no route folder can hold."""

from __future__ import annotations

from pathlib import Path

from bot.app import encoder, now
from bot.demo.stack import LocalStack
from bot.sandbox import seed_data
from router.catalog.catalog import builtin_routes_folder, load_routes
from router.catalog.version import Version
from router.store.versions.versions import StoredVersion
from workers.paths._linear_head_model import fit_head

ROUTE = "explain"
"""Its versions answer with one of two words from now on."""
ANSWERS = {"explain": '{"topic": "error"}', "triage": '{"topic": "ticket"}'}
"""The head's answer to the messages of each of these routes, as JSON."""


def put_head_live(stack: LocalStack, folder: Path) -> None:
    """Fits a head on the built-in routes' examples and makes it the route's live version."""
    texts, answers = [], []
    routes = load_routes(builtin_routes_folder()).routes
    for name, answer in ANSWERS.items():
        for example in routes[name].examples:
            texts.append(example.text)
            answers.append(answer)

    file = folder / "head.npz"
    fit_head(encoder(stack.settings()), texts, answers).save(file)
    store, team = stack.store, seed_data.TEAM_ID
    artefact = store.artefacts.insert(team, ROUTE, file, now())
    version = Version(route=ROUTE, kind="head", adapter=artefact)
    body = version.model_dump(mode="json")
    store.versions.insert(StoredVersion(team, ROUTE, version.id, "head", "shadow", body, now()))
    store.versions.go_live(team, ROUTE, version.id, "rollout")
