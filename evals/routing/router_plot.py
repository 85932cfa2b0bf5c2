"""Plots a router's calibration, coverage and out-of-scope ROC in one SVG."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evals.routing.router_scores import Floats, RouterAnswers

SIZE, GAP, LEFT, TOP = 240, 70, 50, 40
Points = Sequence[tuple[float, float]]


def draw_plot(answers: RouterAnswers) -> str:
    """Returns an SVG with reliability, accuracy by coverage, and the ROC of the scope gate."""
    known = np.array([label in answers.routes for label in answers.labels])
    wanted = np.array(
        [answers.routes.index(label) if label in answers.routes else -1 for label in answers.labels]
    )
    right = answers.probabilities.argmax(axis=1) == wanted
    confidence = answers.probabilities.max(axis=1)
    panels = [
        ("Reliability", "confidence", "right", _reliability(confidence[known], right[known])),
        ("Coverage", "share answered", "right", _coverage(confidence[known], right[known])),
        (
            "Strangers",
            "strangers let in",
            "messages kept",
            _roc(answers.in_scope[known], answers.in_scope[~known]),
        ),
    ]

    width = LEFT + len(panels) * (SIZE + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {SIZE + 2 * TOP + 10}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]

    for i, (title, across, up, points) in enumerate(panels):
        parts.append(_panel(LEFT + i * (SIZE + GAP), title, across, up, points))

    return "\n".join([*parts, "</svg>\n"])


def _panel(x: int, title: str, across: str, up: str, points: Points) -> str:
    positions = [f"{x + px * SIZE:.1f},{TOP + (1 - py) * SIZE:.1f}" for px, py in points]
    line = (
        f'<polyline points="{" ".join(positions)}" fill="none" stroke="#1a5fb4" stroke-width="2"/>'
        if positions
        else ""
    )

    middle = x + SIZE / 2
    return "\n".join(
        [
            f'<text x="{x}" y="{TOP - 14}" font-size="15">{title}</text>',
            f'<rect x="{x}" y="{TOP}" width="{SIZE}" height="{SIZE}" '
            'fill="none" stroke="#888888"/>',
            f'<line x1="{x}" y1="{TOP + SIZE}" x2="{x + SIZE}" y2="{TOP}" '
            'stroke="#cccccc" stroke-dasharray="4"/>',
            line,
            f'<text x="{middle}" y="{TOP + SIZE + 32}" text-anchor="middle">{across}</text>',
            f'<text transform="translate({x - 12},{TOP + SIZE / 2}) rotate(-90)" '
            f'text-anchor="middle">{up}</text>',
            *(
                f'<text x="{x + v * SIZE}" y="{TOP + SIZE + 15}" text-anchor="middle">{v:g}</text>'
                for v in (0, 0.5, 1)
            ),
        ]
    )


def _reliability(confidence: Floats, right: Floats, bins: int = 10) -> Points:
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    filled = [i for i in range(bins) if (index == i).any()]
    return [(float(confidence[index == i].mean()), float(right[index == i].mean())) for i in filled]


def _coverage(confidence: Floats, right: Floats) -> Points:
    order = np.argsort(-confidence, kind="stable")
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    picked = np.unique(np.linspace(len(order) // 50, len(order) - 1, 60).astype(int))

    return [((i + 1) / len(order), float(share[i])) for i in picked]


def _roc(inside: Floats, outside: Floats) -> Points:
    if not len(outside):
        return []

    levels = np.quantile(np.concatenate([inside, outside]), np.linspace(0, 1, 101))
    return sorted(
        (float((outside >= level).mean()), float((inside >= level).mean())) for level in levels
    )
