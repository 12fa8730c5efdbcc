"""A document: one text of a corpus."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Part = Literal["train", "val", "test"]
PARTS: tuple[Part, ...] = get_args(Part)

BLOCK = 1 << 20  # characters of a text that are in memory at once


@dataclass(frozen=True)
class Document:
    """One text of a corpus, whole or as blocks that are read as they are wanted, once.

    ``part`` is set where the corpus brings its own division into files. ``report`` says how the text was read and what
    cleaning took out of it; it is complete when the last block has been read.
    """

    name: str
    text: str | Iterable[str]
    part: Part | None = None
    report: dict[str, Any] = field(default_factory=dict)

    def blocks(self) -> Iterator[str]:
        """The text in blocks of bounded size."""
        for text in [self.text] if isinstance(self.text, str) else self.text:
            for start in range(0, len(text), BLOCK):
                yield text[start : start + BLOCK]
