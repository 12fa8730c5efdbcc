"""The whole distribution at every scored token, a bounded part of it at a time."""

from collections.abc import Generator, Iterator

import torch
from torch import Tensor

from lstmlab.data.streams import IGNORED, ScoringLoader
from lstmlab.models import LanguageModel
from lstmlab.nn import Head
from lstmlab.nn.full_softmax import rows_at_once

# Probabilities that exist at once: 16 MiB in fp32. Unlike in training no weight's gradient asks for larger pieces.
_ELEMENTS = 2**22


@torch.no_grad()
def hidden_windows(model: LanguageModel, windows: ScoringLoader) -> Generator[tuple[Tensor, Tensor]]:
    """Hidden vectors (N, H) and the tokens (N,) that follow them, window by window, in evaluation mode.

    State is carried from window to window; with one stream the order is that of the text. Padding is left out.
    """
    device = model.embedding.weight.device
    was_training = model.training
    model.eval()
    state = None
    try:
        for window in windows:
            window = window.to(device)
            hidden, state = model(window.inputs, state)  # (B, T, H)
            counts = window.targets != IGNORED
            yield hidden[counts], window.targets[counts]
    finally:
        model.train(was_training)


@torch.no_grad()
def log_probabilities(head: Head, hidden: Tensor, targets: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """ln p of every token of the vocabulary, (R, V), and the targets (R,), for a few rows of N at a time.

    Of any head: an adaptive one gives all its clusters.
    """
    if not len(hidden):
        return
    size = head.logits(hidden[:1]).shape[-1]
    rows = rows_at_once(len(hidden), size, _ELEMENTS)
    for some, wanted in zip(torch.split(hidden, rows), torch.split(targets, rows), strict=True):
        yield head.logits(some).log_softmax(-1), wanted
