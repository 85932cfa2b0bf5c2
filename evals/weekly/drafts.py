"""How good the routes are that Beagle drafts from requests hidden in chat.

Each workspace's chat hides requests that no route serves. Production's own jobs mine it, draft a
route of every candidate, and check it; people whose messages nobody mined then ask for the same.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from jsonschema import Draft202012Validator

from evals.mining.streams.streams import MIN_PURITY, read_stream
from evals.weekly.drafted.chat import TASKS, Chat, made_up_chat, stream_chat
from evals.weekly.drafted.workspace import TEAM, ChatWorkspace
from router.catalog.catalog import Catalog
from router.catalog.version import Version
from router.config import read_settings
from router.decide import Router
from router.encoder.factory import open_encoder
from router.encoder.protocol import Encoder
from router.log import set_up_logs
from router.text.printable import print_line
from router.text.redact import plain_words
from router.types import Candidate
from workers.drafting import sentences
from workers.drafting.slots import MADE_UP, MEANINGS

NO_ANSWERS = "test rows with an answer"
"""Part of the one warning that is about people, not about the draft: nobody's answer is known."""
SECRETS = 1000


@dataclass(frozen=True, slots=True)
class DraftResult:
    """One draft. Shares are in 0-1; `routed` is None where nobody was held out.

    `lint` are the warnings beside the one about missing answers, `rare` the words in the draft that
    fewer people wrote than the setting asks for.
    """

    chat: str
    kind: str
    style: str
    routed: float | None
    held_out: int
    others_before: float
    others_after: float
    others: int
    routing_passed: bool
    has_answers: bool
    schema_valid: bool
    lint: list[str]
    rare: list[str]


def main(
    stream: Annotated[
        list[Path] | None,
        typer.Option(help="Labelled streams, rows {text,user,at,type}; made-up chat if left out."),
    ] = None,
    noise: Annotated[float, typer.Option(help="Share of other messages in made-up chat.")] = 0.93,
    seeds: Annotated[int, typer.Option(min=1, help="Made-up chats of each task.")] = 2,
    secrets: Annotated[
        int, typer.Option(min=0, help="Secrets strewn over made-up chat.")
    ] = SECRETS,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Also each draft.")] = False,
) -> None:
    """Draft routes from requests hidden in chat; report routing, lint, schema and rare words."""
    settings = read_settings()
    set_up_logs(settings.log, "error")
    encoder = open_encoder(settings.encoder, settings.encoder_cache)
    results: list[DraftResult] = []
    found = 0
    kinds = 0

    for name, chat, strewn in _chats(stream or (), noise, seeds, secrets):
        kinds += len(chat.held_out)
        with tempfile.TemporaryDirectory(prefix="drafts") as folder:
            drafted = draft_all(Path(folder), name, chat, encoder, strewn)

        found += len({one.kind for one in drafted})
        results += drafted
        if not as_json:
            for one in drafted:
                print_line(_line(one))

    figures = summarise(results) | {"types": kinds, "found": found}
    if as_json:
        details = {"drafts": [asdict(one) for one in results]} if show else {}
        print_line(json.dumps(figures | details))
        return

    for key, value in figures.items():
        print_line(f"{key:24} {value}")


def draft_all(
    folder: Path, name: str, chat: Chat, encoder: Encoder, secrets: Sequence[str] = ()
) -> list[DraftResult]:
    """Mines the chat and drafts a route of every candidate that is one type of request."""
    workspace = ChatWorkspace(folder, encoder, chat.messages, chat.now)
    try:
        results = []
        for candidate in workspace.mine():
            kinds = Counter(workspace.members_of(candidate, chat.messages))
            kind, count = kinds.most_common(1)[0]
            if kind is None or count < MIN_PURITY * kinds.total():
                continue

            drafted = workspace.draft(candidate)
            if drafted.state != "drafted":
                raise RuntimeError(f"{name}: {kind} was not drafted, it is {drafted.state}")

            results.append(_judge(workspace, name, kind, drafted, chat, encoder, secrets))

        return results
    finally:
        workspace.close()


def summarise(results: Sequence[DraftResult]) -> dict[str, Any]:
    """Returns the figures; shares are in 0-1."""
    routed = [one.routed for one in results if one.routed is not None]
    losses = [one.others_before - one.others_after for one in results]
    return {
        "drafts": len(results),
        "routed_right": round(float(np.mean(routed)), 4) if routed else None,
        "routed_right_min": round(min(routed), 4) if routed else None,
        "others_mean_change_points": round(-100 * float(np.mean(losses)), 3) if losses else None,
        "others_worst_change_points": round(-100 * max(losses), 3) if losses else None,
        "passed_routing": sum(one.routing_passed for one in results),
        "lint_share": _share([not one.lint for one in results]),
        "schema_share": _share([one.schema_valid for one in results]),
        "with_answers": sum(one.has_answers for one in results),
        "rare_words": sum(len(one.rare) for one in results),
        "styles": dict(Counter(one.style for one in results)),
    }


def _chats(
    streams: Sequence[Path], noise: float, seeds: int, secrets: int
) -> Iterator[tuple[str, Chat, Sequence[str]]]:
    for number, path in enumerate(streams):
        stream = read_stream(path)
        names = [f"type {place}" for place in range(int(stream.types.max()) + 1)]
        yield path.name, stream_chat(stream, names, number), ()

    if streams:
        return

    count = len(TASKS) * seeds
    for seed in range(seeds):
        for place, kind in enumerate(TASKS):
            own = make_secrets(secrets // count, seed * len(TASKS) + place)
            yield f"{kind} {seed}", made_up_chat(kind, noise, seed, own), own


def make_secrets(count: int, seed: int) -> list[str]:
    """Returns words that nobody else writes: code names, keys, addresses, numbers, names."""
    random = np.random.default_rng(seed + 10_000)
    letters = list("abcdefghijklmnopqrstuvwxyz")
    secrets = []
    for number in range(count):
        word = "".join(random.choice(letters, 9))
        forms = (
            f"project-{word}",
            f"{word}@example.org",
            f"{word.capitalize()} {word[::-1].capitalize()}",
            f"sk-{word}{int(random.integers(10**8, 10**9))}{word}",
            str(int(random.integers(10_000, 10**9))),
            word,
        )
        secrets.append(forms[number % len(forms)])

    return secrets


def _judge(
    workspace: ChatWorkspace,
    name: str,
    kind: str,
    candidate: Candidate,
    chat: Chat,
    encoder: Encoder,
    secrets: Sequence[str],
) -> DraftResult:
    store = workspace.store
    drafted = store.drafted_routes.get(TEAM, str(candidate.route))
    assert drafted is not None
    evidence = store.candidates.history(candidate.id)[-1].evidence
    routing = evidence.routing  # type: ignore[attr-defined]  # it is in state drafted
    warnings = list(evidence.open_points)  # type: ignore[attr-defined]
    stored = store.versions.get(TEAM, drafted.name, drafted.version)
    assert stored is not None
    version = Version.model_validate(dict(stored.body))
    route = drafted.as_route(version)
    catalog = Catalog({**workspace.context.routes_of(TEAM).routes, route.name: route})
    router = _train(catalog, encoder)
    asked = chat.held_out.get(kind, [])
    right = [router.decide(text)[0].route == route.name for text in asked]

    dump = json.dumps([asdict(drafted), version.model_dump(mode="json")])
    valid = True
    if version.output is not None:
        check = Draft202012Validator(version.output)
        valid = all(check.is_valid(row.answer) for row in route.rows if row.answer is not None)

    return DraftResult(
        chat=name,
        kind=kind,
        style="structured" if version.output is not None else version.kind,
        routed=sum(right) / len(right) if right else None,
        held_out=len(right),
        others_before=routing["before"],
        others_after=routing["after"],
        others=routing["others"],
        routing_passed=routing["passed"],
        has_answers=not any(NO_ANSWERS in warning for warning in warnings),
        schema_valid=valid,
        lint=[warning for warning in warnings if NO_ANSWERS not in warning],
        rare=[*_rare_words(workspace, drafted), *_found_secrets(dump, secrets)],
    )


def _train(catalog: Catalog, encoder: Encoder) -> Router:
    descriptions = catalog.descriptions()
    return Router.train(catalog.training_examples(), encoder, descriptions, false_reject=0.05)


def _rare_words(workspace: ChatWorkspace, drafted: Any) -> list[str]:
    """Returns the words of the draft that too few people wrote and Beagle did not write itself."""
    writers: dict[str, set[str]] = {}
    for message in workspace.store.channel_messages.between(TEAM, 0, workspace.now):
        for word in plain_words(message.text):
            writers.setdefault(word, set()).add(message.user)

    own = _own_words()
    least = workspace.settings.mine_min_people
    found = set()
    for text in _texts(drafted):
        for word in plain_words(text.replace("_", " ")):
            if word not in own and len(writers.get(word, ())) < least:
                found.add(word)

    return sorted(found)


def _texts(drafted: Any) -> list[str]:
    texts = [drafted.name, drafted.description]
    for part in (*drafted.utterances, *drafted.rows, *drafted.negatives, *drafted.previews):
        texts.append(part.text)
        if isinstance(part.answer, dict):
            texts += [*part.answer, *map(str, part.answer.values())]

    return texts


def _own_words() -> frozenset[str]:
    texts: list[str] = [*MEANINGS, *MEANINGS.values(), "answer"]
    for values in MADE_UP.values():
        texts += values
    for value in vars(sentences).values():
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, tuple):
            texts += value
        elif isinstance(value, dict):
            texts += value.values()

    return frozenset(word for text in texts for word in plain_words(str(text)))


def _found_secrets(dump: str, secrets: Sequence[str]) -> list[str]:
    return [secret for secret in secrets if secret in dump]


def _share(values: Sequence[bool]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def _line(one: DraftResult) -> str:
    routed = "-" if one.routed is None else f"{one.routed:.0%}"
    change = 100 * (one.others_after - one.others_before)
    return (
        f"{one.chat:18} {one.kind:12} {one.style:11} routed {routed:>5} of {one.held_out:3}, "
        f"others {change:+.2f}, lint {one.lint or 'clean'}, rare {one.rare or 0}"
    )
