"""All that is done to scores before a token is chosen, in its order."""

import torch
from torch import Tensor

from lstmlab.decoding import processors
from lstmlab.decoding.limits import Limits
from lstmlab.decoding.settings import Decoding


class Pipeline:
    """The processors of a decoding, in the order of Hugging Face's ``generate``.

    1. repetition penalty, 2. no-repeat n-gram, 3. minimum length (the end is banned before it), 4. banned tokens;
    where tokens are drawn, 5. temperature, 6. top-k, 7. top-p, 8. min-p. For beam search the scores are
    log-probabilities, else logits.
    """

    def __init__(self, decoding: Decoding, limits: Limits, device: torch.device) -> None:
        self.decoding = decoding
        self.min_tokens = limits.min_tokens
        end = () if limits.end is None else (limits.end,)
        self._banned = torch.tensor(sorted(set(limits.banned)), dtype=torch.long, device=device)
        self._banned_early = torch.tensor(sorted({*limits.banned, *end}), dtype=torch.long, device=device)

    @property
    def needs_history(self) -> bool:
        return self.decoding.repetition_penalty != 1 or self.decoding.no_repeat_ngram is not None

    def blocked(self, scores: Tensor) -> Tensor | None:
        """Which rows (B,) have no token left to choose; None: that cannot be."""
        if self.decoding.no_repeat_ngram is None and len(self._banned_early) < scores.shape[1]:
            return None
        return scores.amax(-1) == -torch.inf

    def __call__(self, scores: Tensor, history: Tensor | None, generated: int) -> Tensor:
        """Scores (B, V) to scores (B, V) after ``generated`` tokens; ``history`` (B, N) where one is needed."""
        decoding = self.decoding
        if history is not None:
            scores = processors.repetition_penalty(scores, history, decoding.repetition_penalty)
            if decoding.no_repeat_ngram is not None:
                scores = processors.no_repeat_ngram(scores, history, decoding.no_repeat_ngram)
        scores = processors.ban(scores, self._banned_early if generated < self.min_tokens else self._banned)
        if not decoding.draws:
            return scores
        if decoding.temperature != 1:
            scores = processors.temperature(scores, decoding.temperature)
        if decoding.top_k is not None:
            scores = processors.top_k(scores, decoding.top_k)
        if decoding.top_p is not None:
            scores = processors.top_p(scores, decoding.top_p)
        if decoding.min_p is not None:
            scores = processors.min_p(scores, decoding.min_p)
        return scores
