"""Whether a model's probabilities are true: those it puts first, and all of them.

An unknown token that comes true is ``<unk>``, one outcome among the others.
"""

import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmlab.data.progress import progress
from lstmlab.data.streams import ScoringLoader
from lstmlab.evaluation.distribution import hidden_windows, log_probabilities
from lstmlab.evaluation.reliability import Reliability, mass_reliability, top_reliability
from lstmlab.evaluation.temperature import fit_temperature, tempered
from lstmlab.models import LanguageModel

# Probabilities that are looked at, at most: with a large vocabulary a part of the text, from all of its streams, is
# enough for 15 bins and one number, and all of it would take many times as long as scoring it.
JUDGED = 2**28
FITTED = 2**26
_FITTED_TOKENS = 20_000  # whose hidden vectors are kept

# Cells of log-odds, so that they are fine where probabilities are near 0 and where they are near 1.
_DOUBLINGS = 14  # of the odds, on either side of 1; below, probabilities are one cell
_EACH = 8  # cells a doubling
_CELLS = 2 * _DOUBLINGS * _EACH + 1


@dataclass(frozen=True)
class Temperature:
    """The temperature with the smallest loss on the validation part, and what it would give on the part judged.

    ``loss`` is in nats a token, and ``top`` as in ``Calibration``, both on the part judged.
    """

    value: float
    validation_tokens: int
    loss: float
    top: Reliability


@dataclass(frozen=True)
class Calibration:
    """How true the probabilities are on ``tokens`` of a part, whose ``loss`` (nats a token) is at temperature 1.

    ``top`` is of the most probable token's probability, ``all_tokens`` of every token's. ``whole`` is false where only
    a part of the text was looked at.
    """

    tokens: int
    whole: bool
    loss: float
    top: Reliability
    all_tokens: Reliability
    temperature: Temperature | None = None

    def sentences(self, split: str) -> list[str]:
        """What is worth saying, a line each."""
        looked = "" if self.whole else f" on {self.tokens:,} of the tokens"
        lines = [
            f"calibration{looked}: the most probable token's probability is off by {self.top.error:.2%} on average;"
            f" of all probability {self.all_tokens.error:.2%} is misplaced (a perfect model, by chance:"
            f" {self.top.by_chance:.2%} and {self.all_tokens.by_chance:.2%})"
        ]
        if (fitted := self.temperature) is None:
            lines.append("calibration: no temperature was fitted, for there is no validation part")
        else:
            same = ", the very part it was fitted on" if split == "val" else ""
            lines.append(
                f"calibration: at temperature {fitted.value:.3f}, the best on val, {split} comes to"
                f" {fitted.loss:.4f} nats/token instead of {self.loss:.4f}, and is off by {fitted.top.error:.2%}{same}"
            )
        return lines


@dataclass
class _Tally:
    """What is counted while distributions go by."""

    beta: float | None
    nats: float = 0.0
    tempered_nats: float = 0.0
    confidence: list[NDArray[np.floating]] = field(default_factory=list)
    tempered_confidence: list[NDArray[np.floating]] = field(default_factory=list)
    right: list[NDArray[np.bool_]] = field(default_factory=list)
    cells: NDArray[np.float64] = field(default_factory=lambda: np.zeros((4, _CELLS)))

    def add(self, log_p: Tensor, targets: Tensor) -> None:
        """A piece: (R, V) and (R,)."""
        own = log_p.gather(1, targets[:, None])[:, 0]
        best, which = log_p.max(-1)
        self.nats -= float(own.double().sum())
        self.confidence.append(best.exp().cpu().numpy())
        self.right.append((which == targets).cpu().numpy())
        if self.beta is not None:
            scaled, normaliser = tempered(log_p, self.beta)
            self.tempered_nats += float((normaliser - self.beta * own).double().sum())
            self.tempered_confidence.append((scaled.amax(-1) - normaliser).exp().cpu().numpy())
        self._count(log_p, own)

    def _count(self, log_p: Tensor, own: Tensor) -> None:
        """Into cells by rising probability. Nearly all lie in the first one, so only the others are looked at."""
        rows, size = log_p.shape
        seen = log_p[log_p > -_DOUBLINGS * math.log(2)]
        p, cell = seen.exp().double(), _cells(seen)
        counted = [torch.bincount(cell, weights, _CELLS) for weights in (None, p, p * (1 - p))]
        came = torch.bincount(_cells(own), minlength=_CELLS)
        counts, mass, variance = (one.cpu().numpy().astype(np.float64) for one in counted)
        left = max(0.0, rows - mass.sum())  # the first cell's: all probabilities of a row add up to 1
        counts[0], mass[0], variance[0] = counts[0] + rows * size - len(seen), mass[0] + left, variance[0] + left
        self.cells += np.stack([counts, mass, came.cpu().numpy(), variance])


def calibrate(
    model: LanguageModel,
    ids: NDArray[np.integer],
    validation_ids: NDArray[np.integer] | None,
    streams: int | None,
    judged: int = JUDGED,
    fitted: int = FITTED,
) -> Calibration:
    """The calibration of a model on a part, read as it is scored; the temperature from the validation part.

    Memory does not grow with the vocabulary times the text: the distributions go by a few rows at a time.

    Args:
        model: any model, any head.
        ids: (N + 1,) of the part.
        validation_ids: of the validation part; None where there is none.
        streams: rows that a part is scored in; None lets its length decide.
        judged: probabilities of the part that are looked at, at most.
        fitted: the same of the validation part.
    """
    beta, validation_tokens = None, 0
    if validation_ids is not None:
        hidden, targets = _some_hidden(model, ScoringLoader(validation_ids, streams), fitted)
        beta = 1 / fit_temperature(lambda: log_probabilities(model.head, hidden, targets))
        validation_tokens = len(targets)
    tally = _Tally(beta)
    windows = ScoringLoader(ids, streams)
    with progress("calibration", min(windows.targets, judged // model.embedding.num_embeddings)) as advance:
        for hidden, targets in _limited(model, windows, judged):
            for log_p, wanted in log_probabilities(model.head, hidden, targets):
                tally.add(log_p, wanted)
                advance(len(wanted))
    right = np.concatenate(tally.right)
    tokens = len(right)
    counts, mass, came, variance = tally.cells
    return Calibration(
        tokens=tokens,
        whole=tokens == windows.targets,
        loss=tally.nats / tokens,
        top=top_reliability(np.concatenate(tally.confidence), right),
        all_tokens=mass_reliability(counts.astype(np.int64), mass, came.astype(np.int64), variance),
        temperature=None
        if beta is None
        else Temperature(
            1 / beta,
            validation_tokens,
            tally.tempered_nats / tokens,
            top_reliability(np.concatenate(tally.tempered_confidence), right),
        ),
    )


def _limited(model: LanguageModel, windows: ScoringLoader, elements: int) -> Iterator[tuple[Tensor, Tensor]]:
    """``hidden_windows`` as far as the probabilities to be looked at allow, of the last one rows from all over it."""
    left = max(1, elements // model.embedding.num_embeddings)  # tokens
    with closing(hidden_windows(model, windows)) as pieces:
        for hidden, targets in pieces:
            if len(targets) >= left:
                rows = torch.linspace(0, len(targets) - 1, left, device=targets.device).round().long()
                yield hidden[rows], targets[rows]
                return
            yield hidden, targets
            left -= len(targets)


def _some_hidden(model: LanguageModel, windows: ScoringLoader, elements: int) -> tuple[Tensor, Tensor]:
    """Hidden vectors (N, H) and targets (N,) of a part, enough to fit one number."""
    elements = min(elements, _FITTED_TOKENS * model.embedding.num_embeddings)
    pieces = list(_limited(model, windows, elements))
    return torch.cat([hidden for hidden, _ in pieces]), torch.cat([targets for _, targets in pieces])


def _cells(log_p: Tensor) -> Tensor:
    """The cell of each log-probability, by its log-odds."""
    odds = (log_p - (-torch.expm1(log_p)).log()) / math.log(2)  # +∞ at probability 1
    return ((odds + _DOUBLINGS) * _EACH).clamp(-1, _CELLS - 2).floor().long() + 1
