"""A text into words, exactly as jieba does: route, then hidden Markov model, then what is joined."""

import re
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lstmlab.text.segmentation.characters import Characters, runs
from lstmlab.text.segmentation.hmm import word_ends
from lstmlab.text.segmentation.routes import Route

# jieba.finalseg.re_skip: what a run without Han characters is cut into, and the stretches between.
_LETTERS = re.compile(r"[a-zA-Z0-9]+(?:\.\d+)?%?")
_CARRIAGE_RETURN, _NEWLINE = ord("\r"), ord("\n")


def boundaries(text: str, route: Route, hmm: bool) -> NDArray[np.int64]:
    """Where the tokens of a text begin, and its end: (tokens + 1,). They are those of ``jieba.lcut(text, HMM=hmm)``."""
    if not text:
        return np.zeros(1, dtype=np.int64)
    characters = Characters.of(text)
    begins = route.begins(characters)
    single = begins[:-1] & begins[1:] & characters.in_block
    if hmm:
        _find_words(characters, begins, single, route)
    else:
        letters = single & characters.alnum
        begins[1:-1] &= ~(letters[1:] & letters[:-1])
    returns = characters.points == _CARRIAGE_RETURN
    begins[1:-1] &= ~(returns[:-1] & (characters.points[1:] == _NEWLINE))
    return np.flatnonzero(begins)


def _find_words(characters: Characters, begins: NDArray[np.bool_], single: NDArray[np.bool_], route: Route) -> None:
    """Join in ``begins`` what the model takes for words, in the runs of single characters that the route left."""
    first, behind = runs(single)
    longer = behind - first > 1
    first, behind = first[longer], behind[longer]
    text = characters.text
    spelt = [text[a:b] for a, b in zip(first.tolist(), behind.tolist(), strict=True)]
    # A run that the dictionary has, but the route did not take, stays cut.
    unknown = ~np.fromiter(map(route.has_word.__getitem__, spelt), dtype=bool, count=len(spelt))
    first, behind = first[unknown], behind[unknown]
    edges = np.zeros(len(text) + 1, dtype=np.int8)
    edges[first] = 1
    edges[behind] = -1  # runs are apart, so none begins where another ends
    inside = np.cumsum(edges[:-1], dtype=np.int8).astype(bool)
    _join_letters(text, begins, *runs(inside & ~characters.han))
    _join_han(characters, begins, *runs(inside & characters.han), route)


def _join_letters(text: str, begins: NDArray[np.bool_], first: NDArray[np.int64], behind: NDArray[np.int64]) -> None:
    for a, b in zip(first.tolist(), behind.tolist(), strict=True):
        begins[a + 1 : b] = False
        for match in _LETTERS.finditer(text[a:b]):
            begins[[a + match.start(), a + match.end()]] = True


def _join_han(
    characters: Characters,
    begins: NDArray[np.bool_],
    first: NDArray[np.int64],
    behind: NDArray[np.int64],
    route: Route,
) -> None:
    if not len(first):
        return
    lengths = behind - first
    ends = word_ends(characters.points, first, lengths)
    inner = np.zeros(len(begins), dtype=np.int8)  # +1 behind a run's first character, -1 behind its last
    np.add.at(inner, first + 1, 1)
    np.add.at(inner, behind, -1)
    within = np.cumsum(inner, dtype=np.int8).astype(bool)
    begins[1:] &= ends | ~within[1:]
    if route.forced:
        _cut_forced(characters.text, begins, first, behind, route.forced)


def _cut_forced(
    text: str,
    begins: NDArray[np.bool_],
    first: NDArray[np.int64],
    behind: NDArray[np.int64],
    forced: frozenset[str],
) -> None:
    """Cut into characters the words among those found that a user dictionary gives the frequency 0."""
    for a, b in zip(first.tolist(), behind.tolist(), strict=True):
        cuts = [*(a + np.flatnonzero(begins[a:b])).tolist(), b]
        for left, right in pairwise(cuts):
            if text[left:right] in forced:
                begins[left:right] = True
