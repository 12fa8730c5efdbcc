"""A step: how one position follows another."""

from collections.abc import Callable

from torch import Tensor

from lstmlab.nn.state import State

Step = Callable[[Tensor, State], tuple[Tensor, State]]  # input of one position and a state to output and next state


def step_on(step: Step, inputs: Tensor | None) -> Step:
    """``step``, reading the rows of ``inputs`` by their numbers, (B,), where they are given."""
    if inputs is None:
        return step
    return lambda numbers, state: step(inputs.index_select(0, numbers), state)
