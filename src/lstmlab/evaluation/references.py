"""What a held-out figure is judged by: simple models and compressors on the same split, in the same units."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmlab.evaluation.compression import ppmd_bits, xz_bits
from lstmlab.evaluation.kneser_ney import KneserNey

PPMD_ORDER = 6


@dataclass(frozen=True)
class Reference:
    """One row beside the model's own figure."""

    name: str  # uniform, unigram, 6-gram (whatever the order), xz or ppmd
    bits: float  # total over the scored text, the spelling of unknown words included
    bits_per_char: float
    perplexity: float | None  # a token, spelling left out; None for compressors, which know no tokens
    adaptive: bool  # goes on learning from the held-out text while it reads it
    note: str


def references(
    train_ids: NDArray[np.integer],
    heldout_ids: NDArray[np.integer],
    vocabulary_size: int,
    train_text: str,
    heldout_text: str,
    characters: int,
    spelling_nats: float = 0.0,
    order: int = 6,
    max_characters: int = 5_000_000,
    train_characters: int | None = None,
) -> list[Reference]:
    """Rows uniform, unigram, n-gram, xz and ppmd for one split, in this order.

    The token models learn from `train_ids` (N,) and score `heldout_ids[1:]` (M - 1,): the first held-out
    token is context only, as for the neural model. On top they pay `spelling_nats`, for the spelling of
    unknown words. `characters` is the length of the scored tokens. The compressors read UTF-8 and pay for all
    of `heldout_text`.

    From a longer training part, n-gram, xz and ppmd learn its last `max_characters` only (the n-gram the same
    share of `train_ids`), and their notes say so. `train_text` may be no more than that end of it;
    `train_characters` is then the length of the whole.

    Raises ValueError for a held-out split of fewer than two tokens or without characters, for an `order` or a
    `max_characters` below 1, and for ids outside the vocabulary.
    """
    if len(heldout_ids) < 2 or characters < 1 or not heldout_text:
        raise ValueError(
            f"nothing to score: {len(heldout_ids)} held-out tokens, the first of which is only context, and"
            f" {characters} scored characters"
        )
    if max_characters < 1:
        raise ValueError(f"max_characters is {max_characters}; it must be at least 1")
    tokens = len(heldout_ids) - 1
    recent_ids, recent_text, capped = train_ids, train_text, ""
    if (whole := train_characters or len(train_text)) > max_characters:
        kept = round(len(train_ids) * max_characters / whole)
        recent_ids, recent_text = train_ids[len(train_ids) - kept :], train_text[-max_characters:]
        capped = f"; fitted on the last {max_characters:,} characters"

    def token_model(name: str, nats: float, note: str) -> Reference:
        bits = (nats + spelling_nats) / math.log(2)
        return Reference(name, bits, bits / characters, math.exp(nats / tokens), adaptive=False, note=note)

    def compressor(name: str, bits: float, note: str) -> Reference:
        return Reference(name, bits, bits / len(heldout_text), None, adaptive=True, note=note + capped)

    ngram = KneserNey.fit(recent_ids, vocabulary_size, order).nats(heldout_ids, first=1)
    unigram = unigram_nats(train_ids, heldout_ids[1:], vocabulary_size)
    train, heldout = recent_text.encode(), heldout_text.encode()
    return [
        token_model("uniform", tokens * math.log(vocabulary_size), f"{vocabulary_size:,} tokens, all alike"),
        token_model("unigram", float(unigram.sum()), "add-one smoothing"),
        token_model(f"{order}-gram", float(ngram.sum()), f"interpolated modified Kneser-Ney{capped}"),
        compressor("xz", xz_bits(train, heldout), "preset 9 extreme"),
        compressor("ppmd", ppmd_bits(train, heldout, PPMD_ORDER), f"variant I, order {PPMD_ORDER}"),
    ]


def unigram_nats(train_ids: NDArray[np.integer], ids: NDArray[np.integer], vocabulary_size: int) -> NDArray[np.float64]:
    """-ln of (count + 1) / (N + V), Laplace's rule, for each of `ids`: (N,), (M,) → (M,)."""
    counts = np.bincount(train_ids, minlength=vocabulary_size)  # (V,)
    nats: NDArray[np.float64] = np.log((len(train_ids) + vocabulary_size) / (counts[ids] + 1))
    return nats
