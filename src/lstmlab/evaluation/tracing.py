"""What happens inside a model while it reads: gates, cell states, attention."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lstmlab.models import LanguageModel

Arrays = dict[str, NDArray[Any]]


@torch.no_grad()
def trace_ids(model: LanguageModel, ids: Sequence[int], before: Sequence[int] = ()) -> Arrays:
    """Read T ids, behind those ``before`` them, and give what every layer went through.

    "layer 0/forget gate" and so on, (T, H) each, by the names of ``RecurrentLayer.trace``; and, of an attention that
    can say where it looks (a method ``weights``), "attention", (heads, T, M + T): the M positions of its memory first,
    the latest of them last. Without dropout, in the type of the weights; the model, its mode and the random generators
    are left as they were.
    """
    device = model.embedding.weight.device
    layers: list[Any] = list(model.core.layers)
    attention = model.attention if callable(getattr(model.attention, "weights", None)) else None
    with _undisturbed(model, device), torch.autocast(device.type, enabled=False):
        state = model(_row(before, device))[1] if len(before) else None
        with _inputs_of([*layers, *filter(None, [attention])]) as given:
            model(_row(ids, device), state)
        traced = {
            f"layer {index}/{name}": tensor[0]
            for index, layer in enumerate(layers)
            for name, tensor in layer.trace(*given[layer]).items()
        }
        if attention is not None:
            traced["attention"] = attention.weights(*given[attention])[0]  # type: ignore[operator]  # see above
    return {name: _array(tensor) for name, tensor in traced.items()}


@contextmanager
def _inputs_of(modules: Iterable[nn.Module]) -> Iterator[dict[nn.Module, tuple[Any, ...]]]:
    """What each module is called with while entered: whatever stands between them, this is what they read."""
    given: dict[nn.Module, tuple[Any, ...]] = {}
    handles = [module.register_forward_pre_hook(given.__setitem__) for module in modules]
    try:
        yield given
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _undisturbed(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Evaluation mode; afterwards every module's own mode and the generators as they were, whatever a layer drew."""
    modes = [(module, module.training) for module in model.modules()]
    cuda = [device] if device.type == "cuda" else []
    model.eval()
    try:
        with torch.random.fork_rng(devices=cuda):
            yield
    finally:
        for module, training in modes:
            module.training = training


def _row(ids: Sequence[int], device: torch.device) -> Tensor:
    return torch.tensor([list(ids)], dtype=torch.int64, device=device)  # (1, T)


def _array(tensor: Tensor) -> NDArray[Any]:
    wide = torch.promote_types(tensor.dtype, torch.float32)  # NumPy has no bfloat16
    return np.asarray(tensor.to("cpu", wide))
