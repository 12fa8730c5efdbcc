"""A language model made ready for decoding."""

import torch
from torch import Tensor

from lstmlab.models.language_model import LanguageModel
from lstmlab.nn import State


class Stepper:
    """Reads ids and gives the logits of what comes next, with the weights that ``model`` has now.

    The same values as ``model.step`` and ``model.head.logits``, to rounding; what layers and head can do once for all
    steps is done here. The model must be in evaluation mode.

    Args:
        batch_size: streams that are read side by side, about.
    """

    def __init__(self, model: LanguageModel, batch_size: int) -> None:
        if model.training:
            raise RuntimeError("a model decodes in evaluation mode: call model.eval() first")
        self.model = model
        with torch.no_grad():
            self._core = model.core.prepared(batch_size, model.embedding.weight)
            self._logits = model.head.prepared(batch_size)

    @property
    def device(self) -> torch.device:
        return self.model.embedding.weight.device

    def initial_state(self, batch_size: int) -> State:
        """The blank state for ``batch_size`` streams."""
        return self.model.initial_state(batch_size)

    def read(self, ids: Tensor, state: State) -> State:
        """Ids (B, T) and the state before them to the state after them."""
        after: State = self.model(ids, state)[1]
        return after

    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Ids (B,) and the state before them to logits (B, V), in fp32 at least, and the state after them."""
        hidden, core = self._core(ids, state[0])  # (B, H)
        if self.model.attention is None:
            after: State = (core,)
        else:
            hidden, memory = self.model.attention.step(hidden, state[1])
            after = (core, memory)
        logits = self._logits(hidden)
        return logits.to(torch.promote_types(logits.dtype, torch.float32)), after
