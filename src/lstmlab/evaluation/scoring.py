"""Scoring: the nats of every token of a text, each but the first exactly once."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from lstmlab.data.prepared import PreparedPart
from lstmlab.data.streams import ScoringLoader
from lstmlab.models import LanguageModel
from lstmlab.text.vocabulary import UNKNOWN_ID
from lstmlab.training.metrics import bits_per_char, perplexity


@dataclass(frozen=True)
class Scores:
    """Per-token nats (N − 1,), in the order of the text, their sum, and how often the most probable token was right.

    An unknown token is never predicted rightly: ``<unk>`` names no token.
    """

    nats: NDArray[np.floating]
    total: float
    correct: int


@dataclass(frozen=True)
class HeldOut:
    """The figures of one part.

    ``loss`` is in nats a token, ``perplexity`` its exponential. ``bits_per_char`` counts the spelling of unknown words
    (``spelling_bits_per_char`` of it) and is divided by the characters of the scored tokens.
    """

    loss: float
    perplexity: float
    bits_per_char: float
    accuracy: float
    tokens: int
    characters: int
    unknown: int  # of the tokens that are scored
    spelling_bits_per_char: float
    streams: int


@torch.no_grad()
def score_windows(model: LanguageModel, windows: ScoringLoader) -> Scores:
    """Score consecutive windows with carried state, in evaluation mode and the weights' own precision."""
    device = model.embedding.weight.device
    was_training = model.training
    model.eval()
    state, correct, column = None, 0, 0
    total = torch.zeros((), dtype=torch.float64, device=device)
    # (streams, length): row after row is the order of the text, the padding behind it. In the precision of the weights:
    # a long text's nats fill the memory. They are summed in double.
    nats = np.zeros(
        (windows.streams, windows.length), np.float64 if model.embedding.weight.dtype == torch.float64 else np.float32
    )
    try:
        for window in windows:
            window = window.to(device)
            scored, right, state = model.score(window.inputs, window.targets, state)
            correct += int((right & (window.targets != UNKNOWN_ID)).sum())
            total += scored.double().sum()
            nats[:, column : column + scored.shape[1]] = scored.to(model.embedding.weight.dtype).cpu().numpy()
            column += scored.shape[1]
    finally:
        model.train(was_training)
    return Scores(nats.reshape(-1)[: windows.targets], float(total), correct)


def score_part(model: LanguageModel, part: PreparedPart, streams: int | None) -> tuple[HeldOut, Scores]:
    """The figures of a part, and its per-token nats."""
    windows = ScoringLoader(part.ids, streams)
    scores = score_windows(model, windows)
    tokens, spelling = len(scores.nats), part.spelling_nats()
    total = scores.total
    figures = HeldOut(
        loss=total / tokens,
        perplexity=perplexity(total / tokens),
        bits_per_char=bits_per_char(total + spelling, part.scored_characters),
        accuracy=scores.correct / tokens,
        tokens=tokens,
        characters=part.scored_characters,
        unknown=int((part.unknown_positions > 0).sum()),
        spelling_bits_per_char=bits_per_char(spelling, part.scored_characters),
        streams=windows.streams,
    )
    return figures, scores
