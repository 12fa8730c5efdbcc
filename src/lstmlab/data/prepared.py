"""A corpus as ids on disk: memory-mapped arrays, the vocabulary beside them."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lstmlab.errors import UserError
from lstmlab.text.document import PARTS, Document, Part, pieces
from lstmlab.text.tokenizer import Tokenizer, tokenizer_from_dict


@dataclass(frozen=True)
class PartFigures:
    """What was counted while a part was encoded."""

    documents: int = 0
    characters: int = 0  # of the cleaned text
    tokens: int = 0  # ends of documents included
    unknown: int = 0
    first_token_characters: int = 0  # the first token of a part is context, never scored


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
        """Memory-map what ``build`` wrote."""
        plain = json.loads((directory / "corpus.json").read_text(encoding="utf-8"))
        parts: dict[Part, PreparedPart] = {}
        for name in PARTS:
            if name not in plain["parts"]:
                continue
            with np.load(directory / f"{name}.unknown.npz") as unknown:
                positions, nats = unknown["positions"], unknown["nats"]
            parts[name] = PreparedPart(
                name=name,
                ids=np.load(directory / f"{name}.npy", mmap_mode="r"),
                figures=PartFigures(**plain["parts"][name]),
                unknown_positions=positions,
                unknown_nats=nats,
                text_path=directory / f"{name}.txt",
            )
        return cls(directory, tokenizer_from_dict(plain["tokenizer"]), parts)


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

    Written under a temporary name and renamed at the end: a killed run leaves no half cache, and where two runs race the
    first to finish wins and the other uses its result. With ``fit=False`` the tokenizer is used as it stands.

    Raises:
        UserError: a part with a positive share is without a token.
    """

    def parted() -> Iterator[tuple[Part, str]]:
        for document in documents():
            yield from pieces(document, split)

    if fit:
        tokenizer.fit((text for part, text in parted() if part == "train"), document_ends=document_ends)
    directory.parent.mkdir(parents=True, exist_ok=True)
    workplace = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        figures = _encode_parts(workplace, parted(), tokenizer)
        for part, share in zip(PARTS, split, strict=True):
            if share > 0 and (part not in figures or figures[part].tokens == 0):
                raise UserError(
                    f"data.split gives {part} a share of {share:g}, but no token falls there; enlarge it or set 0."
                )
        description = {
            "tokenizer": tokenizer.to_dict(),
            "parts": {part: asdict(f) for part, f in figures.items()},
        }
        (workplace / "corpus.json").write_text(json.dumps(description, ensure_ascii=True), encoding="utf-8")
        with suppress(OSError):  # another run finished first: its directory is there and holds the same
            os.rename(workplace, directory)
    finally:
        shutil.rmtree(workplace, ignore_errors=True)
    return PreparedCorpus.open(directory)


def _encode_parts(workplace: Path, parted: Iterable[tuple[Part, str]], tokenizer: Tokenizer) -> dict[Part, PartFigures]:
    writers: dict[Part, _PartWriter] = {}
    for part, text in parted:
        if part not in writers:
            writers[part] = _PartWriter(workplace, part, tokenizer)
        writers[part].add(text)
    return {part: writer.close() for part, writer in writers.items()}


class _PartWriter:
    """Appends the pieces of one part to its files."""

    def __init__(self, workplace: Path, part: Part, tokenizer: Tokenizer) -> None:
        self._place, self._part, self._tokenizer = workplace, part, tokenizer
        self._dtype = np.uint16 if len(tokenizer.vocabulary) <= np.iinfo(np.uint16).max else np.int32
        self._raw = (workplace / f"{part}.raw").open("wb")
        self._text = (workplace / f"{part}.txt").open("wb")
        self._positions: list[NDArray[np.int64]] = []
        self._nats: list[float] = []
        self._documents = self._characters = self._tokens = self._first = 0

    def add(self, text: str) -> None:
        vocabulary, speller = self._tokenizer.vocabulary, self._tokenizer.speller
        ids = self._tokenizer.encode(text)
        positions = np.flatnonzero(ids == vocabulary.unknown_id)
        if len(positions):
            self._positions.append(positions + self._tokens)
            self._nats.extend(speller.nats(token) for token in self._tokenizer.unknown(text))
        if vocabulary.end_id is not None:
            ids = np.append(ids, vocabulary.end_id)
        if self._tokens == 0 and len(ids) and ids[0] != vocabulary.end_id:
            self._first = len(self._tokenizer.split(text)[0])
        self._raw.write(ids.astype(self._dtype).tobytes())
        self._text.write(text.encode("utf-8", "surrogatepass"))
        self._documents += 1
        self._characters += len(text)
        self._tokens += len(ids)

    def close(self) -> PartFigures:
        self._raw.close()
        self._text.close()
        raw_path = self._place / f"{self._part}.raw"
        if self._tokens:
            raw = np.memmap(raw_path, dtype=self._dtype, mode="r")
            np.save(self._place / f"{self._part}.npy", raw)
            del raw
        else:
            np.save(self._place / f"{self._part}.npy", np.zeros(0, self._dtype))
        raw_path.unlink()
        positions = np.concatenate(self._positions) if self._positions else np.zeros(0, np.int64)
        np.savez(
            self._place / f"{self._part}.unknown.npz",
            positions=positions,
            nats=np.asarray(self._nats, np.float64),
        )
        return PartFigures(self._documents, self._characters, self._tokens, len(positions), self._first)
