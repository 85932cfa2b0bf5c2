"""`beagle mine`: an export into a report, before anything is installed. Nothing is stored, or sent unless asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from bot.app import chance, encoder, now
from bot.cli import mine_report as report
from bot.cli import mine_report_html as report_page
from router.config import Settings
from router.errors import SettingsError
from workers.llm.litellm_client import LiteLLM, open_model
from workers.mining.exports import read_export
from workers.mining.llm_naming import Namer, capable
from workers.readiness.evidence import Prices
from workers.readiness.export_overview import Overview, look_over

BATCH = 512


def look(
    settings: Settings, path: Path, out: Path, *, as_json: bool, by_model: bool = False
) -> str:
    """What was found, as Markdown or one JSON object; `out` holds digest.md and digest.html.

    With `by_model` masked examples go to the configured model, which names what was found. Raises
    SettingsError when none is configured.
    """
    if by_model and not capable(settings):
        raise SettingsError(
            "naming by a model: BEAGLE_MODEL is 'local', the small one that is included; set BEAGLE_MODEL or "
            "BEAGLE_MODEL_URL, or leave out --name-by-model"
        )

    namer = Namer(open_model(settings, None, now, chance), settings) if by_model else None
    with Progress(transient=True, console=Console(stderr=True)) as bar:
        task = bar.add_task("reading", total=1.0)
        export = read_export(path)
        tell = _teller(bar, task)
        listed = LiteLLM(settings.connect_seconds)
        embed = _in_batches(encoder(settings).encode, tell)
        seen = look_over(export, embed, settings, Prices(listed.price, listed.ends), tell, namer)

    out.mkdir(parents=True, exist_ok=True)
    text = report.markdown(seen)
    (out / "digest.md").write_text(text, "utf-8")
    (out / "digest.html").write_text(report_page.html(seen), "utf-8")

    if as_json:
        return json.dumps(_as_json(seen, out))

    return f"{text}\nSaved: {out / 'digest.md'} and {out / 'digest.html'}"


def _teller(bar: Progress, task: object) -> Callable[[str, float], None]:
    def tell(step: str, share: float) -> None:
        bar.update(task, description=step, completed=share)  # type: ignore[arg-type]  # rich's own id

    return tell


def _in_batches(
    encode: Callable[[Sequence[str]], NDArray[np.float32]], tell: Callable[[str, float], None]
) -> Callable[[Sequence[str]], NDArray[np.float32]]:
    """The same vectors, with a word after each batch: embedding is what takes the time."""

    def batched(texts: Sequence[str]) -> NDArray[np.float32]:
        parts = []
        for start in range(0, len(texts), BATCH):
            tell("embedding", 0.1 + 0.7 * start / len(texts))
            parts.append(encode(texts[start : start + BATCH]))

        return np.concatenate(parts) if parts else encode(texts)

    return batched


def _as_json(seen: Overview, out: Path) -> dict[str, object]:
    return {
        "messages": seen.messages,
        "mined": seen.mined,
        "people": seen.people,
        "covered": seen.covered,
        "withheld": dict(seen.withheld),
        "requests": [
            {
                "number": entry.number,
                "label": entry.label,
                "definition": entry.definition,
                **entry.record,
            }
            for entry in seen.entries
        ],
        "files": [str(out / "digest.md"), str(out / "digest.html")],
    }
