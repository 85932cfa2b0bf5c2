"""Chooses the version that answers a request: a canary's share, or the cheapest good tier."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.routing.asking_again import AskingAgain
from bot.routing.quality_reader import QualityReader, RouteQuality
from bot.ui.texts import common as texts
from router.catalog.catalog import Catalog, Route
from router.encoder.protocol import Encoder
from router.kinds import KINDS
from router.store import Store
from router.store.versions.quality import JudgementSource
from router.store.versions.versions import ServingVersion, ServingVersions
from router.text.normalise import normalise
from router.tiers.choice import TierChoice, TierRecord, choose_tier
from router.tiers.quality import JudgedAnswer
from router.tiers.record import measured_rows, price_of, tier_record
from router.tiers.regions import Regions, find_regions
from router.types import ON_TRIAL, TIERS, Decision, Request

ROLLOUT_TIER = "trained"
"""The name of a tier that a rollout made."""
DIGITS = 4


@dataclass(frozen=True, slots=True)
class _RouteMap:
    """A route's regions, and the region of each labelled row by the id of its example."""

    regions: Regions
    region_of: Mapping[str, str]


class VersionChoice:
    """Chooses versions for the routes of a catalogue. Safe for many threads.

    A route without tiers has one version, and nothing but that is looked up for it.
    """

    def __init__(
        self, store: Store, encoder: Encoder, catalog: Catalog, now: Callable[[], float]
    ) -> None:
        self._store = store
        self._encoder = encoder
        self._now = now
        self._quality = QualityReader(store, now)
        self._again = AskingAgain(store, encoder, now)
        self.use(catalog)

    def use(self, catalog: Catalog) -> None:
        """Chooses among the tiers of these routes from now on."""
        maps = {}
        for name, route in catalog.routes.items():
            if route.tiers:
                maps[name] = self._route_map(route)

        self._maps: Mapping[str, _RouteMap] = maps
        self._catalog = catalog

    def judge_answer(self, request: Request, source: JudgementSource, value: float) -> str | None:
        """Stores a person's opinion (0-1) of an answer; returns the version that gave it."""
        return self._again.judge_answer(request, source, value)

    def forget(self, team: str) -> None:
        """Removes what this process knows of a workspace that left."""
        self._quality.forget(team)

    def with_version(
        self,
        decision: Decision,
        request: Request,
        vector: NDArray[np.float32] | None = None,
        failed: str | None = None,
    ) -> Decision:
        """Returns the decision with the version that answers this request's user, and why.

        `vector` is the message's own, where it is known. `failed` is the version whose answer has
        just not helped this person, also one of another route: a higher tier answers now. Without
        it, it is looked up whether they ask for the same once more.
        """
        if decision.route is None:
            return decision

        # A rollout serves a share of the users, chosen by a hash of their id: the same person
        # always gets the same version.
        serving = self._store.versions.serving_versions(request.team, decision.route, request.user)
        # A decision that is taken again must not keep an earlier choice's reasons.
        known = {name: decision.reason[name] for name in decision.reason if name != TIERS}
        if serving.canary is not None:
            share, version = serving.canary.rollout_share, serving.canary.id
            trial = texts.ON_TRIAL.format(version=version[:8], share=share)
            return replace(decision, version=version, reason={**known, ON_TRIAL: trial})

        route = self._catalog.routes.get(decision.route)
        if route is None or not route.tiers or serving.live is None:
            live = serving.live.id if serving.live is not None else decision.version
            return replace(decision, version=live, reason=known)

        choice = self._choose(route, serving, request, vector, failed)
        version = choice["ladder"][choice["chosen"]]["version"]
        return replace(decision, version=version, reason={**known, TIERS: choice})

    def _choose(
        self,
        route: Route,
        serving: ServingVersions,
        request: Request,
        vector: NDArray[np.float32] | None,
        failed: str | None,
    ) -> dict[str, Any]:
        """Returns the choice as it is stored in the decision's reason."""
        known = self._maps[route.name]
        ladder = ladder_of(route, serving)
        versions = [tier.version for tier in ladder]
        quality = self._quality.read(request.team, route.name, versions)
        if vector is None:
            vector = self._encoder.encode([normalise(request.text)])[0]

        region = known.regions.names_of(vector[None, :])[0]
        records = tier_records(ladder, quality, region, known.region_of, self._now())
        max_usd = route.version.limits.usd
        choice = choose_tier(records, route.target, max_usd=max_usd)
        if failed is None:
            failed = self._again.failed_version(request, route.name, vector)
        if failed is not None:
            # Another route's version failed: what would have answered here is passed over as well.
            below = versions.index(failed) if failed in versions else choice.index
            choice = choose_tier(records, route.target, lowest=below + 1, max_usd=max_usd)
            choice = replace(choice, why="asked_again")

        return stored_choice(records, choice, region)

    def _route_map(self, route: Route) -> _RouteMap:
        texts_of_route = [*route.utterances]
        texts_of_route += [row.text for row in route.examples if row.split == "train"]
        vectors = self._encoder.encode([normalise(text) for text in texts_of_route])
        regions = find_regions(texts_of_route, vectors, self._encoder.model_id)

        rows = [example for example in route.examples if example.split != "train"]
        names: list[str] = []
        if rows:
            names = regions.names_of(self._encoder.encode([normalise(row.text) for row in rows]))

        return _RouteMap(regions, dict(zip([row.id for row in rows], names, strict=True)))


def ladder_of(route: Route, serving: ServingVersions) -> list[TierRecord]:
    """Returns the tiers that may answer, the cheapest first, without what is known of them.

    Declared tiers count while the store serves them. The installation's live version is the last:
    it may be older than the file, while an edit is judged. A workspace's own live version comes
    from a rollout: a trained one is cheap and comes first, any other one is the last.
    """
    stored = {version.id: version for version in serving.tiers}
    ladder = []
    for tier in route.tiers[:-1]:
        if tier.version.id in stored:
            ladder.append(TierRecord(tier.version.id, tier.name, tier.usd))

    last = route.tiers[-1]
    if serving.installed is not None:
        ladder.append(TierRecord(serving.installed.id, last.name, last.usd))

    own = serving.live
    if own is not None and own.id not in {tier.version for tier in ladder}:
        ladder.insert(*_rollout_place(own, ladder))

    return ladder


def _rollout_place(own: ServingVersion, ladder: Sequence[TierRecord]) -> tuple[int, TierRecord]:
    index = 0 if KINDS[own.kind].trained else len(ladder)
    return index, TierRecord(own.id, ROLLOUT_TIER if index == 0 else own.kind)


def tier_records(
    ladder: Sequence[TierRecord],
    quality: RouteQuality,
    region: str,
    region_of: Mapping[str, str],
    now: float,
) -> list[TierRecord]:
    """Returns the tiers with what is known of them in the region."""
    answers: dict[str, list[JudgedAnswer]] = defaultdict(list)
    prices: dict[str, list[float]] = defaultdict(list)
    for row in quality.rows:
        silent = row.source == "answer"
        answers[row.version].append(
            JudgedAnswer(row.value, row.weight, row.judged_at, row.stood, row.region, silent)
        )
        prices[row.version].append(row.usd)

    records = []
    for tier in ladder:
        rows = measured_rows(quality.measured.get(tier.version))
        priced = replace(tier, usd=price_of(tier.usd, prices[tier.version], rows))
        records.append(tier_record(priced, answers[tier.version], rows, region, region_of, now))

    return records


def stored_choice(records: Sequence[TierRecord], choice: TierChoice, region: str) -> dict[str, Any]:
    """Returns the choice as JSON: the ladder with each tier's record, and which tier is first."""
    ladder = []
    for record in records:
        ladder.append(
            {
                "name": record.name,
                "version": record.version,
                "usd": record.usd,
                "quality": round(record.raw.mean, DIGITS),
                "bound": round(record.raw.bound, DIGITS),
                "answers": round(record.raw.weight, 1),
            }
        )

    return {
        "chosen": choice.index,
        "why": choice.why,
        "region": region,
        "quality": round(choice.quality, DIGITS),
        "bound": round(choice.bound, DIGITS),
        "target": round(choice.target, DIGITS),
        "ladder": ladder,
    }
