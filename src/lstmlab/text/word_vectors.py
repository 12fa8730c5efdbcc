"""Pretrained word vectors: word2vec, GloVe and fastText files, of which only the wanted rows are kept."""

import codecs
import gzip
import io
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from lstmlab.errors import UserError

_CHUNK = 1 << 20  # bytes read at once
_LONGEST_LINE = 1 << 22  # bytes; a longer one is no row of a table of vectors
_LONGEST_WORD = 1 << 14  # bytes, in the binary form
_WIDEST = 100_000  # numbers a vector

_GZIP = b"\x1f\x8b"
_FASTTEXT_MODEL = (793_712_314).to_bytes(4, "little")
_ARCHIVES = {b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"7z\xbc\xaf": "7z"}
_WHITE = b"\t\n\v\f\r "
_PRINTABLE = bytes(range(0x21, 0x7F)) + _WHITE
_NEVER_IN_TEXT = bytes(set(range(0x20)) - set(_WHITE))

_KNOWN = "a file as word2vec (text or binary), GloVe or fastText (.vec) write it, or one of these as .gz"


@dataclass(frozen=True)
class WordVectors:
    """The wanted rows of a file of word vectors.

    ``vectors`` has the words that the file holds, of a word that it holds twice the first row; ``entries`` counts all
    its rows, wanted or not. ``form`` is what it was recognised as: "word2vec text" (fastText's .vec is that as well),
    "word2vec binary" or "GloVe text", with " (gzip)" where it was compressed.
    """

    dimension: int  # D
    vectors: dict[str, NDArray[np.float32]]  # word → (D,)
    entries: int
    form: str


def wanted_words(entries: Sequence[str]) -> set[str]:
    """The words to look for so that ``rows_for`` finds what it can: each entry as it is, and lower-cased."""
    return {*entries, *(entry.lower() for entry in entries)}


def rows_for(vectors: WordVectors, entries: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """The places of the entries that have a vector, (n,), and their vectors, (n, D).

    An entry takes the vector of the word spelt like it, else that of its lower-cased form.
    """
    places, rows = [], []
    for place, entry in enumerate(entries):
        row = vectors.vectors.get(entry)
        if row is None:
            row = vectors.vectors.get(entry.lower())
        if row is not None:
            places.append(place)
            rows.append(row)
    table = np.empty((len(rows), vectors.dimension), np.float32)
    for index, row in enumerate(rows):
        table[index] = row
    return np.asarray(places, np.intp), table


def read_word_vectors(path: Path, words: Collection[str]) -> WordVectors:
    """The vectors of ``words`` in a file whose form is recognised by its content.

    The file streams by: memory goes with the words that are found, not with the file. The rows of wanted words are
    checked number by number, those of the others only for how many columns they have. A word may have spaces in it, as
    some in GloVe's largest file: the last D fields are the numbers. Words that are no UTF-8 are counted, never found.

    Raises:
        UserError: the file is missing, empty, truncated or of another form, a row has more or fewer numbers than the
            others, or a number is none or not finite.
    """
    if path.is_dir():
        raise _wrong(path, "is a directory", "name the file of word vectors in it")
    if not path.is_file():
        raise _wrong(path, "is no file", "look at the spelling")
    try:
        with path.open("rb", buffering=_CHUNK) as raw:
            compressed = raw.read(len(_GZIP)) == _GZIP
            raw.seek(0)
            if not compressed:
                return _Reader(path, raw, words).read("")
            with gzip.GzipFile(fileobj=raw) as unpacked, io.BufferedReader(unpacked, _CHUNK) as file:
                return _Reader(path, file, words).read(" (gzip)")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _wrong(path, "is a truncated or damaged .gz file", "download it again") from error
    except OSError as error:
        raise _wrong(path, f"cannot be read: {error.strerror or error}", "look at its permissions") from error


def _wrong(path: Path, what: str, to_do: str) -> UserError:
    return UserError(f"model.pretrained_embeddings={path} {what}; {to_do}.")


class _Reader:
    """One reading of one file."""

    def __init__(self, path: Path, file: IO[bytes], words: Collection[str]) -> None:
        self.path = path
        self.file = file
        # Compared as bytes: the words of the file need not be decoded, nor be decodable.
        self.wanted = {word.encode("utf-8", "surrogatepass"): word for word in words}
        self.vectors: dict[str, NDArray[np.float32]] = {}

    def read(self, compression: str) -> WordVectors:
        start = self.file.read(_LONGEST_WORD)
        self._check_start(start)
        begin = len(codecs.BOM_UTF8) if start.startswith(codecs.BOM_UTF8) else 0
        self.file.seek(begin)
        first = self.file.readline(_LONGEST_LINE)
        header = _header_of(first)
        if header is None:
            self.file.seek(begin)
            dimension = self._dimension_of(first, start)
            entries, form = self._read_text(dimension, 1), "GloVe text"
        else:
            promised, dimension = header
            if not 0 < dimension <= _WIDEST:
                raise _wrong(self.path, f"has vectors of {dimension:,} numbers by its first line", f"give {_KNOWN}")
            begin = self.file.tell()
            binary = self._is_binary(dimension)
            self.file.seek(begin)
            if binary:
                entries, form = self._read_binary(promised, dimension), "word2vec binary"
            else:
                entries, form = self._read_text(dimension, 2), "word2vec text"
        if not entries:
            raise _wrong(self.path, "has a first line and no vectors", "download it again")
        return WordVectors(dimension, self.vectors, entries, form + compression)

    # -- which form ----------------------------------------------------------------------------------------------------

    def _check_start(self, start: bytes) -> None:
        if not start:
            raise _wrong(self.path, "is empty", f"give {_KNOWN}")
        if start.startswith(_FASTTEXT_MODEL):
            raise _wrong(
                self.path,
                "is a fastText model (.bin), not its table of vectors",
                "give the .vec file published beside it",
            )
        for mark, name in _ARCHIVES.items():
            if start.startswith(mark):
                raise _wrong(self.path, f"is a {name} archive", "unpack it and name the file of word vectors in it")

    def _dimension_of(self, first: bytes, start: bytes) -> int:
        """How many numbers stand at the end of a first row; the first field of all is the word's."""
        fields = first.split()
        dimension = 0
        while dimension < len(fields) - 1 and _is_number(fields[-1 - dimension]):
            dimension += 1
        if not 0 < dimension <= _WIDEST or len(first) == _LONGEST_LINE:
            binary = start != start.translate(None, _NEVER_IN_TEXT)
            what = "is a binary file of some other form" if binary else "has no word followed by numbers in line 1"
            raise _wrong(self.path, what, f"give {_KNOWN}")
        return dimension

    def _is_binary(self, dimension: int) -> bool:
        """Whether behind the header, where the file stands, vectors come as bytes rather than as digits."""
        place = self.file.tell()
        fields = self.file.readline(_LONGEST_LINE).split()
        if len(fields) > dimension and all(map(_is_number, fields[-dimension:])):
            return False
        self.file.seek(place)
        start = self.file.read(_LONGEST_WORD + 4 * dimension)
        behind_word = start.find(b" ") + 1
        numbers = start[behind_word : behind_word + 4 * dimension]
        line = numbers.partition(b"\n")[0]
        if len(line) > 2 and not line.translate(None, _PRINTABLE) and any(map(_is_number, line.split())):
            return False  # a row of text with a mistake in it, to be told by its line
        return bool(numbers.translate(None, _PRINTABLE))

    # -- text ----------------------------------------------------------------------------------------------------------

    def _read_text(self, dimension: int, first_line: int) -> int:
        """Takes the wanted of the rows that follow; gives how many rows there are."""
        entries = 0
        for number, line in enumerate(iter(partial(self.file.readline, _LONGEST_LINE), b""), first_line):
            if len(line) == _LONGEST_LINE:
                raise _wrong(self.path, f"has no word vector in line {number:,}, which does not end", f"give {_KNOWN}")
            row = line.rstrip(_WHITE)
            if not row:
                continue
            entries += 1
            if row.count(b" ") == dimension:
                word, _, rest = row.partition(b" ")
                if word in self.wanted:
                    self._take(word, rest.split(b" "), number)
            else:
                self._take_odd(row, dimension, number)
        return entries

    def _take_odd(self, row: bytes, dimension: int, number: int) -> None:
        """A row with other than ``dimension`` spaces: tabs, two spaces in a row, a word with spaces, or a mistake."""
        fields = row.split()
        if len(fields) <= dimension or any(map(_is_number, fields[1:-dimension])):
            found = len(fields) - 1
            raise _wrong(
                self.path,
                f"has {found:,} {'number' if found == 1 else 'numbers'} in line {number:,} where {dimension:,} are"
                " expected",
                "mend the line or download the file again",
            )
        word = row.rsplit(None, dimension)[0]
        self._take(word, fields[-dimension:], number)

    def _take(self, word: bytes, fields: list[bytes], line: int) -> None:
        values = []
        for field in fields:
            if not _is_number(field):
                raise _wrong(
                    self.path,
                    f"has {field.decode('utf-8', 'replace')[:40]!r} where a number is expected in line {line:,}",
                    "mend the line or download the file again",
                )
            values.append(float(field))
        with np.errstate(over="ignore"):
            vector = np.asarray(values, np.float64).astype(np.float32)
        self._keep(word, vector, f"line {line:,}")

    def _keep(self, word: bytes, vector: NDArray[np.float32], where: str) -> None:
        if word not in self.wanted or self.wanted[word] in self.vectors:
            return
        if not np.isfinite(vector).all():
            raise _wrong(
                self.path,
                f"has a number in {where} that is not finite in 32 bits",
                "mend it or download the file again",
            )
        self.vectors[self.wanted[word]] = vector

    # -- binary --------------------------------------------------------------------------------------------------------

    def _read_binary(self, promised: int, dimension: int) -> int:
        for entry, (word, raw) in enumerate(self._binary_entries(promised, 4 * dimension), 1):
            if word in self.wanted:
                self._keep(word, np.frombuffer(raw, "<f4").astype(np.float32), f"entry {entry:,}")
        return promised

    def _binary_entries(self, promised: int, size: int) -> Iterator[tuple[bytes, bytes]]:
        """Word, space, ``size`` bytes and perhaps a newline, again and again."""
        held, at = b"", 0
        for entry in range(1, promised + 1):
            while (space := held.find(b" ", at)) < 0 or len(held) < space + 1 + size:
                if space < 0 and len(held) - at > _LONGEST_WORD:
                    raise _wrong(self.path, f"has no word at entry {entry:,} of {promised:,}", f"give {_KNOWN}")
                more = self.file.read(_CHUNK)
                if not more:
                    raise _wrong(
                        self.path,
                        f"is truncated: it ends at entry {entry:,} of the {promised:,} that its first line promises",
                        "download it again",
                    )
                held, at = held[at:] + more, 0
            yield held[at:space].lstrip(b"\r\n"), held[space + 1 : space + 1 + size]
            at = space + 1 + size


def _header_of(line: bytes) -> tuple[int, int] | None:
    """Rows and dimension, where a line is nothing but two whole numbers."""
    fields = line.split()
    if len(fields) != 2 or not all(field.isdigit() and len(field) < 16 for field in fields):
        return None
    return int(fields[0]), int(fields[1])


def _is_number(field: bytes) -> bool:
    """As a file writes it; ``nan`` and ``inf`` are numbers here, to be refused as not finite."""
    try:
        float(field)
    except ValueError:
        return False
    return True
