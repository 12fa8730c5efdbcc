"""How surprising each token of a text is to a model, and what the model expected in its place."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from lstmlab.data.progress import progress
from lstmlab.data.streams import ScoringLoader
from lstmlab.errors import UserError
from lstmlab.evaluation.distribution import hidden_windows, log_probabilities
from lstmlab.evaluation.document import scored_document
from lstmlab.models import LanguageModel
from lstmlab.text import Tokenizer, Vocabulary
from lstmlab.training.metrics import bits_per_char, perplexity

LN2 = math.log(2)


@dataclass(frozen=True)
class Alternative:
    """A token that the model thought likely, and how likely."""

    token: str
    probability: float


@dataclass(frozen=True)
class TokenSurprise:
    """One token of a text, and what the model expected there.

    ``nats`` is −ln p of the token; of ``<unk>``, where the vocabulary lacks the token (``known`` is false), and then
    ``spelling_nats`` is what its spelling costs on top. ``rank`` counts from 1, the most probable; of an unknown token
    it is that of ``<unk>``, and so is ``probability``. ``alternatives`` are the most probable tokens, this one among
    them where it is one of them.
    """

    token: str
    nats: float
    spelling_nats: float
    rank: int
    known: bool
    alternatives: tuple[Alternative, ...]

    @property
    def bits(self) -> float:
        """What the token costs in all, its spelling included."""
        return (self.nats + self.spelling_nats) / LN2

    @property
    def probability(self) -> float:
        return math.exp(-self.nats)


@dataclass(frozen=True, eq=False)
class TextSurprise(Sequence[TokenSurprise]):
    """The surprise of a text, token by token: ``surprise[3].bits``, ``for token in surprise``.

    The figures of the whole are those of ``TrainedModel.score``. ``context`` is the text's first token where a corpus
    has no document ends: it is read, not scored. Per token there are arrays, so that long texts fit: ``nats`` and
    ``spelling_nats`` (N,), ``ranks`` (N,), ``known`` (N,), and the ids and nats of the ``alternatives``, (N, K), the
    most probable first.
    """

    tokens: Sequence[str] = field(repr=False)
    context: str = field(repr=False)
    characters: int
    nats: NDArray[np.floating] = field(repr=False)
    spelling_nats: NDArray[np.float64] = field(repr=False)
    ranks: NDArray[np.int64] = field(repr=False)
    known: NDArray[np.bool_] = field(repr=False)
    alternative_ids: NDArray[np.int64] = field(repr=False)
    alternative_nats: NDArray[np.floating] = field(repr=False)
    tokenizer: Tokenizer = field(repr=False)

    @property
    def total_nats(self) -> float:
        return float(self.nats.sum(dtype=np.float64) + self.spelling_nats.sum())

    @property
    def bits_per_char(self) -> float:
        """As everywhere: total nats ÷ (ln 2 × characters of the scored tokens), spelling included."""
        return bits_per_char(self.total_nats, self.characters)

    @property
    def perplexity(self) -> float:
        """A token; spelling left out."""
        return perplexity(float(self.nats.mean(dtype=np.float64)))

    @property
    def bits(self) -> NDArray[np.float64]:
        """What each token costs, (N,), spelling included."""
        bits: NDArray[np.float64] = (self.nats.astype(np.float64) + self.spelling_nats) / LN2
        return bits

    @property
    def vocabulary(self) -> Vocabulary:
        return self.tokenizer.vocabulary

    def most_surprising(self, count: int = 10) -> list[int]:
        """The places of the tokens that cost most, the dearest first; of equals the first."""
        places: list[int] = np.argsort(-self.bits, kind="stable")[:count].tolist()
        return places

    def table(self) -> list[dict[str, Any]]:
        """A row a token, ready for a data frame; ``expected`` is the most probable token there."""
        return [
            {
                "token": one.token, "bits": one.bits, "probability": one.probability, "rank": one.rank,
                "known": one.known, "spelling_bits": one.spelling_nats / LN2,
                "expected": one.alternatives[0].token if one.alternatives else None,
            }
            for one in self
        ]  # fmt: skip

    def __len__(self) -> int:
        return len(self.tokens)

    @overload
    def __getitem__(self, index: int) -> TokenSurprise: ...
    @overload
    def __getitem__(self, index: slice) -> list[TokenSurprise]: ...
    def __getitem__(self, index: int | slice) -> TokenSurprise | list[TokenSurprise]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        alternatives = zip(self.alternative_ids[index].tolist(), self.alternative_nats[index].tolist(), strict=True)
        return TokenSurprise(
            token=self.tokens[index],
            nats=float(self.nats[index]),
            spelling_nats=float(self.spelling_nats[index]),
            rank=int(self.ranks[index]),
            known=bool(self.known[index]),
            alternatives=tuple(Alternative(self.vocabulary.token(one), math.exp(-nats)) for one, nats in alternatives),
        )

    def __iter__(self) -> Iterator[TokenSurprise]:
        return (self[index] for index in range(len(self)))


def text_surprise(model: LanguageModel, tokenizer: Tokenizer, text: str, alternatives: int = 5) -> TextSurprise:
    """The surprise of a text, read as ``TrainedModel.score`` reads it: a document of its own.

    Args:
        model: the model; any head.
        tokenizer: the model's.
        text: what is read.
        alternatives: K, how many of the most probable tokens are kept at each place; at most the vocabulary's size.

    Raises:
        UserError: the text holds no token to score, or ``alternatives`` is negative.
    """
    if alternatives < 0:
        raise UserError(f"alternatives={alternatives} must not be negative.")
    document = scored_document(tokenizer, text)
    kept = min(alternatives, len(tokenizer.vocabulary))
    nats, ranks, likely, likely_nats = [], [], [], []
    with progress("surprise", len(document.tokens)) as advance:
        for hidden, targets in hidden_windows(model, ScoringLoader(document.ids, streams=1)):
            for log_p, wanted in log_probabilities(model.head, hidden, targets):
                own = log_p.gather(1, wanted[:, None])  # (R, 1)
                best = log_p.topk(kept)
                nats.append(-own[:, 0].cpu().numpy())
                ranks.append(1 + (log_p > own).sum(-1).cpu().numpy())
                likely.append(best.indices.cpu().numpy())
                likely_nats.append(-best.values.cpu().numpy())
                advance(len(wanted))
    return TextSurprise(
        tokens=document.tokens,
        context=document.context,
        characters=document.characters,
        nats=np.concatenate(nats),
        spelling_nats=document.spelling_nats,
        ranks=np.concatenate(ranks),
        known=document.ids[1:] != tokenizer.vocabulary.unknown_id,
        alternative_ids=np.concatenate(likely),
        alternative_nats=np.concatenate(likely_nats),
        tokenizer=tokenizer,
    )
