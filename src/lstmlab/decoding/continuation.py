"""What decoding gives back."""

from dataclasses import dataclass

from lstmlab.decoding.limits import Finish


@dataclass(frozen=True)
class Continuation:
    """Ids that continue a context.

    ``log_probs`` are the model's own, ln p(id | all before it), whatever was done to the scores to choose. ``score``:
    their sum, that of the end included; of beam search its sum of processed log-probabilities ÷ length to the power of
    the length penalty, where the end counts as a token.
    """

    ids: tuple[int, ...]
    log_probs: tuple[float, ...]
    finish: Finish
    score: float
