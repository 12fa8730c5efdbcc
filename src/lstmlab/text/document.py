"""A document and its contiguous parts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Part = Literal["train", "val", "test"]
PARTS: tuple[Part, ...] = get_args(Part)

# A cut moves forward to the next white space, so that no word is halved; text without spaces is cut where it falls.
_LONGEST_WORD = 64


@dataclass(frozen=True)
class Document:
    """One text of a corpus. ``part`` is set where the corpus brings its own division into files."""

    name: str
    text: str
    part: Part | None = None


def pieces(document: Document, split: Sequence[float]) -> Iterator[tuple[Part, str]]:
    """The contiguous parts of a document, in order: ``split`` gives the shares of (train, val, test).

    A part with a share of exactly 0 is not yielded, also where the document itself is that part. A document without a
    part of its own is cut, and the pieces joined are its text; a short one's may be empty.
    """
    if document.part is not None:
        if split[PARTS.index(document.part)] > 0:
            yield document.part, document.text
        return
    total = sum(split)
    start, reached = 0, 0.0
    last = max(index for index, share in enumerate(split) if share > 0)
    for index, (part, share) in enumerate(zip(PARTS, split, strict=True)):
        if share == 0:
            continue
        reached += share
        end = len(document.text) if index == last else _cut(document.text, round(reached / total * len(document.text)))
        end = max(start, end)
        yield part, document.text[start:end]
        start = end


def _cut(text: str, position: int) -> int:
    """The first position from ``position`` on that does not fall inside a word."""
    for candidate in range(position, min(position + _LONGEST_WORD, len(text))):
        if candidate == 0 or text[candidate].isspace() or text[candidate - 1].isspace():
            return candidate
    return position
