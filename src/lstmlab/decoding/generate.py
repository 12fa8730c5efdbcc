"""The decoding loop, one token at a time."""

from collections.abc import Iterator, Sequence

import torch

from lstmlab.decoding import processors
from lstmlab.decoding.sampling import Decoding
from lstmlab.models import LanguageModel


@torch.no_grad()
def generate(
    model: LanguageModel,
    context: Sequence[int],
    max_tokens: int,
    decoding: Decoding,
    *,
    seed: int,
    banned: Sequence[int] = (),
    end: int | None = None,
) -> Iterator[int]:
    """Ids that continue ``context``, at most ``max_tokens``; ``end`` finishes the text and is not yielded.

    The context is read in one pass, what follows step by step. ``banned`` ids are never chosen. The model must be in
    evaluation mode; the same seed gives the same ids on the same machine.
    """
    device = model.embedding.weight.device
    generator = torch.Generator(device=device).manual_seed(seed)
    never = torch.tensor(list(banned), dtype=torch.long, device=device)
    ids = torch.tensor([list(context)], dtype=torch.long, device=device)  # (1, N)
    state = None
    if ids.shape[1] > 1:
        _, state = model(ids[:, :-1], state)
    token = ids[:, -1]  # (1,)
    for _ in range(max_tokens):
        hidden, state = model.step(token, state)  # (1, H)
        logits = processors.ban(model.head.logits(hidden).float(), never)  # (1, V)
        token = decoding.choose(logits, generator)
        if end is not None and int(token) == end:
            return
        yield int(token)
