"""The temperature that a model's probabilities should have been taken at.

C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On calibration of modern neural networks", ICML 2017, section 4.2: one
number that divides all logits, fitted where it is not judged.
"""

from collections.abc import Callable, Iterable

from torch import Tensor

LOWEST, HIGHEST = 0.05, 20.0
_PASSES = 25
_CLOSE = 1e-5  # relative

Distributions = Iterable[tuple[Tensor, Tensor]]


def fit_temperature(distributions: Callable[[], Distributions]) -> float:
    """The temperature T with the smallest Σ −ln softmax(z ÷ T)[target], between 0.05 and 20.

    The sum is convex in β = 1 ÷ T: its slope is Σ E[z] − z[target] and its curvature Σ Var[z], both under softmax(β z),
    and Newton's method needs a few passes.

    Args:
        distributions: gives, each time it is called, the same pieces: logits z (R, V), or log-probabilities, and the
            targets (R,).
    """
    beta, low, high = 1.0, 1 / HIGHEST, 1 / LOWEST
    for _ in range(_PASSES):
        slope = curvature = 0.0
        for z, targets in distributions():
            p = (beta * z).softmax(-1)
            mean = (p * z).sum(-1)
            slope += float((mean - z.gather(1, targets[:, None])[:, 0]).double().sum())
            curvature += float(((p * z.square()).sum(-1) - mean.square()).clamp(min=0).double().sum())
        # What is known of where the smallest sum lies; a step that leaves it is halved back into it.
        low, high = (low, beta) if slope > 0 else (beta, high)
        step = beta - slope / curvature if curvature > 0 else (low if slope > 0 else high)
        following = step if low < step < high else (low + high) / 2
        if abs(following - beta) <= _CLOSE * beta:
            return 1 / following
        beta = following
    return 1 / beta


def tempered(z: Tensor, beta: float) -> tuple[Tensor, Tensor]:
    """At temperature 1 ÷ ``beta``: β z (R, V), and the logarithm of the sum (R,) that turns it into probabilities."""
    scaled = beta * z
    return scaled, scaled.logsumexp(-1)
