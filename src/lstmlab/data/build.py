"""Documents to a prepared corpus on disk, with little of them in memory at a time."""

import json
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

from filelock import FileLock

from lstmlab.data.ids import encode
from lstmlab.data.pieces import divide
from lstmlab.data.prepared import TEXT, DamagedCacheError, PartFigures, PreparedCorpus
from lstmlab.data.spool import Spool, writing
from lstmlab.errors import UserError
from lstmlab.text.division import Holdout
from lstmlab.text.document import PARTS, Document, Part
from lstmlab.text.tokenizer import Tokenizer

# A killed build's workplace is removed by a later build, once no build can still be at work there.
_ABANDONED_SECONDS = 24 * 3600


def build(
    directory: Path,
    documents: Callable[[], Iterable[Document]],
    tokenizer: Tokenizer,
    split: Sequence[float],
    *,
    document_ends: bool,
    holdout: Holdout = "position",
    fit: bool = True,
) -> PreparedCorpus:
    """Clean text to ids on disk.

    The cleaned text is spooled, divided into parts, and encoded. Memory holds blocks of text, whatever the corpus's
    length, and what the tokenizer counts: the types of the text.

    Written under a temporary name and renamed at the end: a killed run leaves no half cache, and where two runs race
    the first to finish wins and the other uses its result. A damaged cache that is in the way is replaced. The given
    tokenizer is left as it is: a copy is fitted, or with ``fit=False`` used as it stands.

    Raises:
        UserError: a part with a positive share has no token to be scored, or the directory cannot be written.
    """
    workplace = directory.parent / f".{directory.name}-{uuid4().hex}"
    try:
        with writing(workplace):
            workplace.mkdir(parents=True)
        with Spool(workplace / TEXT, chapters=holdout == "chapter") as spool:
            for document in documents():
                spool.add(document)
        pieces = divide(spool, split, holdout)
        if fit:
            tokenizer = copy(tokenizer)
        with writing(workplace):
            figures, dtype = encode(workplace, pieces, tokenizer, fit=fit, document_ends=document_ends)
        _check_shares(figures, split)
        description = {
            "tokenizer": tokenizer.to_dict(),
            "bytes": (workplace / TEXT).stat().st_size,
            "parts": {
                part: {
                    "figures": asdict(figures[part]),
                    "dtype": dtype.str,
                    "stretches": [(p.start, p.stop) for p in pieces if p.part == part],
                }
                for part in figures
            },
            "documents": [
                {
                    "name": document.name,
                    "characters": document.characters,
                    "tokens": {p.part: p.tokens for p in pieces if p.document is document},
                    "report": document.report,
                }
                for document in spool.documents
            ],
        }
        with writing(workplace):
            (workplace / "corpus.json").write_text(json.dumps(description, ensure_ascii=True), encoding="utf-8")
            return _install(workplace, directory)
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


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
