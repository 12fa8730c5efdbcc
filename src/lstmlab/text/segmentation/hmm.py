"""jieba's hidden Markov model, which finds words that the dictionary lacks, over many runs of characters at once.

jieba.finalseg gives each character of a run one of the states B(egin), M(iddle), E(nd), S(ingle) by the Viterbi
algorithm. Here the same sums are made in the same order in double precision, so that the result is the same bit for
bit, ties included: rjieba's own model has rounded probabilities, and cuts 常在他 differently.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lstmlab.text.segmentation.characters import FIRST_HAN, LAST_HAN

_STATES = "BEMS"
_B, _E, _M, _S = range(4)
# The two states that may stand before each. jieba takes the greater of (probability, letter): the later letter wins a
# tie, so it is first here.
_BEFORE = ((_S, _E), (_M, _B), (_M, _B), (_S, _E))


@dataclass(frozen=True)
class _Model:
    """Natural logarithms of probabilities."""

    start: NDArray[np.float64]  # (4,)
    transition: NDArray[np.float64]  # (4, 4), from, to
    emission: NDArray[np.float64]  # (characters from FIRST_HAN on, 4)


@cache
def _model() -> _Model:
    from jieba import finalseg  # routes.load_jieba() has imported jieba without its warnings

    emission = np.full((LAST_HAN - FIRST_HAN + 1, len(_STATES)), finalseg.MIN_FLOAT)
    for column, state in enumerate(_STATES):
        for character, value in finalseg.emit_P[state].items():
            if FIRST_HAN <= ord(character) <= LAST_HAN:
                emission[ord(character) - FIRST_HAN, column] = value
    return _Model(
        start=np.array([finalseg.start_P[state] for state in _STATES]),
        transition=np.array([[finalseg.trans_P[a].get(b, finalseg.MIN_FLOAT) for b in _STATES] for a in _STATES]),
        emission=emission,
    )


def word_ends(points: NDArray[np.uint32], begins: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the model ends a word behind each character, (N,); False outside the runs.

    Args:
        points: code points of a text, (N,).
        begins: where runs of Han characters begin, (R,).
        lengths: how long they are, (R,), at least 1.
    """
    model = _model()
    ends = np.zeros(len(points), dtype=bool)
    order = np.argsort(-lengths, kind="stable")  # longest first: the runs that reach step t are the first ones
    begins, lengths = begins[order], lengths[order]
    steps = int(lengths[0])
    reach = np.searchsorted(-lengths, -np.arange(steps), side="left")  # (steps,): how many runs are longer than t
    best = model.start + model.emission[points[begins] - FIRST_HAN]  # (R, 4)
    came_from: list[NDArray[np.int8]] = [np.zeros((0, 4), dtype=np.int8)]
    for t in range(1, steps):
        emission = model.emission[points[begins[: reach[t]] + t] - FIRST_HAN]
        before, now = best[: reach[t]], np.empty_like(emission)
        choice: NDArray[np.int8] = np.empty(emission.shape, dtype=np.int8)
        for to, (later, earlier) in enumerate(_BEFORE):
            a = before[:, later] + model.transition[later, to] + emission[:, to]
            b = before[:, earlier] + model.transition[earlier, to] + emission[:, to]
            now[:, to] = np.maximum(a, b)
            choice[:, to] = np.where(a >= b, later, earlier)
        best[: reach[t]] = now  # a run that is over keeps what it ended with
        came_from.append(choice)
    state = np.where(best[:, _S] >= best[:, _E], _S, _E).astype(np.int8)
    for t in range(steps - 1, -1, -1):
        here = state[: reach[t]]
        ends[begins[: reach[t]] + t] = (here == _E) | (here == _S)
        if t:
            state[: reach[t]] = came_from[t][np.arange(reach[t]), here]
    return ends
