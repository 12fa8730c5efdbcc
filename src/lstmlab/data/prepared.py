"""A corpus as ids on disk: memory-mapped arrays, the vocabulary beside them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from lstmlab.data.spool import read_stretch
from lstmlab.text.document import PARTS, Document, Part
from lstmlab.text.tokenizer import Tokenizer, tokenizer_from_dict


class DamagedCacheError(Exception):
    """A directory is no whole prepared corpus: files are missing, cut short or unreadable."""


@dataclass(frozen=True)
class PartFigures:
    """What was counted while a part was encoded."""

    documents: int = 0
    characters: int = 0  # of the cleaned text
    tokens: int = 0  # ends of documents included
    unknown: int = 0
    first_token_characters: int = 0  # the first token of a part is context, never scored
    leading: int = 0  # 1 where an end of a document stands in front of ``ids``, counted nowhere: the training part


@dataclass(frozen=True)
class DocumentFigures:
    """A document of the corpus: how it was read, and what became of it."""

    name: str
    characters: int  # of the cleaned text
    tokens: dict[Part, int]  # by part, ends of documents included
    report: dict[str, Any]  # of the reading and cleaning, where it was a file


@dataclass(frozen=True)
class PreparedPart:
    """One part of a prepared corpus.

    ``ids`` is (N,), memory-mapped. ``unknown_nats`` is the spelling cost of each unknown token, in nats, at the
    positions ``unknown_positions`` of ``ids``. ``stretches`` are its bytes in the file of the cleaned text.
    """

    name: Part
    ids: NDArray[np.integer]
    figures: PartFigures
    unknown_positions: NDArray[np.int64]
    unknown_nats: NDArray[np.float64]
    text_path: Path
    stretches: list[tuple[int, int]] = field(repr=False)

    @property
    def scored_characters(self) -> int:
        """Characters of all tokens but the first: what a held-out figure is divided by."""
        return self.figures.characters - self.figures.first_token_characters

    def spelling_nats(self) -> float:
        """The spelling cost of the unknown tokens among those that are scored, in nats."""
        return float(self.unknown_nats[self.unknown_positions > 0].sum())

    def blocks(self) -> Iterator[str]:
        """The cleaned text of the part in blocks of bounded size, documents joined without a separator."""
        for start, stop in self.stretches:
            yield from read_stretch(self.text_path, start, stop)

    def text(self) -> str:
        """The cleaned text of the part, documents joined without a separator."""
        return "".join(self.blocks())

    def tail(self, characters: int) -> str:
        """The last so many characters of ``text``, without reading all of it."""
        kept, length = [], 0
        for start, stop in reversed(self.stretches):
            # A character is at most four bytes long. What is cut in front is cut at a character.
            start = max(start, _next_character(self.text_path, stop - 4 * (characters - length), stop))
            kept.append("".join(read_stretch(self.text_path, start, stop)))
            length += len(kept[-1])
            if length >= characters:
                break
        text = "".join(reversed(kept))
        return text[max(0, len(text) - characters) :]


@dataclass(frozen=True)
class PreparedCorpus:
    """The parts of a corpus that have a share, and the tokenizer fitted on the training part."""

    directory: Path
    tokenizer: Tokenizer
    parts: dict[Part, PreparedPart]
    documents: list[DocumentFigures]

    def documents_of(self, part: Part) -> list[Document]:
        """The cleaned text of a part by documents, those that have some there; each is read when it is wanted, once."""
        names = [document.name for document in self.documents if part in document.tokens]
        path, stretches = self.parts[part].text_path, self.parts[part].stretches
        # A document has one stretch of a part at most, and both lists are in the order of the corpus.
        return [Document(name, read_stretch(path, *stretch)) for name, stretch in zip(names, stretches, strict=True)]

    @classmethod
    def open(cls, directory: Path) -> "PreparedCorpus":
        """Memory-map what ``build`` wrote.

        Raises:
            DamagedCacheError: something is missing there or does not fit together.
        """
        try:
            plain = json.loads((directory / "corpus.json").read_text(encoding="utf-8"))
            names = [name for name in PARTS if name in plain["parts"]]
            parts = {name: _open_part(directory, name, **plain["parts"][name]) for name in names}
            documents = [DocumentFigures(**entry) for entry in plain["documents"]]
            if (directory / TEXT).stat().st_size != plain["bytes"]:
                raise ValueError("the text is not as long as corpus.json says")
            return cls(directory, tokenizer_from_dict(plain["tokenizer"]), parts, documents)
        except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
            raise DamagedCacheError(f"{directory}: {error}") from error


TEXT = "corpus.text"  # not .txt: a cache inside data.path must not become part of the corpus


def _open_part(
    directory: Path, name: Part, figures: dict[str, int], dtype: str, stretches: list[list[int]]
) -> PreparedPart:
    with np.load(directory / f"{name}.unknown.npz") as unknown:
        positions, nats = unknown["positions"], unknown["nats"]
    counted = PartFigures(**figures)
    path = directory / f"{name}.ids"
    # Raw numbers without a header: they are written as they come, before anyone knows how many there will be.
    ids = np.memmap(path, np.dtype(dtype), "r") if path.stat().st_size else np.zeros(0, np.dtype(dtype))
    if len(ids) != counted.leading + counted.tokens or not len(positions) == len(nats) == counted.unknown:
        raise ValueError(f"{name} is not as long as corpus.json says")
    return PreparedPart(
        name, ids, counted, positions, nats, directory / TEXT, [(start, stop) for start, stop in stretches]
    )


def _next_character(path: Path, position: int, stop: int) -> int:
    """The first byte from ``position`` on at which a character begins."""
    with path.open("rb") as file:
        file.seek(max(0, position))
        raw = file.read(min(4, stop - max(0, position)))
    return max(0, position) + next((index for index, byte in enumerate(raw) if byte & 0xC0 != 0x80), 0)
