"""Names of adapters on the local model server, which all workspaces share.

An adapter of a route's file has its own name. One that a workspace trained is known under the
workspace's id and its name, so that no request of another workspace can ask for it.
"""

from __future__ import annotations

from collections.abc import Mapping

from router.errors import ModelError
from router.types import INSTALLATION
from workers.llm.model_client import LocalServer, ServerAddress
from workers.ports import ModelCall

SEPARATOR = "/"


def adapter_key(team: str, name: str) -> str:
    """Returns the server's name of an adapter that the workspace, or the installation, has."""
    return name if team == INSTALLATION else f"{team}{SEPARATOR}{name}"


def parse_adapter_key(key: str) -> tuple[str, str]:
    """Returns the workspace and the adapter's own name. Names of adapters have no separator."""
    team, _, name = key.rpartition(SEPARATOR)
    return team, name


def adapter_scales(call: ModelCall, local: LocalServer) -> Mapping[int, float]:
    """Returns 1.0 for the wanted adapter and 0.0 for all others, by number; loads it if needed."""
    wanted = _find_adapter(call, local)
    # Adapters that are off are listed as well. With an empty list llama.cpp reuses its cache of a
    # prompt that was read with an adapter on, and another route gets that adapter's words.
    return {number: float(name == wanted) for name, number in local.adapters.items()}


def own_model(call: ModelCall, local: LocalServer) -> ServerAddress | None:
    """Returns where the model answers all of whose weights were trained, if the call wants one.

    None where it wants an adapter, or nothing that was trained.
    """
    keys = _keys(call)
    if any(key in local.adapters for key in keys):
        return None

    for key in reversed(keys):
        address = local.own_model(key)
        if address is not None:
            return address

    return None


def _keys(call: ModelCall) -> tuple[str, ...]:
    """Returns the names that what the call wants may have: a route's file, then the workspace's.

    A name with the separator could be the whole key of another workspace's, so it has none.
    """
    if call.adapter is None or SEPARATOR in call.adapter:
        return ()

    team = call.payer.team if call.payer is not None else INSTALLATION
    return call.adapter, adapter_key(team, call.adapter)


def _find_adapter(call: ModelCall, local: LocalServer) -> str | None:
    """Returns the server's name of the adapter that the call wants, loaded.

    That is one of a route's file, or one of the workspace that the call is made for: no other
    workspace's can be named. Raises ModelError when there is none.
    """
    if call.adapter is None:
        return None

    keys = _keys(call)
    for key in keys:
        if key in local.adapters:
            return key

    if keys and local.load_adapter(keys[-1]) and keys[-1] in local.adapters:
        return keys[-1]

    team = call.payer.team if call.payer is not None else INSTALLATION
    raise ModelError(
        f"asking 'local' with adapter {call.adapter!r}: it is neither a route's file nor one of "
        f"workspace {team!r}; train it again or restart the local server"
    )
