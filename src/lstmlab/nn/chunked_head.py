"""The full softmax for large vocabularies, in bounded memory."""

from torch import Tensor, nn

from lstmlab.errors import UserError
from lstmlab.nn.full_softmax import CHUNK_ELEMENTS, softmax_nats, softmax_nats_and_best, softmax_total
from lstmlab.nn.head import LinearHead


class ChunkedHead(LinearHead):
    """``LinearHead``, the same parameters and figures to rounding, that never holds the logits of a whole window.

    Args:
        chunk_elements: logits that exist at once, at most (of one token at least).
    """

    def __init__(
        self,
        width: int,
        vocabulary_size: int,
        tied: nn.Parameter | None = None,
        chunk_elements: int = CHUNK_ELEMENTS,
    ) -> None:
        super().__init__(width, vocabulary_size, tied)
        if chunk_elements < 1:
            raise UserError(f"head.chunk_elements={chunk_elements} must be at least 1.")
        self.chunk_elements = chunk_elements

    def total(self, hidden: Tensor, targets: Tensor) -> Tensor:
        return softmax_total(hidden, self.linear.weight, self.linear.bias, targets, self.chunk_elements)

    def loss(self, hidden: Tensor, targets: Tensor) -> Tensor:
        return softmax_nats(hidden, self.linear.weight, self.linear.bias, targets, self.chunk_elements)

    def loss_and_best(self, hidden: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        return softmax_nats_and_best(hidden, self.linear.weight, self.linear.bias, targets, self.chunk_elements)[:2]

    def working_bytes(self, tokens: int, vocabulary_size: int, half: bool) -> int:
        logits = min(tokens * vocabulary_size, max(self.chunk_elements, vocabulary_size))
        return logits * (6 if half else 4) + self.linear.weight.numel() * (2 if half else 0)
