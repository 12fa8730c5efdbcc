"""What a text without a prompt begins after."""

import numpy as np

from lstmlab.text import Vocabulary


def opening_context(vocabulary: Vocabulary, seed: int) -> list[int]:
    """The end-of-document token; where a corpus has none, one token drawn by its frequency in the training part."""
    if vocabulary.end_id is not None:
        return [vocabulary.end_id]
    counts = np.asarray(vocabulary.counts, dtype=np.float64)
    drawn = np.random.default_rng(seed).choice(len(counts), p=counts / counts.sum())
    return [vocabulary.specials + int(drawn)]
