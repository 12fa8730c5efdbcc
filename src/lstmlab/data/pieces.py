"""The pieces of a spooled corpus: which stretch of which document falls to which part."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lstmlab.data.spool import Spool, SpooledDocument, read_stretch
from lstmlab.errors import UserError
from lstmlab.text.division import Holdout, by_beginnings, by_position
from lstmlab.text.document import PARTS, Part

Stretches = list[tuple[Part, int, int]]  # part, first character, the one behind the last


@dataclass
class Piece:
    """A stretch of one document that falls to one part."""

    document: SpooledDocument
    part: Part
    path: Path
    start: int  # bytes
    stop: int
    characters: int
    tokens: int = 0

    def blocks(self) -> Iterator[str]:
        return read_stretch(self.path, self.start, self.stop)


def divide(spool: Spool, split: Sequence[float], holdout: Holdout) -> list[Piece]:
    """The pieces of all documents that are not empty, in order. A document that is a part by itself is not cut.

    Raises:
        UserError: there are fewer chapters in a document, or fewer documents, than parts with a share.
    """
    whole = [document for document in spool.documents if document.part is None]
    books = _by_book(whole, split) if holdout == "book" and whole else []
    pieces = []
    for document in spool.documents:
        if document.part is not None:
            share = split[PARTS.index(document.part)]
            stretches: Stretches = [(document.part, 0, document.characters)] if share > 0 else []
        elif holdout == "book":
            stretches = [(books.pop(0), 0, document.characters)]
        elif holdout == "chapter":
            stretches = _by_chapter(document, split)
        else:
            stretches = by_position(document.characters, split, partial(spool.out_of_word, document))
        for part, start, stop in stretches:
            if stop > start:
                first, behind = spool.byte_of(document, start), spool.byte_of(document, stop)
                pieces.append(Piece(document, part, spool.path, first, behind, stop - start))
    return pieces


def _by_book(documents: Sequence[SpooledDocument], split: Sequence[float]) -> list[Part]:
    """The part of each document."""
    beginnings = [sum(document.characters for document in documents[:index]) for index in range(len(documents) + 1)]
    try:
        borders = by_beginnings(beginnings[:-1], beginnings[-1], split)
    except ValueError as error:
        raise UserError(
            f"data.holdout=book wants at least {sum(share > 0 for share in split)} documents for"
            f" data.split={list(split)}, and there are {len(documents)}; give more books or take data.holdout=chapter"
            " or position."
        ) from error
    return [next(part for part, start, stop in reversed(borders) if start <= first) for first in beginnings[:-1]]


def _by_chapter(document: SpooledDocument, split: Sequence[float]) -> Stretches:
    try:
        return by_beginnings(document.chapters, document.characters, split)
    except ValueError as error:
        raise UserError(
            f"data.holdout=chapter wants at least {sum(share > 0 for share in split)} chapters for"
            f" data.split={list(split)}, and {document.name} has {len({0, *document.chapters})} (lines that begin with"
            " 第一回, Chapter 1 …); take data.holdout=position or book."
        ) from error
