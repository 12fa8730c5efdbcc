"""A text as it is scored: a document of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmlab.errors import UserError
from lstmlab.text import Tokenizer


@dataclass(frozen=True)
class ScoredDocument:
    """What is read and what is scored of a text of N scored tokens.

    ``ids`` (N + 1,) begin with what is only read: the end of a document, where the corpus has document ends, elsewhere
    the text's own first token, which is then ``context``. ``spelling_nats`` (N,) is what the spelling of each unknown
    token costs, 0 for a known one; ``characters`` are those of the scored tokens.
    """

    ids: NDArray[np.int64]
    context: str
    tokens: Sequence[str]
    spelling_nats: NDArray[np.float64]
    characters: int


def scored_document(tokenizer: Tokenizer, text: str) -> ScoredDocument:
    """A text as ``TrainedModel.score`` reads it.

    Raises:
        UserError: it holds no token to score.
    """
    vocabulary = tokenizer.vocabulary
    start = [] if vocabulary.end_id is None else [vocabulary.end_id]
    ids = np.concatenate([np.asarray(start, np.int64), tokenizer.encode(text)])
    if len(ids) < 2:
        raise UserError(f"the text to score has {len(ids) - len(start)} tokens; give a longer one.")
    split = tokenizer.split(text)
    context = "" if start else tokenizer.join(split[:1])
    tokens = split if start else split[1:]
    spelt = (0.0 if token in vocabulary else tokenizer.speller.nats(token) for token in tokens)
    return ScoredDocument(
        ids, context, tokens, np.fromiter(spelt, np.float64, len(tokens)), characters=len(text) - len(context)
    )
