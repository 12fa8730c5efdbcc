"""What the n-grams of texts say, in characters: how many are new, and how often they come again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lstmlab.evaluation.novelty.index import Matches


@dataclass(frozen=True)
class NgramShares:
    """Of all n-grams of characters within some texts, none across two of them, for one n.

    ``novel``: the share that the training text lacks, each counted as often as it comes; ``novel_distinct``: each
    counted once. ``repeated``: seq-rep-n, 1 − distinct ÷ all n-grams of a text, the mean over the texts (Welleck et
    al., "Neural text generation with unlikelihood training", ICLR 2020, section 6). ``distinct``: distinct-n, the
    distinct n-grams of all texts together ÷ their length (Li et al., "A diversity-promoting objective function for
    neural conversation models", NAACL 2016, section 5).
    """

    n: int
    novel: float
    novel_distinct: float
    repeated: float
    distinct: float


def ngram_shares(texts: Sequence[str], matches: Sequence[Matches], n: int) -> NgramShares:
    """The shares for one n of texts of at least n characters, each with its matches in the training text."""
    total, lacking, novel = 0, 0, set[str]()
    seen, repeated = set[str](), 0.0
    for text, match in zip(texts, matches, strict=True):
        new = match.lengths[: len(text) - n + 1] < n
        total += len(new)
        lacking += int(new.sum())
        grams = list(_ngrams(text, n))
        novel.update(gram for gram, is_new in zip(grams, new.tolist(), strict=True) if is_new)
        own = set(grams)
        repeated += 1 - len(own) / len(grams)
        seen |= own
    return NgramShares(
        n, lacking / total, len(novel) / len(seen), repeated / len(texts), len(seen) / sum(map(len, texts))
    )  # fmt: skip


def _ngrams(text: str, n: int) -> Iterator[str]:
    return (text[start : start + n] for start in range(len(text) - n + 1))
