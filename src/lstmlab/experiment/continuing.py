"""Texts of a given length in characters, whatever the model's tokens are."""

import math
from collections.abc import Sequence
from typing import Any

from lstmlab.errors import UserError
from lstmlab.trained_model import TrainedModel

_ROOM = 1.2  # tokens that are asked for, of those that so many characters of training text take
_BYTES_A_CHARACTER = 4  # tokens that a character may be spread over, at most


def continue_prompts(
    model: TrainedModel,
    prompts: Sequence[str],
    characters: int,
    decoding: dict[str, Any],
    *,
    tokens_a_character: float,
    seed: int,
) -> list[str]:
    """What the model writes behind each prompt: exactly so many characters, through ends of documents.

    Args:
        model: the model.
        prompts: texts, all continued in one batch.
        characters: of each text that is written.
        decoding: as of ``TrainedModel.complete``.
        tokens_a_character: of the training text, about.
        seed: of all that is drawn.

    Raises:
        UserError: the decoding leaves no token to choose before that.
    """
    tokens = math.ceil(characters * min(1.0, _ROOM * tokens_a_character))
    while True:
        found = model.complete(prompts, tokens, min_tokens=tokens, seed=seed, **decoding)
        shortest = min(found, key=lambda one: len(one.text))
        if len(shortest.text) >= characters:
            return [one.text[:characters] for one in found]
        if shortest.finish == "blocked" or tokens >= _BYTES_A_CHARACTER * characters:
            raise UserError(
                f"decodings: {decoding} leaves no token to choose after {len(shortest.text):,} of {characters:,}"
                " characters; loosen it or lower characters."
            )
        tokens = min(2 * tokens, _BYTES_A_CHARACTER * characters)
