"""A matrix that multiplies many vectors: x W^T + b with W laid out once for the product."""

import torch
from torch import Tensor
from torch.nn import functional


class PackedLinear:
    """``functional.linear`` with a weight that stays as it is now, the same values to rounding.

    On a CPU in fp32 the weight is copied into the blocked layout of oneDNN's product, where torch has it. Measured on a
    4096 x 2048 matrix and two cores: as fast as ``linear`` for one vector on one machine, 2.3 times on another, and 1.2
    to 1.7 times for 5 to 64. Elsewhere this is ``linear``.

    Args:
        weight: (out, in).
        bias: (out,) or None.
        batch_size: vectors that come at once, about: the layout is chosen for one or for many.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, batch_size: int) -> None:
        self.weight = weight.detach()
        self.bias = None if bias is None else bias.detach()
        self.packed = None
        if weight.device.type == "cpu" and weight.dtype == torch.float32 and _available():
            self.packed = torch.ops.mkldnn._reorder_linear_weight(
                self.weight.contiguous(), 1 if batch_size == 1 else 64
            )

    def __call__(self, x: Tensor) -> Tensor:
        """(B, in) to (B, out)."""
        if self.packed is None:
            return functional.linear(x, self.weight, self.bias)
        product: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.packed, self.bias, "none", [], "")
        return product


def _available() -> bool:
    built = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return built and all(hasattr(torch.ops.mkldnn, name) for name in ("_linear_pointwise", "_reorder_linear_weight"))
