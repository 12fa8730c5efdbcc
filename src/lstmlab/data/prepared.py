"""A corpus as ids on disk: memory-mapped arrays, the vocabulary beside them."""

import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from copy import copy
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4
from zipfile import BadZipFile

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from lstmlab.errors import UserError
from lstmlab.text.document import PARTS, Document, Part, pieces
from lstmlab.text.tokenizer import Tokenizer, tokenizer_from_dict

# A killed build's workplace is removed by a later build, once no build can still be at work there.
_ABANDONED_SECONDS = 24 * 3600


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
class PreparedPart:
    """One part of a prepared corpus.

    ``ids`` is (N,), memory-mapped. ``unknown_nats`` is the spelling cost of each unknown token, in nats, at the
    positions ``unknown_positions`` of ``ids``.
    """

    name: Part
    ids: NDArray[np.integer]
    figures: PartFigures
    unknown_positions: NDArray[np.int64]
    unknown_nats: NDArray[np.float64]
    text_path: Path

    @property
    def scored_characters(self) -> int:
        """Characters of all tokens but the first: what a held-out figure is divided by."""
        return self.figures.characters - self.figures.first_token_characters

    def spelling_nats(self) -> float:
        """The spelling cost of the unknown tokens among those that are scored, in nats."""
        return float(self.unknown_nats[self.unknown_positions > 0].sum())

    def text(self) -> str:
        """The cleaned text of the part, documents joined without a separator."""
        return self.text_path.read_bytes().decode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class PreparedCorpus:
    """The parts of a corpus that have a share, and the tokenizer fitted on the training part."""

    directory: Path
    tokenizer: Tokenizer
    parts: dict[Part, PreparedPart]

    @classmethod
    def open(cls, directory: Path) -> "PreparedCorpus":
        """Memory-map what ``build`` wrote.

        Raises:
            DamagedCacheError: something is missing there or does not fit together.
        """
        try:
            plain = json.loads((directory / "corpus.json").read_text(encoding="utf-8"))
            names = [name for name in PARTS if name in plain["parts"]]
            parts = {name: _open_part(directory, name, plain["parts"][name]) for name in names}
            return cls(directory, tokenizer_from_dict(plain["tokenizer"]), parts)
        except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
            raise DamagedCacheError(f"{directory}: {error}") from error


def _open_part(directory: Path, name: Part, figures: dict[str, int]) -> PreparedPart:
    with np.load(directory / f"{name}.unknown.npz") as unknown:
        positions, nats = unknown["positions"], unknown["nats"]
    part = PreparedPart(
        name=name,
        ids=np.load(directory / f"{name}.npy", mmap_mode="r"),
        figures=PartFigures(**figures),
        unknown_positions=positions,
        unknown_nats=nats,
        text_path=directory / f"{name}.text",  # not .txt: a cache inside data.path must not become part of it
    )
    if (
        len(part.ids) != part.figures.leading + part.figures.tokens
        or not len(positions) == len(nats) == part.figures.unknown
    ):
        raise ValueError(f"{name} is not as long as corpus.json says")
    part.text_path.stat()
    return part


def build(
    directory: Path,
    documents: Callable[[], Iterable[Document]],
    tokenizer: Tokenizer,
    split: Sequence[float],
    *,
    document_ends: bool,
    fit: bool = True,
) -> PreparedCorpus:
    """Clean text to ids on disk, one document in memory at a time.

    Written under a temporary name and renamed at the end: a killed run leaves no half cache, and where two runs race
    the first to finish wins and the other uses its result. A damaged cache that is in the way is replaced. The given
    tokenizer is left as it is: a copy is fitted, or with ``fit=False`` used as it stands.

    Raises:
        UserError: a part with a positive share has no token to be scored, or the directory cannot be written.
    """

    def parted() -> Iterator[tuple[Part, str]]:
        for document in documents():
            yield from ((part, text) for part, text in pieces(document, split) if text)

    if fit:
        tokenizer = copy(tokenizer)
        tokenizer.fit((text for part, text in parted() if part == "train"), document_ends=document_ends)
    workplace = directory.parent / f".{directory.name}-{uuid4().hex}"
    try:
        with _writing(workplace):
            workplace.mkdir(parents=True)
        figures = _encode_parts(workplace, parted(), tokenizer)
        _check_shares(figures, split)
        description = {
            "tokenizer": tokenizer.to_dict(),
            "parts": {part: asdict(f) for part, f in figures.items()},
        }
        with _writing(workplace):
            (workplace / "corpus.json").write_text(json.dumps(description, ensure_ascii=True), encoding="utf-8")
            return _install(workplace, directory)
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


@contextmanager
def _writing(workplace: Path) -> Iterator[None]:
    """Name the cache directory where it cannot be written. (An error while documents are read is another matter.)"""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"the prepared corpus cannot be written to {workplace.parent} ({error.strerror or error}); mend that place"
            " or name another cache directory with the environment variable LSTMLAB_CACHE."
        ) from error


def _install(workplace: Path, directory: Path) -> PreparedCorpus:
    """Give a finished workplace its name, unless a whole corpus has it by now."""
    with FileLock(directory.parent / ".lock"):
        with suppress(DamagedCacheError):
            return PreparedCorpus.open(directory)
        if directory.exists():
            shutil.rmtree(directory)
        workplace.rename(directory)
        for left in directory.parent.glob(".*-*"):
            if left.is_dir() and time.time() - left.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        return PreparedCorpus.open(directory)


def _check_shares(figures: dict[Part, PartFigures], split: Sequence[float]) -> None:
    for part, share in zip(PARTS, split, strict=True):
        got = figures.get(part, PartFigures())
        # The first token is context; a part of which nothing else is left has no figure a character.
        if share > 0 and (got.tokens < 2 or got.characters == got.first_token_characters):
            raise UserError(
                f"data.split gives {part} a share of {share:g}, but no token to be scored falls there; enlarge it,"
                " set 0 or give more text."
            )


def _encode_parts(workplace: Path, parted: Iterable[tuple[Part, str]], tokenizer: Tokenizer) -> dict[Part, PartFigures]:
    writers: dict[Part, _PartWriter] = {}
    with ExitStack() as files:
        for part, text in parted:
            with _writing(workplace):
                if part not in writers:
                    writers[part] = files.enter_context(_PartWriter(workplace, part, tokenizer))
                writers[part].add(text)
    with _writing(workplace):
        return {part: writer.finish() for part, writer in writers.items()}


class _PartWriter:
    """Appends the pieces of one part to its files."""

    def __init__(self, workplace: Path, part: Part, tokenizer: Tokenizer) -> None:
        self._place, self._part, self._tokenizer = workplace, part, tokenizer
        self._dtype = np.uint16 if len(tokenizer.vocabulary) <= np.iinfo(np.uint16).max else np.int32
        self._raw = (workplace / f"{part}.raw").open("wb")
        self._text = (workplace / f"{part}.text").open("wb")
        self._positions: list[NDArray[np.int64]] = []
        self._nats: list[float] = []
        self._documents = self._characters = self._tokens = self._first = self._leading = 0
        if part == "train" and tokenizer.vocabulary.end_id is not None:
            # What a document begins after: without it a corpus of one document would never show it as an input.
            self._raw.write(np.array([tokenizer.vocabulary.end_id], self._dtype).data)
            self._leading = 1

    def __enter__(self) -> "_PartWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.close()
        self._text.close()

    def add(self, text: str) -> None:
        vocabulary, speller = self._tokenizer.vocabulary, self._tokenizer.speller
        ids = self._tokenizer.encode(text)
        positions = np.flatnonzero(ids == vocabulary.unknown_id)
        unknown = self._tokenizer.unknown(text) if len(positions) else []
        if self._tokens == 0 and len(ids) and not self._leading:
            self._first = len(unknown[0] if ids[0] == vocabulary.unknown_id else vocabulary.token(int(ids[0])))
        self._positions.append(positions + self._tokens + self._leading)
        self._nats.extend(speller.nats(token) for token in unknown)
        self._raw.write(ids.astype(self._dtype).data)
        self._tokens += len(ids)
        if vocabulary.end_id is not None:
            self._raw.write(np.array([vocabulary.end_id], self._dtype).data)
            self._tokens += 1
        self._text.write(text.encode("utf-8", "surrogatepass"))
        self._documents += 1
        self._characters += len(text)

    def finish(self) -> PartFigures:
        """Give the ids their form as a NumPy file; all documents are added, the files closed."""
        raw_path = self._place / f"{self._part}.raw"
        if self._tokens:
            raw = np.memmap(raw_path, dtype=self._dtype, mode="r")
            np.save(self._place / f"{self._part}.npy", raw)
            del raw
        else:
            np.save(self._place / f"{self._part}.npy", np.zeros(0, self._dtype))
        raw_path.unlink()
        positions = np.concatenate([np.zeros(0, np.int64), *self._positions])
        np.savez(
            self._place / f"{self._part}.unknown.npz",
            positions=positions,
            nats=np.asarray(self._nats, np.float64),
        )
        return PartFigures(self._documents, self._characters, self._tokens, len(positions), self._first, self._leading)
