"""Pieces of text to files of ids, a block at a time."""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lstmlab.data.pieces import Piece
from lstmlab.data.prepared import PartFigures
from lstmlab.data.progress import progress
from lstmlab.text.document import PARTS, Part
from lstmlab.text.tokenizer import Tokenizer

_CHUNK = 1 << 20  # tokens that are mapped from one numbering to another at once


@dataclass(frozen=True)
class Chunk:
    """Some consecutive tokens of a piece: ``ids``, the spelling cost in nats of each that is unknown, the first one."""

    ids: NDArray[np.integer]
    nats: NDArray[np.float64]
    first: str


Chunks = Callable[[Piece], Iterator[Chunk]]


def encode(
    workplace: Path, pieces: Sequence[Piece], tokenizer: Tokenizer, *, fit: bool, document_ends: bool
) -> tuple[dict[Part, PartFigures], np.dtype[np.integer]]:
    """Write ``PART.ids`` and ``PART.unknown.npz`` for every part: what was counted, and the type of the ids.

    With ``fit`` the tokenizer is fitted on the training part first. ``piece.tokens`` is set for every piece.
    """
    parts = [part for part in PARTS if any(piece.part == part for piece in pieces)]
    with ExitStack() as files:
        prepare = _cut_once if tokenizer.cuts_once else _cut_again
        chunks = prepare(workplace, pieces, tokenizer, files, document_ends if fit else None)
        small = len(tokenizer.vocabulary) <= np.iinfo(np.uint16).max
        dtype: np.dtype[np.integer] = np.dtype(np.uint16) if small else np.dtype(np.int32)
        figures = {part: _write(workplace, part, pieces, tokenizer, chunks, dtype) for part in parts}
    for part in parts:
        _numbers_path(workplace, part).unlink(missing_ok=True)
    return figures, dtype


def _write(
    workplace: Path,
    part: Part,
    pieces: Sequence[Piece],
    tokenizer: Tokenizer,
    chunks: Chunks,
    dtype: np.dtype[np.integer],
) -> PartFigures:
    end, unknown = tokenizer.vocabulary.end_id, tokenizer.vocabulary.unknown_id
    ending = np.full(0 if end is None else 1, end or 0, dtype).tobytes()
    positions, nats = [np.zeros(0, np.int64)], [np.zeros(0, np.float64)]
    own = [piece for piece in pieces if piece.part == part]
    leading = written = first = 0
    with (workplace / f"{part}.ids").open("wb") as file:
        if part == "train" and end is not None:
            # What a document begins after: without it a corpus of one document would never show it as an input.
            file.write(ending)
            leading = written = 1
        for piece in own:
            begun = written
            for chunk in chunks(piece):
                if written == 0 and len(chunk.ids):
                    first = len(chunk.first)
                positions.append(np.flatnonzero(chunk.ids == unknown) + written)
                nats.append(chunk.nats)
                file.write(np.ascontiguousarray(chunk.ids, dtype).data)
                written += len(chunk.ids)
            file.write(ending)
            written += len(ending) // dtype.itemsize
            piece.tokens = written - begun
    at, costs = np.concatenate(positions), np.concatenate(nats)
    np.savez(workplace / f"{part}.unknown.npz", positions=at, nats=costs)
    characters = sum(piece.characters for piece in own)
    return PartFigures(len(own), characters, written - leading, len(at), first, leading)


def _cut_again(
    workplace: Path, pieces: Sequence[Piece], tokenizer: Tokenizer, files: ExitStack, document_ends: bool | None
) -> Chunks:
    """Of a tokenizer that is quick: fit on the training part, then read everything again to encode it."""
    if document_ends is not None:
        training = [piece for piece in pieces if piece.part == "train"]
        with progress("Counting", sum(piece.characters for piece in training)) as counted:
            tokenizer.fit(_counting(training, counted), document_ends=document_ends)
    advance = files.enter_context(progress("Encoding", sum(piece.characters for piece in pieces)))
    unknown, speller = tokenizer.vocabulary.unknown_id, tokenizer.speller

    def chunks(piece: Piece) -> Iterator[Chunk]:
        for block in piece.blocks():
            ids = tokenizer.encode(block)
            lacking = tokenizer.unknown(block) if (ids == unknown).any() else []
            nats = np.fromiter(map(speller.nats, lacking), np.float64, len(lacking))
            first = lacking[:1] if len(ids) and ids[0] == unknown else [tokenizer.decode(ids[:1])]
            yield Chunk(ids, nats, "".join(first))
            advance(len(block))

    return chunks


def _counting(pieces: Sequence[Piece], advance: Callable[[int], None]) -> Iterator[str]:
    for piece in pieces:
        for block in piece.blocks():
            yield block
            advance(len(block))


class _Types(dict[str, int]):
    """Token types numbered as they come."""

    def __missing__(self, token: str) -> int:
        self[token] = number = len(self)
        return number


def _cut_once(
    workplace: Path, pieces: Sequence[Piece], tokenizer: Tokenizer, files: ExitStack, document_ends: bool | None
) -> Chunks:
    """Of a tokenizer whose cutting takes long: types are numbered as they come, and renumbered by the vocabulary."""
    types, counts, lengths = _Types(), np.zeros(0, np.int64), Counter[int]()
    waiting: deque[Piece] = deque()  # of the blocks handed out and not come back yet: ``split_all`` may look ahead

    def blocks() -> Iterator[str]:
        for piece in pieces:
            for block in piece.blocks():
                waiting.append(piece)
                yield block

    numbers = {part: files.enter_context(_numbers_path(workplace, part).open("w+b")) for part in PARTS}
    with progress("Cutting into words", sum(piece.characters for piece in pieces)) as advance:
        for tokens in tokenizer.split_all(blocks()):
            piece = waiting.popleft()
            found = np.fromiter(map(types.__getitem__, tokens), np.int32, len(tokens))
            numbers[piece.part].write(found.data)
            lengths[id(piece)] += len(found)
            if piece.part == "train":
                counts = np.pad(counts, (0, len(types) - len(counts))) + np.bincount(found, minlength=len(types))
            advance(sum(map(len, tokens)))
    names = list(types)
    if document_ends is not None:
        # Held-out words have a number too: their training count is 0 or, behind the last trained one, not there.
        training = {name: int(n) for name, n in zip(names, counts, strict=False) if n}
        tokenizer.fit_counts(Counter(training), document_ends=document_ends)
    unknown = tokenizer.vocabulary.unknown_id
    ids = np.fromiter(map(tokenizer.vocabulary.id, names), np.int64, len(names))  # (types,)
    nats = np.zeros(len(names))  # (types,)
    for number in np.flatnonzero(ids == unknown):
        nats[number] = tokenizer.speller.nats(names[number])
    for file in numbers.values():
        file.seek(0)

    def chunks(piece: Piece) -> Iterator[Chunk]:
        left = lengths[id(piece)]
        while left:
            chunk = np.fromfile(numbers[piece.part], np.int32, min(left, _CHUNK))
            left -= len(chunk)
            yield Chunk(ids[chunk], nats[chunk[ids[chunk] == unknown]], names[chunk[0]])

    return chunks


def _numbers_path(workplace: Path, part: Part) -> Path:
    return workplace / f"{part}.numbers"
