"""An LSTM over a whole window, forwards and backwards, written out from its equations.

Forwards, at each position (′ is the position before, + the one after; · is taken element by element):

    i, f, o = σ(a_i), σ(a_f), σ(a_o)        g = tanh(a_g)        a = W x + U h′ + b
    c = f·c′ + i·g                          h = o·tanh(c)

Backwards, with δv for the derivative of the loss by v, and ∂h the loss's own derivative by an output:

    δh = ∂h + Uᵀ δa⁺                        δc = δc⁺·f⁺ + δh·o·(1 − tanh²(c))
    δa_i = δc · g·i·(1 − i)                 δa_f = δc · c′·f·(1 − f)
    δa_g = δc · i·(1 − g²)                  δa_o = δh · tanh(c)·o·(1 − o)
    δW = Σ δa xᵀ        δU = Σ δa h′ᵀ       δb = Σ δa        δx = Wᵀ δa

Only U h′ and Uᵀ δa⁺ wait for a neighbour. The input products of all positions are one matrix product, so is each
gradient of a weight, and what does not depend on δ is taken for the whole window at once. An automatic backward pass
would add up δU position by position instead.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from lstmlab.nn.lstm_state import LSTMState


def lstm_sequence(
    x: Tensor, state: LSTMState, weight_ih: Tensor, weight_hh: Tensor, bias: Tensor
) -> tuple[Tensor, LSTMState]:
    """(B, T, input_size) and the state before it to outputs (B, T, H) and the state after it.

    Products are in autocast's type or in that of the weights, all else in fp32 at least; what comes out has the type
    of the state that came in. ``weight_ih`` is (4H, input_size), ``weight_hh`` (4H, H), ``bias`` (4H,), in the order
    i, f, g, o.
    """
    inputs = (x.transpose(0, 1), state.h, state.c, weight_ih, weight_hh, bias)
    outputs, c = _LSTMSequence.apply(*inputs)  # type: ignore[no-untyped-call]
    return outputs.transpose(0, 1), LSTMState(outputs[-1].clone(), c)  # alone: it outlives the window


class _LSTMSequence(Function):
    """Inside, time comes first: what belongs to one position lies together."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, h: Tensor, c: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias: Tensor
    ) -> tuple[Tensor, Tensor]:
        device = x.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else weight_hh.dtype
        wide = torch.promote_types(dtype, torch.float32)
        (length, batch, _), width = x.shape, weight_hh.shape[1]
        with torch.autocast(device, enabled=False):
            rows = x.to(dtype).flatten(0, 1)  # (T · B, input_size)
            matrix = weight_hh.to(dtype).t()  # (H, 4H)
            gates = (rows @ weight_ih.to(dtype).t()).to(wide).add_(bias).view(length, batch, 4 * width)
            hs = gates.new_empty(length + 1, batch, width)  # the first is the state before the window; so below
            cs = torch.empty_like(hs)
            squashed = torch.empty_like(hs[1:])  # tanh(c)
            hs[0], cs[0] = h, c
            # Each position's part of everything, taken apart once: a view costs as much as a small sum.
            blocks = gates.view(length, batch, 4, width).unbind(2)  # i, f, g, o, (T, B, H) each
            parts = (gates, gates[..., : 2 * width], *blocks, hs[:-1], hs[1:], cs[:-1], cs[1:], squashed)
            for a, i_f, i, f, g, o, h_before, h_after, c_before, c_after, tanh_c in zip(
                *(part.unbind() for part in parts), strict=True
            ):
                _add_product(a, h_before.to(dtype), matrix)
                i_f.sigmoid_()
                g.tanh_()
                o.sigmoid_()
                torch.mul(f, c_before, out=c_after).addcmul_(i, g)
                torch.tanh(c_after, out=tanh_c)
                torch.mul(o, tanh_c, out=h_after)
        ctx.save_for_backward(x, weight_ih, weight_hh, gates, hs, cs, squashed)
        ctx.dtype = dtype
        ctx.types = [tensor.dtype for tensor in (x, h, c, weight_ih, weight_hh, bias)]
        return hs[1:].to(h.dtype), cs[-1].to(c.dtype, copy=True)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, by_outputs: Tensor, by_c: Tensor) -> tuple[Tensor | None, ...]:
        x, weight_ih, weight_hh, gates, hs, cs, squashed = ctx.saved_tensors
        dtype, needed = ctx.dtype, ctx.needs_input_grad
        length, batch, width = squashed.shape
        i, f, g, o = gates.chunk(4, -1)  # (T, B, H) each
        with torch.autocast(x.device.type, enabled=False):
            by_sums = torch.empty_like(gates)  # first what δc and δh are multiplied by, then δa
            by_i, by_f, by_g, by_o = by_sums.chunk(4, -1)
            torch.mul(i, 1 - i, out=by_i).mul_(g)
            torch.mul(f, 1 - f, out=by_f).mul_(cs[:-1])
            torch.mul(i, 1 - g * g, out=by_g)
            torch.mul(o, 1 - o, out=by_o).mul_(squashed)
            through_tanh = (1 - squashed * squashed).mul_(o)
            by_ifg = by_sums.view(length, batch, 4, width)[:, :, :3]

            matrix = weight_hh.to(dtype)  # (4H, H)
            by_c = by_c.to(gates.dtype, copy=True)  # δc⁺·f⁺
            by_h = torch.zeros_like(by_c)  # Uᵀ δa⁺
            parts = (by_outputs, through_tanh, by_sums, by_ifg, by_o, f)
            positions = list(zip(*(part.unbind() for part in parts), strict=True))
            for by_output, through, by_a, by_a_ifg, by_a_o, forget in reversed(positions):
                by_h.add_(by_output)
                by_c.addcmul_(by_h, through)
                by_a_ifg.mul_(by_c[:, None])
                by_a_o.mul_(by_h)
                by_c.mul_(forget)
                by_h = (by_a.to(dtype) @ matrix).to(gates.dtype)

            flat = by_sums.flatten(0, 1)  # (T · B, 4H)
            by_bias = flat.sum(0) if needed[5] else None
            flat = flat.to(dtype)
            gradients = [
                (flat @ weight_ih.to(dtype)).view_as(x) if needed[0] else None,
                by_h,
                by_c,
                flat.t() @ x.to(dtype).flatten(0, 1) if needed[3] else None,
                flat.t() @ hs[:-1].flatten(0, 1).to(dtype) if needed[4] else None,
                by_bias,
            ]
        return tuple(None if d is None else d.to(its) for d, its in zip(gradients, ctx.types, strict=True))


def _add_product(total: Tensor, a: Tensor, b: Tensor) -> None:
    """total += a b. A product in 16 bits is added in fp32, which ``addmm_`` cannot."""
    if total.dtype == a.dtype:
        total.addmm_(a, b)
    else:
        total.add_(a @ b)
