"""Beam search: the sequences of highest score that following several hypotheses at once finds."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lstmlab.decoding.context import Context, read_contexts
from lstmlab.decoding.continuation import Continuation
from lstmlab.decoding.history import History
from lstmlab.decoding.limits import Finish, Limits
from lstmlab.decoding.pipeline import Pipeline
from lstmlab.decoding.settings import Decoding
from lstmlab.decoding.step_model import StepModel
from lstmlab.errors import UserError
from lstmlab.nn import select_state


@dataclass(frozen=True)
class _Hypothesis:
    """A sequence so far and its summed processed log-probability."""

    total: float
    ids: tuple[int, ...] = ()
    log_probs: tuple[float, ...] = ()

    def finished(self, finish: Finish, tokens: int, length_penalty: float) -> Continuation:
        """``tokens``: its length, the end included."""
        return Continuation(self.ids, self.log_probs, finish, self.total / float(max(1, tokens) ** length_penalty))


@dataclass
class _Beam:
    """The search for one context."""

    context: Context
    running: list[_Hypothesis]  # best first
    finished: list[Continuation] = field(default_factory=list)  # best first, at most as many as hypotheses run
    done: bool = False


@torch.no_grad()
def beam_search(
    model: StepModel, contexts: Sequence[Context], decoding: Decoding, limits: Limits, num_sequences: int = 1
) -> list[list[Continuation]]:
    """For each context the ``num_sequences`` best continuations that were finished, best first.

    At each position the 2W best extensions of W hypotheses are looked at. Those among the first W that are finished
    leave the beam with score = Σ ln p ÷ length^length_penalty; the best W others run on. When a search stops is said
    in ``Decoding.early_stopping``. Fewer than ``num_sequences`` come back only where fewer sequences are possible.
    """
    width = decoding.beams
    if limits.max_tokens < 1:
        return [[Continuation((), (), "length", 0.0)] * num_sequences for _ in contexts]
    beams = [_Beam(context, [_Hypothesis(0.0)]) for context in contexts]
    state, token = read_contexts(model, contexts)  # a row a context until the first choice
    pipeline = Pipeline(decoding, limits, model.device)
    history = History(contexts, model.device) if pipeline.needs_history else None
    active = beams
    for generated in range(limits.max_tokens):
        logits, state = model.step(token, state)  # (R, V), a row a running hypothesis
        if bool(logits.isnan().any()):
            raise UserError("the model's logits are not numbers: training spoilt its weights; load another.")
        raw = logits.log_softmax(-1)
        scores = pipeline(raw, history.ids if history else None, generated).double()
        scores += _column([hypothesis.total for beam in active for hypothesis in beam.running], scores)
        parents, tokens, first_row = [], [], 0
        for beam in active:
            rows = range(first_row, first_row + len(beam.running))
            first_row = rows.stop
            candidates = _best(scores[rows.start : rows.stop], raw[rows.start : rows.stop], 2 * width)
            chosen = _advance(beam, candidates, decoding, limits, generated + 1)
            if not beam.done:
                parents += [rows.start + parent for parent, _ in chosen]
                tokens += [token for _, token in chosen]
        active = [beam for beam in active if not beam.done]
        if not active:
            break
        reordered = torch.tensor(parents, device=model.device)
        state = select_state(state, reordered)  # all that a hypothesis carries comes from its parent
        token = torch.tensor(tokens, device=model.device)
        if history is not None:
            history.select(reordered)
            history.append(token)
    return [beam.finished[:num_sequences] for beam in beams]


def _column(values: list[float], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=like.dtype, device=like.device)[:, None]


def _best(scores: Tensor, raw: Tensor, count: int) -> list[tuple[float, int, int, float]]:
    """The best of scores (R, V) as (score, row, id, ln p by the model), best first; none of −∞."""
    size = scores.shape[1]
    best, flat = scores.flatten().topk(min(count, scores.numel()))
    rows, ids = flat // size, flat % size
    own = raw[rows, ids]
    found = zip(best.tolist(), rows.tolist(), ids.tolist(), own.tolist(), strict=True)
    return [candidate for candidate in found if candidate[0] > -torch.inf]


def _advance(
    beam: _Beam, candidates: list[tuple[float, int, int, float]], decoding: Decoding, limits: Limits, tokens: int
) -> list[tuple[int, int]]:
    """Let a search go on by one token: its finished and running hypotheses, and whether it is done.

    Gives (parent, id) of each hypothesis that runs now. ``tokens``: how long the candidates are.
    """
    width, before = decoding.beams, beam.running
    running: list[_Hypothesis] = []
    chosen: list[tuple[int, int]] = []
    for rank, (total, parent, one, log_prob) in enumerate(candidates):
        old = before[parent]
        finish: Finish | None = "end"
        if one == limits.end:
            hypothesis = _Hypothesis(total, old.ids, old.log_probs)
        else:
            hypothesis = _Hypothesis(total, (*old.ids, one), (*old.log_probs, log_prob))
            finish = limits.finish(hypothesis.ids, beam.context.prompt)
        if finish is None:
            if len(running) < width:
                running.append(hypothesis)
                chosen.append((parent, one))
        elif rank < width:
            beam.finished.append(hypothesis.finished(finish, tokens, decoding.length_penalty))
    if not candidates and not beam.finished:
        beam.finished = [old.finished("blocked", tokens - 1, decoding.length_penalty) for old in before]
    beam.finished = sorted(beam.finished, key=lambda each: -each.score)[:width]
    beam.running = running
    beam.done = not running or (len(beam.finished) == width and _settled(beam, decoding, limits, tokens))
    return chosen


def _settled(beam: _Beam, decoding: Decoding, limits: Limits, tokens: int) -> bool:
    """Whether a search with ``num_beams`` finished sequences stops, by the meaning of ``early_stopping``."""
    if decoding.early_stopping is True:
        return True
    longest = decoding.early_stopping == "never" and decoding.length_penalty > 0
    length = limits.max_tokens if longest else tokens
    hoped = beam.running[0].total / float(length**decoding.length_penalty)
    return hoped <= beam.finished[-1].score
