"""What came nearest to being shown, and which rule stopped it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from router.text.redact import plain_words
from workers.mining.mood.asking import load_asking_model
from workers.mining.naming import name_cluster
from workers.mining.pipeline import MiningLimits, MiningResult
from workers.mining.privacy import assess_privacy, common_words
from workers.mining.request_gate import ASKING_MIDDLE
from workers.mining.rows import Row, mask_rows
from workers.mining.vectors import centroid_of

MAX_GROUPS = 3
TELLS = "its messages tell something and ask for nothing"
UNLIKE = "its messages are too different to be one request ({share:.0%} sure; more is needed)"


@dataclass(frozen=True, slots=True)
class NearGroup:
    """A group that is not shown.

    Attributes:
        label: Its words; empty where too few people sent it to quote any.
        requests, people: Its size.
        stopped_by: The rules that it did not pass, in sentences without a name.
    """

    label: str
    requests: int
    people: int
    stopped_by: Sequence[str]


def nearest_groups(
    result: MiningResult, rows: Sequence[Row], names: frozenset[str], limits: MiningLimits
) -> list[NearGroup]:
    """Returns the groups that came nearest, the most probable first; none of them is shown.

    `rows` are those that were mined, `names` people's names to mask.
    """
    shown = {row for cluster in result.visible for row in cluster.rows}
    passed = {cluster.rows for cluster in result.clusters}
    groups = sorted(result.considered, key=lambda group: (-group[1], -len(group[0])))
    left = [group for group in groups if not shown.intersection(group[0])]
    if not left:
        return []

    masked = mask_rows(rows, names)
    counts = Counter(word for row in masked for word in set(plain_words(row.text)))
    safe = common_words(masked, limits.min_people, counts)
    index_of = {position: index for index, position in enumerate(result.positions)}
    nearest = []

    for positions, probability in left[:MAX_GROUPS]:
        members = [masked[position] for position in positions]
        protection = assess_privacy(
            members, limits.min_people, limits.min_requests, limits.max_person_share
        )
        reasons = list(protection.failures)
        if positions not in passed:
            reasons.insert(0, _why_no_request(members, probability))

        label = ""
        if protection.people >= limits.min_people:
            vectors = result.vectors[[index_of[position] for position in positions]]
            cosines = vectors @ centroid_of(vectors)
            label = name_cluster(members, cosines, counts, safe).label

        if reasons:
            nearest.append(NearGroup(label, len(members), protection.people, tuple(reasons)))

    return nearest


def _why_no_request(members: Sequence[Row], probability: float) -> str:
    model = load_asking_model()
    moods = np.array([model.probability(row.text) for row in members])
    told = moods[~np.isnan(moods)]
    if len(told) and float(told.mean()) < ASKING_MIDDLE:
        return TELLS

    return UNLIKE.format(share=probability)
