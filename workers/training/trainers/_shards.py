"""One training in several processes: the weights are divided between them, and so is each batch.

That is torch's own fully sharded data parallelism (FSDP2; ZeRO-3, arXiv 1910.02054): each process
holds a part of every weight, gradient and optimiser state, and fetches a layer when it needs it.
In a single process everything here does nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workers.training.trainers._batches import EncodedExample


def process_count() -> int:
    """Returns how many processes train together."""
    import torch.distributed as processes

    if processes.is_available() and processes.is_initialized():
        return int(processes.get_world_size())

    return 1


def is_first_process() -> bool:
    """Returns whether this process is the one that writes files and reports."""
    import torch.distributed as processes

    return process_count() == 1 or processes.get_rank() == 0


def own_share(batch: Sequence[EncodedExample]) -> tuple[Sequence[EncodedExample], float]:
    """Returns this process's part of a batch, and its share (0-1) of all that is learned there."""
    import torch.distributed as processes

    count = process_count()
    if count == 1:
        return batch, 1.0

    own = batch[processes.get_rank() :: count]
    if not own:
        # In each pass the processes exchange weights, so nobody may stay away from one.
        return batch[:1], 0.0

    learned = sum(example.answer for example in own)
    return own, learned / sum(example.answer for example in batch)


def summed(value: float) -> float:
    """Returns the sum of the value over all processes, the same in each of them."""
    import torch
    import torch.distributed as processes

    if process_count() == 1:
        return value

    device = "cuda" if processes.get_backend() == "nccl" else "cpu"
    total = torch.tensor(value, dtype=torch.float64, device=device)
    processes.all_reduce(total)
    return float(total)


def shard(model: Any) -> Any:
    """Divides the model's weights between the processes, layer by layer; returns the model."""
    from torch.distributed.fsdp import fully_shard

    if process_count() > 1:
        for layer in model.get_decoder().layers:
            fully_shard(layer)

        # After a pass without gradients the outermost weights would stay whole, and could not be
        # collected or replaced.
        fully_shard(model, reshard_after_forward=True)

    return model


def whole_weights(model: Any) -> dict[str, Any]:
    """Returns all weights by name, in the first process's own memory; nothing in the others."""
    from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict

    options = StateDictOptions(full_state_dict=True, cpu_offload=True)
    return dict(get_model_state_dict(model, options=options))


def put_whole_weights(model: Any, weights: Any) -> None:
    """Puts what `whole_weights` returned into the model of every process."""
    from torch.distributed.checkpoint.state_dict import StateDictOptions, set_model_state_dict

    broadcast = process_count() > 1
    options = StateDictOptions(full_state_dict=True, broadcast_from_rank0=broadcast)
    # A copy, because its values are replaced by this process's parts.
    set_model_state_dict(model, dict(weights), options=options)


def optimizer_state(model: Any, optimizer: Any) -> dict[str, Any]:
    """Returns the optimiser's whole state, in the first process; nothing in the others."""
    from torch.distributed.checkpoint.state_dict import StateDictOptions, get_optimizer_state_dict

    options = StateDictOptions(full_state_dict=True, cpu_offload=True)
    return dict(get_optimizer_state_dict(model, optimizer, options=options))


def put_optimizer_state(model: Any, optimizer: Any, state: Any) -> None:
    """Puts what `optimizer_state` returned into the optimiser of every process."""
    from torch.distributed.checkpoint.state_dict import StateDictOptions, set_optimizer_state_dict

    broadcast = process_count() > 1
    options = StateDictOptions(full_state_dict=True, broadcast_from_rank0=broadcast)
    set_optimizer_state_dict(model, optimizer, state, options=options)
