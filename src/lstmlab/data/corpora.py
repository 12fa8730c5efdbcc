"""The corpora: where documents come from."""

import os
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from lstmlab.data.download import PublishedFile, obtain
from lstmlab.data.module import TextData
from lstmlab.errors import UserError
from lstmlab.text.cleaning import CLEANINGS
from lstmlab.text.document import Document, Part
from lstmlab.text.reading import find_texts, read_bytes, read_text
from lstmlab.text.synthetic import MarkovSource
from lstmlab.text.tokenizer import Tokenizer


class FileData(TextData):
    """Documents that are files: read, cleaned, and fingerprinted by their bytes.

    Args:
        cleaning: what is done to the text, by name (``lstmlab.text.cleaning``).
        encoding: "auto" (byte-order mark, else UTF-8) or a codec that Python knows.
        max_characters: keep only so many characters of each document, None for all.
        **windows: tokenizer's companions of ``TextData``: seq_length, batch_size, split, scoring_streams.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        cleaning: str = "none",
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
        self.encoding = encoding
        self.max_characters = max_characters
        self.document_ends = cleaning != "d2l"

    def sources(self) -> list[tuple[Path, Part | None]]:
        """The files, each with the part it is where the corpus brings its own division."""
        raise NotImplementedError

    def documents(self) -> Iterator[Document]:
        clean = CLEANINGS[self.cleaning]
        for path, part in self.sources():
            text = clean(read_text(path, self.encoding))[: self.max_characters]
            if not text:
                raise UserError(f"{path} has no text left after data.cleaning={self.cleaning}.")
            yield Document(path.name, text, part)

    def fingerprint(self) -> Iterable[bytes]:
        yield repr((self.cleaning, self.encoding, self.max_characters)).encode()
        for path, part in self.sources():
            yield os.fsencode(path.name) + f":{part}".encode()
            yield read_bytes(path)


class Sample(FileData):
    """The tales that come with the package: ``language`` "en" or "zh"."""

    def __init__(self, tokenizer: Tokenizer, *, language: Literal["en", "zh"] = "en", **options: Any) -> None:
        super().__init__(tokenizer, **options)
        if language not in ("en", "zh"):
            raise UserError(f"data.language={language} is neither en nor zh.")
        self.language = language

    def sources(self) -> list[tuple[Path, Part | None]]:
        return [(Path(str(files("lstmlab.text") / "sample" / f"{self.language}.txt")), None)]


class TextFiles(FileData):
    """Any text of the user's: a file, a directory of ``.txt`` files, or a glob; one document a file."""

    def __init__(self, tokenizer: Tokenizer, *, path: str | None = None, **options: Any) -> None:
        super().__init__(tokenizer, **options)
        if not path:
            raise UserError("data=text needs data.path: a file, a directory of .txt files, or a glob.")
        self.path = path

    def sources(self) -> list[tuple[Path, Part | None]]:
        return [(path, None) for path in find_texts(self.path)]


class PublishedData(FileData):
    """A corpus that is published: found below ``root`` (default ``$LSTMLAB_DATA``), else downloaded."""

    published: tuple[tuple[PublishedFile, Part | None], ...]

    def __init__(self, tokenizer: Tokenizer, *, root: str | None = None, **options: Any) -> None:
        super().__init__(tokenizer, **options)
        self.root = root
        self._found: list[tuple[Path, Part | None]] | None = None  # looked for, and hashed, once

    def sources(self) -> list[tuple[Path, Part | None]]:
        if self._found is None:
            self._found = [(obtain(file, self.root), part) for file, part in self.published]
        return self._found


class TimeMachine(PublishedData):
    """H. G. Wells, The Time Machine, as used by *Dive into Deep Learning*."""

    published = (
        (
            PublishedFile(
                "time_machine/timemachine.txt",
                "http://d2l-data.s3-accelerate.amazonaws.com/timemachine.txt",
                "8424dbd9532ac81f7e5f0b6add90e6952baea29158309d7d1bf3884f4e12c516",
            ),
            None,
        ),
    )


class TinyShakespeare(PublishedData):
    """Karpathy's tiny shakespeare: 1,115,394 characters of the plays."""

    published = (
        (
            PublishedFile(
                "tiny_shakespeare/input.txt",
                "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
                "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            ),
            None,
        ),
    )


_WIKITEXT2 = "https://raw.githubusercontent.com/pytorch/examples/main/word_language_model/data/wikitext-2"


class WikiText2(PublishedData):
    """WikiText-2 (Merity et al. 2016), its own division into training, validation and test files."""

    published = (
        (
            PublishedFile(
                "wikitext2/train.txt",
                f"{_WIKITEXT2}/train.txt",
                "9e9fa1ad55b1c2c95b08e37dd8e653f638fac2c6de904b79e813611eefbc985f",
            ),
            "train",
        ),
        (
            PublishedFile(
                "wikitext2/valid.txt",
                f"{_WIKITEXT2}/valid.txt",
                "f0737ed31fc1329026e95cb8b98e19c2a182c39c240ab909dc31abf2f8af58e8",
            ),
            "val",
        ),
        (
            PublishedFile(
                "wikitext2/test.txt",
                f"{_WIKITEXT2}/test.txt",
                "d790b833ef8cf03a90db7bf1271b7520b83c45ce07ba3c1a9699df81e239eca0",
            ),
            "test",
        ),
    )


class Synthetic(TextData):
    """Text from a source whose entropy rate is known: see ``lstmlab.text.synthetic``.

    Args:
        characters: length of the text.
        text_seed: of the text; ``source_seed`` is that of the source's probabilities.
    """

    document_ends = False  # the source has no end: a document end would not be the source's

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        characters: int = 200_000,
        symbols: int = 8,
        order: int = 1,
        concentration: float = 0.5,
        source_seed: int = 0,
        text_seed: int = 0,
        **windows: Any,
    ) -> None:
        super().__init__(tokenizer, **windows)
        if characters < 2:
            raise UserError(f"data.characters={characters} must be at least 2.")
        if text_seed < 0 or source_seed < 0:
            raise UserError(f"data.text_seed={text_seed} and data.source_seed={source_seed} must not be negative.")
        self.characters = characters
        self.text_seed = text_seed
        self.source = MarkovSource(symbols, order, concentration, source_seed)

    def documents(self) -> Iterator[Document]:
        yield Document("synthetic", self.source.draw(self.characters, self.text_seed))

    def fingerprint(self) -> Iterable[bytes]:
        yield repr((self.source, self.characters, self.text_seed)).encode()
