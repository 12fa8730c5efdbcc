"""Corpora that are files: read, cleaned, and fingerprinted by their bytes."""

import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lstmlab.data.module import TextData
from lstmlab.errors import UserError
from lstmlab.text.cleaning import CLEANINGS
from lstmlab.text.document import Document, Part
from lstmlab.text.reading import Reading, find_texts, read_blocks, read_chunks
from lstmlab.text.simplify import opencc_version
from lstmlab.text.simplify import simplified as to_simplified
from lstmlab.text.tokenizer import Tokenizer

log = logging.getLogger(__name__)


class FileData(TextData):
    """Documents that are files.

    Args:
        cleaning: what is done to the text, by name (``lstmlab.text.cleaning``).
        simplified: whether traditional Chinese characters become simplified ones (OpenCC).
        encoding: "auto" (byte-order mark, else UTF-8, else GB18030) or a codec that Python knows.
        max_characters: keep only so many characters of each document, None for all.
        **windows: tokenizer's companions of ``TextData``: seq_length, batch_size, split, holdout, scoring_streams.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        cleaning: str = "none",
        simplified: bool = False,
        encoding: str = "auto",
        max_characters: int | None = None,
        **windows: Any,
    ) -> None:
        super().__init__(tokenizer, **windows)
        if cleaning not in CLEANINGS:
            raise UserError(f"data.cleaning={cleaning} is none of {', '.join(CLEANINGS)}.")
        if max_characters is not None and max_characters < 1:
            raise UserError(f"data.max_characters={max_characters} must be at least 1, or null for all.")
        self.cleaning = cleaning
        self.simplified = simplified
        self.encoding = encoding
        self.max_characters = max_characters
        self.document_ends = cleaning != "d2l"

    def sources(self) -> list[tuple[Path, Part | None]]:
        """The files, each with the part it is where the corpus brings its own division."""
        raise NotImplementedError

    def documents(self) -> Iterator[Document]:
        for path, part in self.sources():
            report: dict[str, Any] = {}
            yield Document(path.name, self._text(path, report), part, report)

    def _text(self, path: Path, report: dict[str, Any]) -> Iterator[str]:
        """The cleaned text of a file; ``report`` is filled when it has been read."""
        reading, removed = Reading(), Counter[str]()
        blocks = CLEANINGS[self.cleaning](read_blocks(path, self.encoding, reading), removed)
        if self.simplified:
            blocks = to_simplified(blocks)
        characters = 0
        for block in _first(blocks, self.max_characters):
            characters += len(block)
            yield block
        if not characters:
            raise UserError(f"{path} has no text left after data.cleaning={self.cleaning}.")
        if reading.bad_bytes:
            bad = "1 byte is" if reading.bad_bytes == 1 else f"{reading.bad_bytes:,} bytes are"
            log.warning("%s: %s no %s, and U+FFFD stands there now.", path, bad, reading.encoding)
        report.update(asdict(reading) | {"removed": dict(removed)})

    def fingerprint(self) -> Iterable[bytes]:
        if type(self).documents is not FileData.documents or type(self)._text is not FileData._text:
            yield from super().fingerprint()  # what a class of the user's makes of the files is its own affair
            return
        converter = opencc_version() if self.simplified else None
        yield repr((self.cleaning, converter, self.encoding, self.max_characters)).encode()
        for path, part in self.sources():
            yield os.fsencode(path.name) + f":{part}".encode()
            yield from read_chunks(path)


class TextFiles(FileData):
    """Any text of the user's: a file, a directory of ``.txt`` files, or a glob; one document a file."""

    def __init__(self, tokenizer: Tokenizer, *, path: str | None = None, **options: Any) -> None:
        super().__init__(tokenizer, **options)
        if not path:
            raise UserError("data=text needs data.path: a file, a directory of .txt files, or a glob.")
        self.path = path

    def sources(self) -> list[tuple[Path, Part | None]]:
        return [(path, None) for path in find_texts(self.path)]


def _first(blocks: Iterable[str], characters: int | None) -> Iterator[str]:
    """The first so many characters, or all."""
    if characters is None:
        yield from blocks
        return
    left = characters
    for block in blocks:
        yield block[:left]
        left -= len(block)
        if left <= 0:
            return
