"""Scoring: the nats of every token of a text, each but the first exactly once."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from lstmlab.data.prepared import PreparedPart
from lstmlab.data.streams import IGNORED, ScoringLoader, Window
from lstmlab.models import LanguageModel
from lstmlab.text.vocabulary import UNKNOWN_ID
from lstmlab.training.metrics import bits_per_char, perplexity


@dataclass(frozen=True)
class Scores:
    """Per-token nats (N − 1,), in the order of the text, and how often the most probable token was the right one.

    An unknown token is never predicted rightly: ``<unk>`` names no token.
    """

    nats: NDArray[np.float64]
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
    spelling_bits_per_char: float
    streams: int


@torch.no_grad()
def score_windows(model: LanguageModel, windows: Iterable[Window]) -> Scores:
    """Score consecutive windows with carried state, in evaluation mode and the weights' own precision."""
    device = model.embedding.weight.device
    was_training = model.training
    model.eval()
    state, columns, scored, correct = None, [], [], 0
    try:
        for window in windows:
            window = window.to(device)
            nats, right, state = model.score(window.inputs, window.targets, state)
            correct += int((right & (window.targets != UNKNOWN_ID)).sum())
            columns.append(nats.double().cpu().numpy())
            scored.append((window.targets != IGNORED).cpu().numpy())
    finally:
        model.train(was_training)
    if not columns:
        return Scores(np.zeros(0), 0)
    # (streams, length): row after row is the order of the text, less the padding at the ends of rows
    return Scores(np.concatenate(columns, axis=1)[np.concatenate(scored, axis=1)], correct)


def score_part(model: LanguageModel, part: PreparedPart, streams: int | None) -> tuple[HeldOut, Scores]:
    """The figures of a part, and its per-token nats."""
    windows = ScoringLoader(part.ids, streams)
    scores = score_windows(model, windows)
    tokens, spelling = len(scores.nats), part.spelling_nats()
    total = float(scores.nats.sum())
    figures = HeldOut(
        loss=total / tokens,
        perplexity=perplexity(total / tokens),
        bits_per_char=bits_per_char(total + spelling, part.scored_characters),
        accuracy=scores.correct / tokens,
        tokens=tokens,
        characters=part.scored_characters,
        spelling_bits_per_char=bits_per_char(spelling, part.scored_characters),
        streams=windows.streams,
    )
    return figures, scores
