"""How the gate S1 does on noise and types that it was not fitted on: each source of noise is left out once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from evals.fit_gate import fit, teach
from evals.made_streams import Encode, Lesson, Made, Material, make_stream, read_material
from evals.mine import Clock, means
from evals.streams import auroc_of, read_stream, recovered
from router.config import read_settings
from router.encoder.factory import open_encoder
from router.log import set_up_logs
from workers.mining.clustering import find_groups
from workers.mining.request_gate import Gate
from workers.mining.rows import mask, prepare

SHARES = (0.5, 0.8, 0.93)
LEAST = 12


def main(
    types: Annotated[list[Path], typer.Option(help="CSV with text,label. Repeatable.")],
    noise: Annotated[
        list[Path],
        typer.Option(help="A stream whose untyped rows are noise, or a folder of Markdown."),
    ],
    hold: Annotated[
        list[Path], typer.Option(help="Streams to try it on; their types are never fitted on.")
    ],
    rounds: Annotated[int, typer.Option(help="Streams for each noise source and share.")] = 3,
    seed: int = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Leave out each source of noise in turn, fit on the others, and try the gate on it, with types that were held out.

    A source that the streams in `hold` come from is tried on those streams; the others on streams
    made of the held types.
    """
    set_up_logs("auto", "error")
    encode = Clock(open_encoder("fast", read_settings().encoder_cache).encode).encode
    material, held = read_material(types, noise, hold), read_material(types, noise, hold, held=True)
    lessons = {
        source: teach(material, source, encode, rounds, seed) for source in sorted(material.noise)
    }
    results = []

    for source in sorted(lessons):
        gate = _without(source, lessons)
        for name, stream in _trials(source, held, hold, encode, rounds, seed):
            results.append({"source": source, "noise": name, **_tried(gate, stream)})
            if not as_json:
                typer.echo(_line(results[-1]), err=True)

    summary = _summary(results)
    print(
        json.dumps({"means": summary, "streams": results})
        if as_json
        else "\n".join(map(_line, summary))
    )


def _without(source: str, lessons: dict[str, list[Lesson]]) -> Gate:
    others = [each for name, given in sorted(lessons.items()) if name != source for each in given]
    return fit(others, {"without": source})


def _trials(
    source: str, held: Material, hold: Sequence[Path], encode: Encode, rounds: int, seed: int
) -> Iterator[tuple[str, Made]]:
    """Streams with noise of that source, each with its share of noise."""
    own = [path for path in hold if path.stem.split("-")[0] == source]
    for path in own:
        stream = _read(path, encode)
        yield f"{round(float((stream.types < 0).mean()), 2):.0%}", stream

    random = np.random.default_rng([seed + 1, *source.encode()])
    for share in () if own else SHARES * rounds:
        yield f"{share:.0%}", make_stream(held, source, share, encode, random)


def _read(path: Path, encode: Encode) -> Made:
    stream = read_stream(path)
    rows = mask(stream.rows)
    places, said = prepare(rows)

    return Made([rows[i].text for i in places], encode(said), stream.types[places])


def _tried(gate: Gate, stream: Made) -> dict[str, Any]:
    found = find_groups(stream.texts, stream.vectors, gate, LEAST)
    right = recovered([group.rows for group in found.passed], stream.types)
    return {
        "precision": right.precision,
        "recall": right.recall,
        "f1": right.f1,
        "false_candidates": right.false_candidates,
        "s1_auroc": auroc_of([(group.rows, group.s1) for group in found.considered], stream.types),
    }


def _summary(results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The mean for each source and share of noise, and over all sources for each share."""
    out = []
    for noise in sorted({each["noise"] for each in results}):
        here = [each for each in results if each["noise"] == noise]
        for source in [*sorted({each["source"] for each in here}), "all"]:
            some = [each for each in here if source in (each["source"], "all")]
            figures = means(
                [{k: v for k, v in each.items() if k not in ("source", "noise")} for each in some]
            )
            out.append({"source": source, "noise": noise, "streams": len(some), **figures})

    return out


def _line(result: dict[str, Any]) -> str:
    figures = "  ".join(
        f"{name} {value:.2f}"
        for name, value in result.items()
        if name not in ("source", "noise", "streams") and value is not None
    )
    return f"{result['source']:16} {result['noise']} noise  {figures}"
