"""What a text continues, read into a state."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lstmlab.decoding.step_model import StepModel
from lstmlab.nn import State, cat_states, select_state

_WINDOW = 512  # ids that are read at once: the hidden vectors of a long prompt are not all held


@dataclass(frozen=True)
class Context:
    """``opening`` ids, which the model reads and nobody sees, and those of the ``prompt``; one of all at least.

    What counts repetitions counts those of prompt and text.
    """

    prompt: tuple[int, ...]
    opening: tuple[int, ...] = ()

    @property
    def ids(self) -> tuple[int, ...]:
        return self.opening + self.prompt


def read_contexts(model: StepModel, contexts: Sequence[Context]) -> tuple[State, Tensor]:
    """The state after all but the last id of each context, and those last ids, (B,).

    Contexts of different lengths are read side by side: all of them up to where the shortest ends, the others on to
    where the next one does. No padding is read.
    """
    ids = [context.ids for context in contexts]
    lengths = [len(one) - 1 for one in ids]
    order = sorted(range(len(ids)), key=lengths.__getitem__)
    state, start = model.initial_state(len(ids)), 0
    done: list[State] = []
    remaining = order
    while remaining:
        until = lengths[remaining[0]]
        for first in range(start, until, _WINDOW):
            window = [ids[row][first : min(first + _WINDOW, until)] for row in remaining]
            state = model.read(torch.tensor(window, dtype=torch.long, device=model.device), state)
        start = until
        ready = sum(lengths[row] == until for row in remaining)
        rows = torch.arange(len(remaining), device=model.device)
        done.append(select_state(state, rows[:ready]))
        remaining = remaining[ready:]
        state = select_state(state, rows[ready:]) if remaining else state
    places = torch.tensor(order, device=model.device).argsort()  # sorted rows back to where they came from
    last = torch.tensor([one[-1] for one in ids], dtype=torch.long, device=model.device)
    return select_state(cat_states(done), places), last
