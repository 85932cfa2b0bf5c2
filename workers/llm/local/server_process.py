"""The process that serves the small local model on loopback.

`python -m workers.llm.local.server_process --weights FILE --ready-file FILE`; it lives as
long as its standard input stays open and its parent lives.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import os
import secrets
import select
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from router.errors import InputError, ModelError
from router.private_files import use_private_umask, write_private
from workers.llm.local import weights
from workers.runtime.processes import parent_descriptors

if TYPE_CHECKING:
    import xllamacpp

SLOT_TOKENS = 2048
"""Prompt and answer of one request together."""
ANSWER_TOKENS = 1024
"""The limit of an answer whose request names none."""
CACHE_MIB = 256
"""Memory for the cache of finished prompts, where no adapter is loaded; the library's own default
is 8 GiB."""
EXTRA_HTTP_THREADS = 4
"""Beyond one per slot, so that health checks are answered while every slot is busy."""
KEY_BYTES = 32
READY = b"!"

FileSignature = list[str | int]
"""A file's path, size in bytes, and time of change in nanoseconds."""


@dataclass(frozen=True, slots=True)
class ServerState:
    """A server that answers. Written to the ready file, which only its user may read, as JSON.

    `key` opens every page of the server. `adapters` are the numbers that requests use, `loaded` the
    signatures of the adapters' files.
    """

    url: str
    pid: int
    key: str = field(repr=False)
    adapters: Mapping[str, int]
    loaded: Mapping[str, Sequence[str | int]]


def file_signature(path: Path) -> FileSignature:
    """Returns what changes when the file's content does, without reading it.

    Raises ModelError when there is no such file.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise ModelError(
            f"loading the adapter {str(path)!r}: {error.strerror}; expected a GGUF file; "
            "train it or remove it"
        ) from error

    return [str(path.absolute()), stat.st_size, stat.st_mtime_ns]


def main(arguments: Sequence[str]) -> None:
    """Serves until standard input closes or the parent process is gone."""
    options = _parse(arguments)
    _check_loopback(options.host)
    use_private_umask()
    # Opened first, so that a parent that dies while the model loads is noticed.
    parent_ends = [0, *parent_descriptors()]

    # The parent reads standard output. What the library prints there must not be mistaken for the
    # sign that the server is ready, so standard output becomes standard error.
    ready_pipe = os.dup(1)
    os.dup2(2, 1)

    named = json.loads(options.adapters)
    adapters = {adapter["name"]: Path(adapter["path"]) for adapter in named}
    signatures = {name: file_signature(path) for name, path in adapters.items()}
    # Other users of the machine reach the port too, so every request has to prove that it is ours.
    key = secrets.token_urlsafe(KEY_BYTES)
    server = _serve(options, list(adapters.values()), key)

    numbers = {name: number for number, name in enumerate(adapters)}
    state = ServerState(server.listening_address, os.getpid(), key, numbers, signatures)
    write_private(options.ready_file, json.dumps(asdict(state)))

    os.write(ready_pipe, READY)
    select.select(parent_ends, [], [])
    # Not sys.exit: the library's threads would keep the process alive.
    os._exit(0)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m workers.llm.local.server_process", description=main.__doc__
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
    """Raises InputError unless the address can be reached from this machine only."""
    try:
        if ipaddress.ip_address(host).is_loopback:
            return
    except ValueError:
        pass

    raise InputError(
        f"starting the local model: host {host!r} can be reached from outside or is no address; "
        "it is for this machine only, so 127.0.0.1 and ::1 are allowed; leave --host out"
    )


def _serve(options: argparse.Namespace, adapters: Sequence[Path], key: str) -> xllamacpp.Server:
    """Returns the running server, which stops when the object is garbage-collected."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(options.weights)
    params.model_alias = {weights.NAME}
    params.hostnames = [options.host]
    params.port = options.port
    params.api_keys = [key]

    params.n_ctx = SLOT_TOKENS * options.slots
    params.n_parallel = options.slots
    params.n_predict = ANSWER_TOKENS
    params.cpuparams.n_threads = options.threads
    params.cpuparams_batch.n_threads = options.threads
    params.n_threads_http = options.slots + EXTRA_HTTP_THREADS

    # A cached prompt does not say which adapter it was read with, so with adapters another route
    # could get its words.
    params.cache_ram_mib = 0 if adapters else CACHE_MIB

    params.ui = False
    params.endpoint_slots = False
    params.verbosity = 2
    # A page in somebody's browser must not talk to it.
    params.cors_origins = "null"
    params.cors_credentials = False
    # Loaded with scale 0: each request switches on what it wants.
    params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(path), 0.0) for path in adapters]

    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        names = ", ".join(map(str, adapters)) or "no adapters"
        raise SystemExit(
            f"llama.cpp could not load {options.weights} with {names}: {error}"
        ) from error


if __name__ == "__main__":
    main(sys.argv[1:])
