"""The weights of a network as a table of tensors that share no memory, and back."""

from pathlib import Path

import torch
from torch import Tensor, nn

from lstmlab.errors import UserError


def unshared_weights(network: nn.Module) -> dict[str, Tensor]:
    """The weights by their names; of a matrix that two modules share, the first name alone."""
    seen: set[int] = set()
    weights = {}
    for name, weight in network.state_dict().items():
        if weight.data_ptr() not in seen:
            weights[name] = weight.detach().cpu().contiguous()
        seen.add(weight.data_ptr())
    return weights


def fill_weights(network: nn.Module, weights: dict[str, Tensor], path: Path) -> None:
    """``unshared_weights`` back into a network.

    Raises:
        UserError: they are not those of this network.
    """
    own = unshared_weights(network)
    if own.keys() != weights.keys():
        first = sorted(own.keys() ^ weights.keys())[0]
        raise UserError(
            f"{path} does not fit the model that its configuration describes:"
            f" {first} is {'missing' if first in own else 'not part of it'}."
        )
    for name, weight in weights.items():
        if own[name].shape != weight.shape:
            raise UserError(
                f"{path} does not fit the model that its configuration describes: {name} is"
                f" {tuple(weight.shape)}, not {tuple(own[name].shape)}."
            )
    network.to(next(iter(weights.values())).dtype)
    with torch.no_grad():
        for name, weight in network.state_dict().items():
            if name in weights:
                weight.copy_(weights[name])
