"""The full softmax over V classes on rows of tokens, so that no more than a bounded number of logits exists at once.

The logits of a large vocabulary are the largest thing in a training step, several times over: 2,048 tokens times
100,000 types are 0.8 GB, and again for their log-probabilities, and again for the gradient. Tokens do not touch each
other in the loss, so a few rows of them at a time give the same figures.

``hidden`` is (N, H), ``weight`` (V, H), ``bias`` (V,) or None, ``targets`` (N,); a target that is ``IGNORED`` costs 0.
Under autocast the products are in its type, the softmax and every sum in fp32.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

IGNORED = -100  # the target that cross_entropy ignores too

# 128 MiB in fp32. At V = 100,000 that is 335 rows: with fewer, adding to the weight's gradient takes the time.
CHUNK_ELEMENTS = 2**25

_CLASSES = 4096  # whose gradients are added up at a time in bf16


def rows_at_once(rows: int, classes: int, elements: int) -> int:
    """How many of ``rows`` to take at a time: pieces of about one size, at most ``elements`` logits (or one row)."""
    pieces = max(1, -(-rows // max(1, elements // classes)))
    return max(1, -(-rows // pieces))


def softmax_nats(
    hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor, elements: int = CHUNK_ELEMENTS
) -> Tensor:
    """−ln p of each target, (N,). The backward pass computes each piece again rather than keep its logits."""
    return softmax_nats_and_best(hidden, weight, bias, targets, elements)[0]


def softmax_nats_and_best(
    hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor, elements: int = CHUNK_ELEMENTS
) -> tuple[Tensor, Tensor, Tensor]:
    """−ln p of each target, the most probable classes, and −ln p of those; (N,) each."""
    rows = rows_at_once(len(hidden), len(weight), elements)
    pieces: list[tuple[Tensor, Tensor, Tensor]] = []
    for some, wanted in zip(torch.split(hidden, rows), torch.split(targets, rows), strict=True):
        if torch.is_grad_enabled():
            pieces.append(checkpoint(_piece, some, weight, bias, wanted, use_reentrant=False, preserve_rng_state=False))
        else:
            pieces.append(_piece(some, weight, bias, wanted))
    nats, best, best_nats = (torch.cat(column) for column in zip(*pieces, strict=True))
    return nats, best, best_nats


def _piece(hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    logits = functional.linear(hidden, weight, bias)  # (R, V)
    best = logits.detach().argmax(-1)
    log_p = logits.log_softmax(-1)
    return functional.nll_loss(log_p, targets, reduction="none"), best, -log_p.gather(1, best[:, None])[:, 0]


def softmax_total(
    hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor, elements: int = CHUNK_ELEMENTS
) -> Tensor:
    """The sum of −ln p over all targets, a scalar to differentiate: what training asks for.

    The gradients are computed beside the loss, piece by piece, while the logits are there: three matrix products, as
    without pieces, and nothing twice. ``backward`` only scales them.
    """
    if not torch.is_grad_enabled():
        return softmax_nats(hidden, weight, bias, targets, elements).sum()
    total: Tensor = _Total.apply(hidden, weight, bias, targets, elements)  # type: ignore[no-untyped-call]
    return total


class _Total(torch.autograd.Function):
    """``softmax_total`` with its gradients."""

    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor, elements: int
    ) -> Tensor:
        ctx.save_for_backward(hidden, weight, bias, targets)
        ctx.elements = elements
        device = hidden.device.type
        ctx.dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else weight.dtype
        total, ctx.gradients = _total_and_gradients(
            hidden, weight, bias, targets, elements, ctx.dtype, ctx.needs_input_grad
        )
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor | None, ...]:
        hidden, weight, bias, targets = ctx.saved_tensors
        gradients, ctx.gradients = ctx.gradients, None
        if gradients is None:  # a second backward pass: the first was handed the gradients, and scaled them in place
            needed = ctx.needs_input_grad
            gradients = _total_and_gradients(hidden, weight, bias, targets, ctx.elements, ctx.dtype, needed)[1]
        of = zip(gradients, (hidden, weight, bias), strict=True)
        return *(None if g is None else g.mul_(scale).to(like.dtype) for g, like in of), None, None


def _total_and_gradients(
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    targets: Tensor,
    elements: int,
    dtype: torch.dtype,
    needed: tuple[bool, ...],
) -> tuple[Tensor, list[Tensor | None]]:
    """The summed loss and its gradients by hidden, weight and bias (None where not ``needed``).

    With E = exp(logits − max) and s its sum over a row, the gradient by the logits is (E − s·onehot(target)) / s. The
    division is left to the small factors, (R, H), so the logits are read and written no more often than they must be.
    """
    precise = torch.promote_types(dtype, torch.float32)
    narrow = (
        torch.float32 if dtype == torch.float16 else dtype
    )  # fp16 would lose small gradients before they are scaled
    classes = len(weight)
    rows = rows_at_once(len(hidden), classes, elements)
    total = hidden.new_zeros((), dtype=precise)
    by_hidden = hidden.new_empty(hidden.shape, dtype=precise) if needed[0] else None
    by_weight = weight.new_zeros(weight.shape, dtype=precise) if needed[1] else None
    by_bias = weight.new_zeros(classes, dtype=precise) if needed[2] and bias is not None else None
    with torch.no_grad(), torch.autocast(hidden.device.type, enabled=False):
        taught, matrix = hidden.to(dtype), weight.to(dtype)
        offset = None if bias is None else bias.to(dtype)
        space = matrix.new_empty(rows, classes)
        precise_space = space if dtype == precise else matrix.new_empty(rows, classes, dtype=precise)
        backward_matrix = matrix.to(narrow)
        for start in range(0, len(hidden), rows):
            some, wanted = taught[start : start + rows], targets[start : start + rows]  # (R, H), (R,)
            logits, e = space[: len(some)], precise_space[: len(some)]  # (R, V)
            if offset is None:
                torch.mm(some, matrix.t(), out=logits)
            else:
                torch.addmm(offset, some, matrix.t(), out=logits)
            if dtype != precise:
                e.copy_(logits)
            e.sub_(e.amax(-1, keepdim=True))
            counts = wanted != IGNORED
            at = wanted.clamp(min=0)[:, None]  # (R, 1)
            of_target = e.gather(1, at)
            sums = e.exp_().sum(-1, keepdim=True)  # (R, 1)
            total += ((sums.log() - of_target)[:, 0] * counts).sum()
            e.scatter_add_(1, at, -sums)
            share = counts[:, None] / sums  # (R, 1)
            errors = e if narrow == precise else logits.copy_(e)  # (R, V)
            if by_hidden is not None:
                torch.mul(torch.mm(errors, backward_matrix), share, out=by_hidden[start : start + rows])
            if by_weight is not None:
                shared = (some.to(precise) * share).to(narrow)
                if narrow == precise:
                    by_weight.addmm_(errors.t(), shared)
                else:  # addmm_ adds into its factors' own type; a few classes at a time, which stay in the cache
                    for rows_of, columns in zip(
                        torch.split(by_weight, _CLASSES), torch.split(errors, _CLASSES, 1), strict=True
                    ):
                        rows_of.add_(torch.mm(columns.t(), shared))
            if by_bias is not None:
                by_bias.addmv_(e.t(), share[:, 0])
    return total, [by_hidden, by_weight, by_bias]
