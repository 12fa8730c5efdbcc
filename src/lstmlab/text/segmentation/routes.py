"""The most probable route of dictionary words through a text: by jieba's own code, or by rjieba's."""

import logging
import re
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmlab.cache import cache_directory
from lstmlab.errors import UserError
from lstmlab.text.segmentation.characters import Characters
from lstmlab.text.segmentation.user_dictionary import Entries

_MOST_REMEMBERED = 1_000_000


class Remembered(dict[str, bool]):
    """Whether the dictionary has a word: asked once for each of the runs that come again and again in a text."""

    def __init__(self, has_word: Callable[[str], bool]) -> None:
        super().__init__()
        self._has_word = has_word

    def __missing__(self, word: str) -> bool:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        self[word] = found = self._has_word(word)
        return found


class Route(ABC):
    """Cuts blocks into dictionary words and single characters."""

    has_word: Mapping[str, bool]  # of every string; whether it is a word of the dictionary
    forced: frozenset[str] = frozenset()  # words that the user forbids, found by the model or not

    @abstractmethod
    def begins(self, characters: Characters) -> NDArray[np.bool_]:
        """Whether a word of the route begins at each of N characters, and True for the end of the text, (N + 1,).

        Letters and digits outside dictionary words are single characters here.
        """


def load_jieba() -> Any:
    """jieba, imported without the warnings of its import (pkg_resources, its regular expressions)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba
    return jieba


@cache
def _dictionary() -> Any:
    """A jieba.Tokenizer with jieba's dictionary, read once a process; not to be changed."""
    jieba = load_jieba()
    words = jieba.Tokenizer()
    # The version is in the name: jieba would read the dictionary of another version without a look.
    place = cache_directory() / f"jieba-{jieba.__version__}"
    with suppress(OSError):  # without a cache the dictionary is read from text, a second slower
        place.mkdir(parents=True, exist_ok=True)
    words.tmp_dir = str(place)
    level = jieba.default_logger.level
    jieba.setLogLevel(logging.CRITICAL + 1)
    try:
        words.initialize()
    finally:
        jieba.setLogLevel(level)
    return words


class JiebaRoute(Route):
    """By jieba's code, with a dictionary of its own, so that user words stay with this instance."""

    _BLOCK = re.compile(r"[\u4E00-\u9FD5a-zA-Z0-9+#&._%\-]+")

    def __init__(self, entries: Entries) -> None:
        shared = _dictionary()
        self._words = load_jieba().Tokenizer()
        self._words.FREQ = dict(shared.FREQ) if entries else shared.FREQ
        self._words.total = shared.total
        self._words.initialized = True
        for word, frequency in entries:
            self._add(word, frequency)
        self.forced = frozenset(word for word, frequency in entries if frequency == 0)
        self.has_word = Remembered(lambda word: bool(self._words.FREQ.get(word)))

    def _add(self, word: str, frequency: int | None) -> None:
        if frequency != 0:
            self._words.add_word(word, frequency)
            return
        # jieba's add_word would forbid it in every jieba of the process.
        for stop in range(1, len(word)):
            self._words.FREQ.setdefault(word[:stop], 0)
        self._words.FREQ[word] = 0

    def begins(self, characters: Characters) -> NDArray[np.bool_]:
        begins = np.ones(len(characters.text) + 1, dtype=bool)
        inside: list[int] = []  # the characters at which no word begins
        for match in self._BLOCK.finditer(characters.text):
            block, first = match.group(), match.start()
            route: dict[int, tuple[float, int]] = {}
            self._words.calc(block, self._words.get_DAG(block), route)
            here = 0
            while here < len(block):
                behind = route[here][1] + 1
                inside.extend(range(first + here + 1, first + behind))
                here = behind
        begins[inside] = False
        return begins


class RjiebaRoute(Route):
    """By rjieba's code, without its hidden Markov model, which is not quite jieba's."""

    def __init__(self) -> None:
        try:
            import rjieba
        except ImportError as error:
            raise UserError(
                "tokenizer.segmenter=rjieba needs the package rjieba: pip install 'lstmlab[rjieba]', or take jieba."
            ) from error
        self._words = rjieba.Jieba()
        self.has_word = Remembered(self._words.has_word)

    def begins(self, characters: Characters) -> NDArray[np.bool_]:
        # rjieba's blocks hold more kinds of Han characters, and it takes no surrogates: it gets none of either.
        words = self._words.cut(characters.blocks_only(), False)
        lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
        first = np.cumsum(lengths) - lengths
        begins = np.zeros(len(characters.text) + 1, dtype=bool)
        begins[first] = True
        begins[-1] = True
        if characters.alnum.any():
            # It joins single letters and digits. No word of the dictionary is of them alone: these were single.
            joined = np.logical_and.reduceat(characters.alnum, first)
            begins[:-1] |= np.repeat(joined, lengths)
        return begins


@lru_cache(maxsize=4)
def route(segmenter: str, entries: Entries) -> Route:
    """The route of a segmenter, "jieba" or "rjieba"; loaded once a process and user dictionary."""
    return RjiebaRoute() if segmenter == "rjieba" else JiebaRoute(entries)
