"""State: what a recurrent layer carries from window to window.

A state is a tensor or a (named) tuple of states, batch first in every tensor. It goes in and comes out of ``forward``
and ``step``; no module keeps one.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

State = Any  # Tensor | tuple[State, ...]; named tuples are tuples, which the type language cannot say of a recursion


def map_state(function: Callable[[Tensor], Tensor], state: State) -> State:
    """The state with ``function`` applied to each of its tensors: ``map_state(Tensor.detach, state)``."""
    if isinstance(state, Tensor):
        return function(state)
    mapped = [map_state(function, part) for part in state]
    return type(state)(*mapped) if hasattr(state, "_fields") else tuple(mapped)


def where_state(chosen: Tensor, state: State, other: State) -> State:
    """Stream by stream ``state`` where ``chosen`` (B,) is true, else ``other``."""
    replacements = iter(state_tensors(other))

    def choose(tensor: Tensor) -> Tensor:
        replacement = next(replacements).to(tensor.dtype)
        return torch.where(chosen.view(-1, *[1] * (tensor.dim() - 1)), tensor, replacement)

    return map_state(choose, state)


def state_tensors(state: State) -> list[Tensor]:
    """The tensors of a state, in a fixed order."""
    if isinstance(state, Tensor):
        return [state]
    return [tensor for part in state for tensor in state_tensors(part)]


def fill_state(state: State, tensors: list[Tensor]) -> State:
    """A state of the same form with other tensors: the inverse of ``state_tensors``."""
    remaining = iter(tensors)
    return map_state(lambda _: next(remaining), state)


def select_state(state: State, rows: Tensor) -> State:
    """The state of the streams ``rows`` (N,), in that order; one may come several times."""
    return map_state(lambda tensor: tensor.index_select(0, rows), state)


def cat_states(states: list[State]) -> State:
    """The streams of several states of the same form, one after the other."""
    tensors = [torch.cat(parts) for parts in zip(*map(state_tensors, states), strict=True)]
    return fill_state(states[0], tensors)
