"""The process that serves the small local model on loopback, and what it says of itself once it is up.

`python -m workers.llm.local_server_process --weights FILE --ready-file FILE`; it lives as
long as its standard input stays open and its parent lives.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import os
import select
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from router.errors import ModelError, SettingsError
from workers.llm import weights

SLOT_TOKENS = 2048
"""Prompt and answer of one request together."""
ANSWER_TOKENS = 1024
"""Where a request that names no bound is cut off."""
CACHE_MIB = 256
"""Finished prompts kept in memory for reuse where no adapter is loaded; the library's own
default is 8 GiB."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers. `adapters` are the numbers requests use, `loaded` says which files stand behind them."""

    url: str
    pid: int
    adapters: Mapping[str, int]
    loaded: Mapping[str, Sequence[Any]]


def mark(path: Path) -> list[Any]:
    """What tells one content of a file from another without reading it. Raises ModelError when it is not there."""
    try:
        stat = path.stat()
    except OSError as error:
        raise ModelError(
            f"loading the adapter {str(path)!r}: {error.strerror}; expected a GGUF file; train it or remove it"
        ) from error

    return [str(path.absolute()), stat.st_size, stat.st_mtime_ns]


def main(arguments: Sequence[str]) -> None:
    """Serve until standard input closes or the parent process is gone."""
    asked = _read(arguments)
    _check_loopback(asked.host)
    ends = _ends_of_parent()
    # What the library prints must not be mistaken for the sign that the server is ready.
    sign = os.dup(1)
    os.dup2(2, 1)
    named = json.loads(asked.adapters)
    adapters = {adapter["name"]: Path(adapter["path"]) for adapter in named}
    loaded = {name: mark(path) for name, path in adapters.items()}
    server = _serve(asked, list(adapters.values()))
    numbers = {name: number for number, name in enumerate(adapters)}
    state = Running(server.listening_address, os.getpid(), numbers, loaded)
    partial = asked.ready_file.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(asdict(state)), "utf-8")
    partial.replace(asked.ready_file)
    os.write(sign, b"!")
    select.select(ends, [], [])
    os._exit(0)


def _read(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m workers.llm.local_server_process", description=main.__doc__
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="an address of this machine's own loopback"
    )
    parser.add_argument("--port", type=int, default=0, help="0 for any free one")
    parser.add_argument("--weights", type=Path, required=True, help="a GGUF file")
    parser.add_argument(
        "--ready-file", type=Path, required=True, help="written once the server answers"
    )
    parser.add_argument("--adapters", default="[]", help='JSON: [{"name": ..., "path": ...}]')
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--slots", type=int, default=4)

    return parser.parse_args(arguments)


def _check_loopback(host: str) -> None:
    try:
        if ipaddress.ip_address(host).is_loopback:
            return
    except ValueError:
        pass

    raise SettingsError(
        f"starting the local model: host {host!r} can be reached from outside or is no address; "
        "it has no access control, so only 127.0.0.1 and ::1 are allowed; leave --host out"
    )


def _ends_of_parent() -> list[int]:
    """Descriptors of which one becomes readable when our parent closes our input or dies, also by SIGKILL.

    The pipe alone would not do: a process that the parent forked keeps a copy of its other end.
    """
    ends = [0]
    if sys.platform == "linux":
        ends.append(os.pidfd_open(os.getppid()))

    return ends


def _serve(asked: argparse.Namespace, adapters: Sequence[Path]) -> Any:
    """The running server; it stops when the object goes."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(asked.weights)
    params.model_alias = {weights.NAME}
    params.hostnames, params.port = [asked.host], asked.port
    params.n_ctx, params.n_parallel, params.n_predict = (
        SLOT_TOKENS * asked.slots,
        asked.slots,
        ANSWER_TOKENS,
    )

    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = asked.threads
    # What is kept of a finished prompt does not say which adapter it was read with, so others would
    # get its words.
    params.n_threads_http, params.cache_ram_mib = asked.slots + 4, 0 if adapters else CACHE_MIB
    params.ui, params.endpoint_slots, params.verbosity = False, False, 2
    # A page in somebody's browser must not talk to it.
    params.cors_origins, params.cors_credentials = "null", False
    params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(path), 0.0) for path in adapters]

    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        names = ", ".join(map(str, adapters)) or "no adapters"
        raise SystemExit(
            f"llama.cpp could not load {asked.weights} with {names}: {error}"
        ) from error


if __name__ == "__main__":
    main(sys.argv[1:])
