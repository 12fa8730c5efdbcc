"""The longest passage that texts share with the training text, with its place there."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from lstmlab.evaluation.novelty.index import Matches, TrainingIndex
from lstmlab.text.chapters import CHAPTER_START

_CONTEXT = 40  # characters on each side


@dataclass(frozen=True)
class Passage:
    """A passage of one of some texts that the training text holds, word for word.

    ``text_number`` (from 1) and ``start`` (a character, from 0) say where it stands among the texts; ``document``,
    ``character`` (from 0, of the cleaned text), ``line`` (from 1) and ``chapter`` (its heading, where there is one)
    where it first stands in the training text, of ``occurrences`` times. ``before`` and ``after`` is what surrounds it
    there.
    """

    passage: str
    text_number: int
    start: int
    document: str
    character: int
    line: int
    chapter: str | None
    occurrences: int
    before: str
    after: str

    @property
    def characters(self) -> int:
        return len(self.passage)

    def place(self) -> str:
        """Where it is, in words."""
        chapter = f", {self.chapter}" if self.chapter else ""
        line = f", line {self.line:,}" if self.line > 1 else ""
        often = f", first of {self.occurrences:,} times" if self.occurrences > 1 else ""
        return f"{self.document}{chapter}{line}, character {self.character + 1:,}{often}"


def longest_passage(index: TrainingIndex, texts: Sequence[str], matches: Sequence[Matches]) -> Passage | None:
    """The longest passage of any of the texts, the first of equals; None where they share no character."""
    longest = [int(match.lengths.max(initial=0)) for match in matches]
    number = int(np.argmax(longest))
    if not longest[number]:
        return None
    start, length = int(np.argmax(matches[number].lengths)), longest[number]
    found = index.occurrences(matches[number], start)
    document, character = found[0]
    text = index.texts[document]
    stop = character + length
    headings = list(takewhile(lambda heading: heading.start() <= character, CHAPTER_START.finditer(text)))
    return Passage(
        passage=text[character:stop],
        text_number=number + 1,
        start=start,
        document=index.names[document],
        character=character,
        line=1 + text.count("\n", 0, character),
        chapter=headings[-1][0].strip() if headings else None,
        occurrences=len(found),
        before=text[max(0, character - _CONTEXT) : character],
        after=text[stop : stop + _CONTEXT],
    )
