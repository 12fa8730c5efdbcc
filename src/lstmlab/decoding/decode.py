"""Many contexts, several sequences each, by any decoding."""

from collections.abc import Sequence

from lstmlab.decoding.beam import beam_search
from lstmlab.decoding.context import Context
from lstmlab.decoding.continuation import Continuation
from lstmlab.decoding.drawing import sequence_seeds
from lstmlab.decoding.limits import Limits
from lstmlab.decoding.settings import Decoding
from lstmlab.decoding.step_model import StepModel
from lstmlab.decoding.stepwise import continuations
from lstmlab.errors import UserError


def check_request(decoding: Decoding, limits: Limits, num_sequences: int) -> None:
    """What can be wrong with a request beside its decoding.

    Raises:
        UserError: a value is out of range, or two contradict each other.
    """
    for name, value, least in (
        ("max_tokens", limits.max_tokens, 0),
        ("min_tokens", limits.min_tokens, 0),
        ("num_sequences", num_sequences, 1),
    ):
        if value < least:
            raise UserError(f"{name}={value} must be at least {least}.")
    if limits.min_tokens > limits.max_tokens:
        raise UserError(
            f"min_tokens={limits.min_tokens} and max_tokens={limits.max_tokens} exclude each other: raise max_tokens or"
            " lower min_tokens."
        )
    if decoding.name == "beam" and num_sequences > decoding.beams:
        raise UserError(
            f"num_sequences={num_sequences} and decoding.num_beams={decoding.beams} exclude each other: a search"
            " returns at most as many sequences as it has beams; raise num_beams."
        )
    if num_sequences > 1 and not decoding.draws and decoding.name != "beam":
        named = "decoding=greedy" if decoding.name == "greedy" else f"decoding.temperature={decoding.temperature:g}"
        raise UserError(
            f"num_sequences={num_sequences} and {named} exclude each other: all sequences would be the same; take"
            " decoding=sample with a temperature above 0, or decoding=beam."
        )


def decode(
    model: StepModel,
    contexts: Sequence[Context],
    decoding: Decoding,
    limits: Limits,
    *,
    num_sequences: int = 1,
    seed: int = 0,
) -> list[list[Continuation]]:
    """``num_sequences`` continuations of each context; a context's are the same alone and among others, to rounding.

    Raises:
        UserError: as ``check_request``, or the model's logits are not numbers.
    """
    check_request(decoding, limits, num_sequences)
    if not contexts:
        return []
    if decoding.name == "beam":
        return beam_search(model, contexts, decoding, limits, num_sequences)
    repeated = [context for context in contexts for _ in range(num_sequences)]
    seeds = [one for context in contexts for one in sequence_seeds(seed, context.ids, num_sequences)]
    flat = continuations(model, repeated, decoding, limits, seeds)
    return [flat[first : first + num_sequences] for first in range(0, len(flat), num_sequences)]
