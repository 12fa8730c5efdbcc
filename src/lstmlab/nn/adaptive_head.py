"""The adaptive softmax: frequent types cheaply, rare ones through a cluster of their own."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from lstmlab.errors import UserError
from lstmlab.nn.full_softmax import (
    CHUNK_ELEMENTS,
    IGNORED,
    rows_at_once,
    softmax_nats,
    softmax_nats_and_best,
    softmax_total,
)
from lstmlab.nn.head import Head
from lstmlab.nn.packed_linear import PackedLinear


def default_cutoffs(vocabulary_size: int) -> list[int]:
    """Where the clusters begin: at 2,000 types or a fiftieth of them, at a tenth, and at two fifths.

    One that is not twice the one before, nor half the size after it, falls away; below 4,000 types none is left. By
    Zipf's law two thirds of a text are then in the shortlist, and a rare token pays for its own part of the rest only:
    at 100,000 types three clusters took two thirds of the time of two.
    """
    if vocabulary_size < 4000:
        return []
    cutoffs: list[int] = []
    for cutoff in (max(2000, vocabulary_size // 50), vocabulary_size // 10, vocabulary_size * 2 // 5):
        if 2 * (cutoffs[-1] if cutoffs else 0) <= cutoff <= vocabulary_size // 2:
            cutoffs.append(cutoff)
    return cutoffs


def check_adaptive_options(cutoffs: list[int] | None, div_value: float) -> None:
    """What can be said of an adaptive head's options before the vocabulary is known.

    Raises:
        UserError: the cutoffs are not increasing numbers from 1 up, or ``div_value`` is below 1.
    """
    if cutoffs is not None and not all(a < b for a, b in pairwise([0, *cutoffs])):
        raise UserError(
            f"head.cutoffs={cutoffs} must be increasing numbers from 1 up: the ids with which the clusters begin."
        )
    if not 1 <= div_value < float("inf"):
        raise UserError(f"head.div_value={div_value} must be a number from 1 up: each cluster is that much narrower.")


class AdaptiveHead(Head):
    """Adaptive softmax (Grave et al. 2017, "Efficient softmax approximation for GPUs") over ids by falling frequency.

    A shortlist of the most frequent ids and one entry for each cluster of rarer ones share the first softmax; a
    cluster's ids share one of their own behind a projection that is narrower the rarer they are:
    p(id) = p(cluster) · p(id | cluster). Training computes a cluster for the tokens in it alone. It is a distribution
    over all ids, exactly; what it approximates is the model, in which rare ids have few parameters.

    Args:
        cutoffs: the first id of each cluster, increasing; null: ``default_cutoffs``. Without any this is the full
            softmax.
        div_value: cluster i (from 1) is projected to width ÷ div_value ** i.
    """

    def __init__(
        self,
        width: int,
        vocabulary_size: int,
        tied: nn.Parameter | None = None,
        cutoffs: list[int] | None = None,
        div_value: float = 4.0,
    ) -> None:
        super().__init__()
        if tied is not None:
            raise UserError(
                "model.tie_weights=true and head=adaptive exclude each other: an adaptive head has no matrix as large"
                " as the embedding's; take head=chunked or model.tie_weights=false."
            )
        check_adaptive_options(cutoffs, div_value)
        cutoffs = default_cutoffs(vocabulary_size) if cutoffs is None else list(cutoffs)
        if cutoffs and cutoffs[-1] >= vocabulary_size:
            raise UserError(
                f"head.cutoffs={cutoffs} must lie below the size of the vocabulary, which is {vocabulary_size};"
                " lower them or take head.cutoffs=null."
            )
        self.bounds = [*cutoffs, vocabulary_size]  # where the shortlist and each cluster end
        self.shortlist = self.bounds[0]
        self.head = nn.Linear(width, self.shortlist + len(cutoffs))
        nn.init.zeros_(self.head.bias)
        self.clusters = nn.ModuleList(
            nn.Sequential(
                nn.Linear(width, narrow := max(1, int(width // div_value**number)), bias=False),
                nn.Linear(narrow, end - first, bias=False),
            )
            for number, (first, end) in enumerate(pairwise(self.bounds), start=1)
        )

    def total(self, hidden: Tensor, targets: Tensor) -> Tensor:
        total = softmax_total(hidden, self.head.weight, self.head.bias, self._head_targets(targets))
        for cluster, first, inside in self._parts(targets):
            # Also with no token in it: several processes add up the gradients of all parameters.
            rows = inside.nonzero()[:, 0]  # (R,)
            projected = cluster[0](hidden.index_select(0, rows))  # (R, narrow)
            total = total + softmax_total(projected, cluster[1].weight, None, targets[rows] - first)
        return total

    def loss(self, hidden: Tensor, targets: Tensor) -> Tensor:
        nats = softmax_nats(hidden, self.head.weight, self.head.bias, self._head_targets(targets))
        for cluster, first, inside in self._parts(targets):
            rows = inside.nonzero()[:, 0]
            projected = cluster[0](hidden.index_select(0, rows))
            nats = nats.index_add(0, rows, softmax_nats(projected, cluster[1].weight, None, targets[rows] - first))
        return nats

    def logits(self, hidden: Tensor) -> Tensor:
        """Log-probabilities (..., V): their exponentials add up to 1."""
        return self._log_probabilities(hidden, self.head, self._clusters())

    def prepared(self, batch_size: int) -> Callable[[Tensor], Tensor]:
        if type(self).logits is not AdaptiveHead.logits:  # a class of the user's
            return super().prepared(batch_size)
        head = PackedLinear(self.head.weight, self.head.bias, batch_size)
        clusters = [
            _chain(*(PackedLinear(linear.weight, None, batch_size) for linear in cluster))
            for cluster in self._clusters()
        ]
        return lambda hidden: self._log_probabilities(hidden, head, clusters)

    def _log_probabilities(
        self, hidden: Tensor, head: Callable[[Tensor], Tensor], clusters: list[Callable[[Tensor], Tensor]]
    ) -> Tensor:
        first = head(hidden).log_softmax(-1)  # (..., shortlist + clusters)
        parts = [first[..., : self.shortlist]]
        for number, cluster in enumerate(clusters):
            parts.append(cluster(hidden).log_softmax(-1) + first[..., self.shortlist + number, None])
        return torch.cat(parts, -1)

    def loss_and_best(self, hidden: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """As ``Head.loss_and_best``; exact.

        No id of a cluster is more probable than the cluster, so a cluster is looked into only for the tokens in it and
        where it is more probable than the best id so far.
        """
        if torch.is_grad_enabled():
            with torch.no_grad():
                best = self.loss_and_best(hidden, targets)[1]
            return self.loss(hidden, targets), best
        rows = rows_at_once(len(hidden), self.head.out_features, CHUNK_ELEMENTS)
        pieces = [
            self._piece_and_best(some, wanted)
            for some, wanted in zip(torch.split(hidden, rows), torch.split(targets, rows), strict=True)
        ]
        return torch.cat([nats for nats, _ in pieces]), torch.cat([best for _, best in pieces])

    def _piece_and_best(self, hidden: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        first = self.head(hidden).log_softmax(-1)  # (R, shortlist + clusters)
        nats = functional.nll_loss(first, self._head_targets(targets), reduction="none")
        best_log_p, best = first[:, : self.shortlist].max(-1)
        for number, (cluster, start, inside) in enumerate(self._parts(targets)):
            log_p = first[:, self.shortlist + number]
            rows = (inside | (log_p > best_log_p)).nonzero()[:, 0]  # (S,)
            wanted = torch.where(inside[rows], targets[rows] - start, IGNORED)
            projected = cluster[0](hidden.index_select(0, rows))
            more, its_best, its_nats = softmax_nats_and_best(projected, cluster[1].weight, None, wanted)
            nats = nats.index_add(0, rows, more)
            its_log_p = log_p[rows] - its_nats
            better = its_log_p > best_log_p[rows]
            best[rows] = torch.where(better, its_best + start, best[rows])
            best_log_p[rows] = torch.where(better, its_log_p, best_log_p[rows])
        return nats, best

    def working_bytes(self, tokens: int, vocabulary_size: int, half: bool) -> int:
        largest = 0
        for matrix in (self.head, *(cluster[1] for cluster in self._clusters())):
            classes, width = matrix.out_features, matrix.in_features
            logits = min(tokens * classes, max(CHUNK_ELEMENTS, classes))
            largest = max(largest, logits * (6 if half else 4) + (classes * width * 2 if half else 0))
        return largest

    def _head_targets(self, targets: Tensor) -> Tensor:
        """Targets among the shortlist and the clusters."""
        among = targets
        for number, (_, _, inside) in enumerate(self._parts(targets)):
            among = among.masked_fill(inside, self.shortlist + number)
        return among

    def _parts(self, targets: Tensor) -> list[tuple[Any, int, Tensor]]:
        """Each cluster, its first id, and which targets lie in it, (N,)."""
        return [
            (cluster, first, (targets >= first) & (targets < end))
            for cluster, (first, end) in zip(self._clusters(), pairwise(self.bounds), strict=True)
        ]

    def _clusters(self) -> list[Any]:  # a ModuleList forgets what it holds: a projection and a matrix each
        return list(self.clusters)


def _chain(first: Callable[[Tensor], Tensor], second: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda x: second(first(x))
