"""Greedy decoding and sampling: one token at a time for many sequences side by side."""

from collections.abc import Iterator, Sequence
from math import isnan
from typing import NamedTuple

import torch

from lstmlab.decoding.context import Context, read_contexts
from lstmlab.decoding.continuation import Continuation
from lstmlab.decoding.drawing import Uniforms, draw
from lstmlab.decoding.history import History
from lstmlab.decoding.limits import Finish, Limits
from lstmlab.decoding.pipeline import Pipeline
from lstmlab.decoding.settings import Decoding
from lstmlab.decoding.step_model import StepModel
from lstmlab.errors import UserError
from lstmlab.nn import select_state


class Chosen(NamedTuple):
    """What one step gave one sequence."""

    row: int  # of the contexts
    id: int | None  # None: the end, or nothing was left to choose
    log_prob: float  # of the id or the end, by the model itself; 0 where nothing was left
    finish: Finish | None  # why the sequence is finished; None: it goes on


@torch.no_grad()
def stepwise(
    model: StepModel, contexts: Sequence[Context], decoding: Decoding, limits: Limits, seeds: Sequence[int]
) -> Iterator[Chosen]:
    """Step by step what each unfinished sequence goes on with; a row that is finished is computed no longer.

    ``seeds``: one a context; with the same seed a context is continued the same way, alone or among others.
    """
    live = list(range(len(contexts)))
    if limits.max_tokens < 1:
        return
    state, token = read_contexts(model, contexts)
    pipeline = Pipeline(decoding, limits, model.device)
    history = History(contexts, model.device) if pipeline.needs_history else None
    uniforms = Uniforms(seeds, model.device) if decoding.draws else None
    written: list[list[int]] = [[] for _ in contexts]
    for generated in range(limits.max_tokens):
        logits, state = model.step(token, state)  # (B, V)
        log_p = logits.log_softmax(-1)
        scores = pipeline(logits, history.ids if history else None, generated)
        token = scores.argmax(-1) if uniforms is None else draw(scores, uniforms.draw())  # (B,)
        blocked = pipeline.blocked(scores)
        nothing_left = [False] * len(live) if blocked is None else blocked.tolist()
        log_probs = log_p.gather(1, token[:, None])[:, 0].tolist()
        kept = []
        for place, (row, one) in enumerate(zip(live, token.tolist(), strict=True)):
            log_prob = log_probs[place]
            if isnan(log_prob):
                raise UserError("the model's logits are not numbers: training spoilt its weights; load another.")
            if nothing_left[place]:
                yield Chosen(row, None, 0.0, "blocked")
            elif one == limits.end:
                yield Chosen(row, None, log_prob, "end")
            else:
                written[row].append(one)
                finish = limits.finish(written[row], contexts[row].prompt)
                yield Chosen(row, one, log_prob, finish)
                if finish is None:
                    kept.append(place)
        if not kept:
            return
        if history is not None:
            history.append(token)
        if len(kept) < len(live):
            rows = torch.tensor(kept, device=model.device)
            live = [live[place] for place in kept]
            state, token = select_state(state, rows), token[rows]
            if history is not None:
                history.select(rows)
            if uniforms is not None:
                uniforms.select(kept)


def continuations(
    model: StepModel, contexts: Sequence[Context], decoding: Decoding, limits: Limits, seeds: Sequence[int]
) -> list[Continuation]:
    """``stepwise`` to its end: a continuation for each context."""
    ids: list[list[int]] = [[] for _ in contexts]
    log_probs: list[list[float]] = [[] for _ in contexts]
    totals = [0.0] * len(contexts)
    finishes: list[Finish] = ["length"] * len(contexts)
    for row, chosen, log_prob, finish in stepwise(model, contexts, decoding, limits, seeds):
        if chosen is not None:
            ids[row].append(chosen)
            log_probs[row].append(log_prob)
        totals[row] += log_prob
        finishes[row] = finish or finishes[row]
    return [
        Continuation(tuple(some), tuple(their), finish, total)
        for some, their, finish, total in zip(ids, log_probs, finishes, totals, strict=True)
    ]
