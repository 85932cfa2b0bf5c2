"""The tiers of a route file: each is a version of its own, made from the route and what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from router.catalog.route_file import FrontMatter, TierKeys
from router.catalog.version import FrozenModel, Version
from router.kinds import KINDS

MIN_TIERS = 2


class RouteTier(FrozenModel):
    """A tier with its version and, where its author stated it, the USD of an answer.

    `adapter` is the LoRA file that its version names, if any.
    """

    name: str
    usd: float | None
    version: Version
    adapter: Path | None = None


def tier_fronts(front: FrontMatter) -> Iterator[tuple[TierKeys, FrontMatter]]:
    """Yields each tier with the front matter of a route that has nothing but this tier.

    Raises ValueError naming the key where the tiers are no ladder.
    """
    _check_tiers(front)
    for tier in front.tiers:
        given = {
            name: getattr(tier, name)
            for name in ("kind", "models", "role", "steps", "adapter")
            if getattr(tier, name) is not None
        }
        changes: dict[str, object] = {**given, "tiers": (), "target": None}
        kind = tier.kind or front.kind
        if tier.kind not in (None, front.kind) and tier.steps is None:
            # The steps of another kind are not its own.
            changes["steps"] = ()
        if not KINDS[kind].takes_adapter:
            changes["adapter"] = None
        if tier.output_tokens is not None:
            limits = front.limits.model_copy(update={"output_tokens": tier.output_tokens})
            changes["limits"] = limits

        yield tier, front.model_copy(update=changes)


def resolve_tiers(
    front: FrontMatter,
    prompt: str,
    make_version: Callable[[FrontMatter, str], tuple[Version, Path | None]],
    *,
    larger_model: bool = True,
) -> tuple[RouteTier, ...]:
    """Returns the tiers in order; none for a route without any.

    `prompt` is the text below the front matter. Without a `larger_model` than the included one,
    those that need one are left out; with one, those that stand in for it.

    Raises ValueError where two of them would answer in the same way.
    """
    tiers: list[RouteTier] = []
    for keys, alone in tier_fronts(front) if front.tiers else ():
        if keys.without_larger_model if larger_model else keys.needs_larger_model:
            continue

        version, adapter = make_version(alone, keys.prompt or prompt)
        for other in tiers:
            if other.version.id == version.id:
                raise ValueError(
                    f"key 'tiers': {other.name!r} and {keys.name!r} answer in the same way; change "
                    "a key of one of them, or remove it"
                )

        tiers.append(RouteTier(name=keys.name, usd=keys.usd, version=version, adapter=adapter))

    return tuple(tiers)


def _check_tiers(front: FrontMatter) -> None:
    names = [tier.name for tier in front.tiers]
    if len(names) < MIN_TIERS:
        raise ValueError(
            f"key 'tiers': found {len(names)}; name at least {MIN_TIERS}, the cheapest first, or "
            "leave the key out"
        )

    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"key 'tiers': the name {repeated[0]!r} is taken; give each its own")

    prices = [tier.usd for tier in front.tiers if tier.usd is not None]
    if prices != sorted(prices):
        raise ValueError(
            "key 'tiers': the prices go down; order the tiers from the cheapest to the dearest"
        )

    if all(tier.needs_larger_model for tier in front.tiers):
        raise ValueError(
            "key 'tiers': each of them needs a larger model; say it once, with the route's own key "
            "'needs_larger_model'"
        )

    for tier in front.tiers:
        if tier.needs_larger_model and tier.without_larger_model:
            raise ValueError(
                f"key 'tiers': {tier.name!r} has 'needs_larger_model' and 'without_larger_model', "
                "so it would never answer; leave one out"
            )
        if tier.kind is not None and KINDS[tier.kind].trained and not KINDS[tier.kind].calls_model:
            raise ValueError(
                f"key 'tiers': {tier.name!r} has kind {tier.kind!r}, which only training makes; a "
                "rollout adds such a version to the tiers by itself"
            )
