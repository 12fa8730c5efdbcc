"""Which characters jieba looks words up among, and which it always leaves alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# jieba.re_han_default is [\u4E00-\u9FD5a-zA-Z0-9+#&\._%\-]+: a run of these is a block, in which words are searched.
# Any other character is a token by itself, but for \r\n.
FIRST_HAN, LAST_HAN = 0x4E00, 0x9FD5
_ALNUM = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_SIGNS = "+#&._%-"


def _table(characters: str, han: bool) -> NDArray[np.bool_]:
    """Whether a character is of a kind, for code points up to one past the last Han character."""
    table = np.zeros(LAST_HAN + 2, dtype=bool)
    table[[ord(character) for character in characters]] = True
    table[FIRST_HAN : LAST_HAN + 1] = han
    return table


_BLOCK = _table(_ALNUM + _SIGNS, han=True)
_LETTER = _table(_ALNUM, han=False)


@dataclass(frozen=True)
class Characters:
    """A text of N characters as arrays, (N,) each.

    ``points`` are code points, those behind the last Han character as one more than that; ``in_block`` marks what words
    are made of, ``alnum`` ASCII letters and digits, ``han`` Han characters.
    """

    text: str
    points: NDArray[np.uint32]
    in_block: NDArray[np.bool_]
    alnum: NDArray[np.bool_]
    han: NDArray[np.bool_]

    @classmethod
    def of(cls, text: str) -> "Characters":
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        points = np.minimum(points, np.uint32(LAST_HAN + 1))
        in_block = _BLOCK[points]
        return cls(text, points, in_block, _LETTER[points], in_block & (points >= FIRST_HAN))

    def blocks_only(self) -> str:
        """The text with a newline in place of every character outside blocks: as long, and cut the same in blocks."""
        return np.where(self.in_block, self.points, ord("\n")).astype("<u4").tobytes().decode("utf-32-le")


def runs(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the runs of True begin and end (one behind the last), (R,) each."""
    steps = np.diff(mask.astype(np.int8), prepend=np.int8(0), append=np.int8(0))
    return np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
