"""The cleaned text of a corpus on disk: written once, a document after the other, and read again by stretches."""

import errno
import re
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from lstmlab.errors import UserError
from lstmlab.text.chapters import CHAPTER_START
from lstmlab.text.division import LONGEST_WORD, out_of_word
from lstmlab.text.document import Document, Part

_READ = 1 << 20  # bytes; a block goes on to the end of its line, at most as much again


@dataclass
class SpooledDocument:
    """Where a document stands in the file, and what was counted while it was written."""

    name: str
    part: Part | None
    first_byte: int
    characters: int = 0
    stop_byte: int = 0
    marks: list[tuple[int, int]] = field(default_factory=list)  # (character, byte) at which a block begins
    chapters: list[int] = field(default_factory=list)  # characters at which a chapter begins
    report: dict[str, Any] = field(default_factory=dict)


class Spool:
    """A file of text that grows by documents; ``chapters`` says whether to look for where chapters begin."""

    def __init__(self, path: Path, *, chapters: bool = False) -> None:
        self.path = path
        self.documents: list[SpooledDocument] = []
        self._chapters = chapters
        with writing(path.parent):
            self._file = path.open("wb")

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def add(self, document: Document) -> SpooledDocument:
        """Write a document's text to the end of the file."""
        position = self._file.tell()
        entry = SpooledDocument(document.name, document.part, position)
        line_begins = True
        for block in filter(None, document.blocks()):
            raw = block.encode("utf-8", "surrogatepass")
            entry.marks.append((entry.characters, position))
            if self._chapters:
                starts = [start for start in _line_starts(block, line_begins) if CHAPTER_START.match(block, start)]
                entry.chapters += [entry.characters + start for start in starts]
                line_begins = block.endswith("\n")
            with writing(self.path.parent):
                self._file.write(raw)
            position += len(raw)
            entry.characters += len(block)
        with writing(self.path.parent):
            self._file.flush()
        entry.stop_byte, entry.report = position, document.report
        self.documents.append(entry)
        return entry

    def byte_of(self, document: SpooledDocument, character: int) -> int:
        """Where in the file a document's character stands."""
        if character >= document.characters:
            return document.stop_byte
        first, text = self._block_at(document, character)
        mark = document.marks[bisect_right(document.marks, character, key=lambda mark: mark[0]) - 1][1]
        return mark + len(text[: character - first].encode("utf-8", "surrogatepass"))

    def out_of_word(self, document: SpooledDocument, character: int) -> int:
        """The first position from ``character`` on that does not fall inside a word of the document."""
        start = self.byte_of(document, max(0, character - 1))
        stop = self.byte_of(document, min(document.characters, character + LONGEST_WORD))
        around = _bytes(self.path, start, stop).decode("utf-8", "surrogatepass")
        before = min(character, 1)
        return character - before + out_of_word(around, before)

    def _block_at(self, document: SpooledDocument, character: int) -> tuple[int, str]:
        index = bisect_right(document.marks, character, key=lambda mark: mark[0]) - 1
        stop = document.marks[index + 1][1] if index + 1 < len(document.marks) else document.stop_byte
        first, start = document.marks[index]
        return first, _bytes(self.path, start, stop).decode("utf-8", "surrogatepass")


def read_stretch(path: Path, start: int, stop: int) -> Iterator[str]:
    """The text between two bytes of a file, in blocks that end with a line, or in a long one with a word."""
    with path.open("rb") as file:
        file.seek(start)
        left = stop - start
        rest = b""
        while left or rest:
            raw = file.read(min(_READ, left))
            raw += file.readline(min(_READ, left - len(raw)))
            if left and not raw:
                raise EOFError(f"{path} is shorter than it was")
            left -= len(raw)
            raw = rest + raw
            whole = len(raw) if not left or raw.endswith(b"\n") else _whole_words(raw)
            rest = raw[whole:]
            yield raw[:whole].decode("utf-8", "surrogatepass")


def _whole_words(raw: bytes) -> int:
    """How many of the bytes end with a white space, where one is near the end; else with a whole character."""
    space = max(raw.rfind(b" ", len(raw) // 2), raw.rfind(b"\t", len(raw) // 2))
    return space + 1 or _whole_characters(raw)


def _whole_characters(raw: bytes) -> int:
    """How many of the bytes are whole characters: all but those of a last one that is cut."""
    for back in range(1, min(4, len(raw)) + 1):
        byte = raw[-back]
        if byte & 0xC0 != 0x80:  # the first byte of a character
            length = 1 if byte < 0x80 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(raw) if length == back else len(raw) - back
    return len(raw)


def _bytes(path: Path, start: int, stop: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(stop - start)


def _line_starts(block: str, at_start: bool) -> Iterator[int]:
    if at_start:
        yield 0
    for newline in re.finditer("\n", block):
        yield newline.end()


@contextmanager
def writing(workplace: Path) -> Iterator[None]:
    """Name the cache directory where it cannot be written. (An error while documents are read is another matter.)"""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOMEM:  # nothing that another place would mend
            raise
        raise UserError(
            f"the prepared corpus cannot be written to {workplace.parent} ({error.strerror or error}); mend that place"
            " or name another cache directory with the environment variable LSTMLAB_CACHE."
        ) from error
