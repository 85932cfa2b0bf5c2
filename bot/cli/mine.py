"""`beagle mine`: the repeated requests of an export, before Slack is connected.

Nothing is stored; nothing leaves this machine unless a model is asked to name the groups.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.progress import Progress, TaskID

from bot.app import encoder, now, random_share
from bot.cli.mining_report import html, markdown
from bot.cli.terminal import Json, load_settings
from bot.console import CleanProgress
from bot.demo.chat_export import write_sample
from router.catalog.installed import has_larger_model
from router.config import Settings
from router.errors import SettingsError
from router.evidence_codec import encode
from router.text.printable import print_line
from workers.llm.litellm_client import open_model
from workers.mining.exports import read_export
from workers.mining.llm_naming import Namer
from workers.privacy.exports import record_exports
from workers.readiness.exported.overview import Overview, build_overview
from workers.readiness.exported.window import FOUR_WEEKS, parse_window
from workers.readiness.prices import known_prices

BATCH = 512
EMBEDDING_START, EMBEDDING_SHARE = 0.1, 0.7
"""Where embedding begins on the progress bar, and how much of the bar it takes."""

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
Report = Callable[[str, float], None]


def main(
    export: Annotated[
        Path, typer.Argument(help="A Slack export (zip or folder), a CSV file or JSON lines.")
    ],
    out: Annotated[Path, typer.Option(help="The folder for digest.md and digest.html.")] = Path(
        "beagle-digest"
    ),
    name_by_model: Annotated[
        bool,
        typer.Option(
            "--name-by-model", help="Send masked examples to your BEAGLE_MODEL, for better names."
        ),
    ] = False,
    window: Annotated[
        str, typer.Option(help="How far to look back from the newest message: all, 28d, 8w.")
    ] = "28d",
    sample: Annotated[
        bool,
        typer.Option("--sample", help="Make EXPORT first: a CSV file with chat that is made up."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Find the repeated requests in an export. Needs no keys and no installation."""
    if sample:
        write_sample(export, now())

    print_line(
        mine_export(
            load_settings(),
            export,
            out,
            as_json=as_json,
            name_by_model=name_by_model,
            window=parse_window(window),
        )
    )


def mine_export(
    settings: Settings,
    path: Path,
    out: Path,
    *,
    as_json: bool,
    name_by_model: bool = False,
    window: float | None = FOUR_WEEKS,
) -> str:
    """Returns the report as Markdown or one JSON object; writes digest.md and .html to `out`.

    With `name_by_model`, masked examples go to the configured model. Raises SettingsError where
    none is configured.
    """
    if name_by_model and not has_larger_model(settings):
        raise SettingsError(
            "naming by a model: BEAGLE_MODEL is 'local', the small included one; "
            "set BEAGLE_MODEL or BEAGLE_MODEL_URL, or leave out --name-by-model"
        )

    namer = None
    if name_by_model:
        namer = Namer(open_model(settings, None, now, random_share), settings)

    with CleanProgress() as bar:
        report = _progress_reporter(bar, bar.add_task("reading", total=1.0))
        export = read_export(path)
        overview = build_overview(
            export,
            _in_batches(encoder(settings).encode, report),
            settings,
            known_prices(settings),
            report,
            namer,
            window,
        )

    out.mkdir(parents=True, exist_ok=True)
    markdown_file, html_file = out / "digest.md", out / "digest.html"
    record_exports(settings.data, [markdown_file, html_file])
    text = markdown.render_markdown(overview)
    markdown_file.write_text(text, "utf-8")
    html_file.write_text(html.render_html(overview), "utf-8")

    if as_json:
        return json.dumps(_as_dict(overview, [markdown_file, html_file]))

    return f"{text}\nSaved: {markdown_file} and {html_file}"


def _progress_reporter(bar: Progress, task: TaskID) -> Report:
    def report(step: str, share: float) -> None:
        bar.update(task, description=step, completed=share)

    return report


def _in_batches(encode: Encode, report: Report) -> Encode:
    """Returns an encoder that reports progress; embedding takes most of the time."""

    def encode_batches(texts: Sequence[str]) -> NDArray[np.float32]:
        parts = []
        for start in range(0, len(texts), BATCH):
            report("embedding", EMBEDDING_START + EMBEDDING_SHARE * start / len(texts))
            parts.append(encode(texts[start : start + BATCH]))

        return np.concatenate(parts) if parts else encode(texts)

    return encode_batches


def _as_dict(overview: Overview, files: Sequence[Path]) -> dict[str, object]:
    """Returns the JSON object. Its keys are those of release 0.1, on which scripts rely."""
    requests = []
    for entry in overview.entries:
        head = {"number": entry.number, "label": entry.label, "definition": entry.definition}
        asked = {"asked": asdict(entry.asked)} if entry.asked is not None else {}
        requests.append(head | dict(encode(entry.record)) | asked)

    return {
        "messages": overview.messages,
        "mined": overview.mined,
        "people": overview.people,
        "covered": overview.covered,
        "withheld": dict(overview.withheld),
        "older": overview.older,
        "nearest": [asdict(group) for group in overview.nearest],
        "other_bots": [asdict(bot) for bot in overview.bots],
        "requests": requests,
        "files": [str(file) for file in files],
    }
