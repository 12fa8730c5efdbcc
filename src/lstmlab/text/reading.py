"""Files to text, block by block: encodings, line ends, and clear words where a file is not text."""

import codecs
import glob
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lstmlab.errors import UserError
from lstmlab.text.document import BLOCK
from lstmlab.text.frequent import FREQUENT

_CHUNK = 1 << 18  # bytes decoded at once

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is its first half
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# Control characters that no text needs. A novel from the net may have one a thousand characters, from a page that ended
# in U+001A or a copy with a hole of NULs; compressed data has 10 % of them and Chinese in UTF-16 5 %.
_CONTROLS = bytes(sorted(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b")))
_MOST_CONTROLS = 0.03
# More undecodable bytes than this are no accident but another encoding. For GB18030 the characters speak as well.
_MOST_BAD = 0.01
_MOST_BAD_CHINESE = 0.03
# Of the characters beyond ASCII, so many are among the frequent ones: 45 % in a novel, less than 5 % in text in
# Big5, Shift-JIS, EUC-JP, EUC-KR or KOI8 decoded as GB18030, which has a character for almost any pair of bytes.
_FEWEST_FREQUENT = 0.2


@dataclass
class Reading:
    """What was met while a file was read; complete once its blocks are consumed.

    ``bytes`` of the file and ``bad_bytes`` among them that no character begins with or ends; ``characters`` are those
    of the text, its line ends one newline each.
    """

    encoding: str = ""
    bytes: int = 0
    characters: int = 0
    bad_bytes: int = 0


def read_text(path: Path, encoding: str = "auto") -> str:
    """The text of a file in one piece: what ``read_blocks`` gives, joined."""
    return "".join(read_blocks(path, encoding, Reading()))


def read_blocks(path: Path, encoding: str, reading: Reading) -> Iterator[str]:
    """The text of a file, without byte-order mark, every line end a single newline, in blocks of about ``BLOCK``.

    A block is cut behind a newline where there is one in its second half, else where it falls. ``reading`` is filled on
    the way.

    ``encoding`` is a codec that Python knows, and then every byte must be decodable, or "auto": by the byte-order mark,
    else UTF-8, else GB18030 where that gives Chinese. Under "auto" a few undecodable bytes in UTF-8 or GB18030 each
    become U+FFFD and are counted.

    Raises:
        UserError: the file is missing, empty, binary, in an encoding that has to be named, or not in the one named
            (with position and count of the undecodable bytes).
    """
    codec, lenient, skipped = _guess(path) if encoding == "auto" else (encoding, False, 0)
    reading.encoding = codec
    rest = ""
    for text in newlines(_decoded(path, codec, lenient, reading, skipped)):
        if not reading.characters and not rest:
            text = text.removeprefix("\ufeff")  # the byte-order mark, in any encoding
        rest += text
        while len(rest) >= BLOCK:
            cut = rest.rfind("\n", BLOCK // 2, BLOCK) + 1 or BLOCK
            reading.characters += cut
            yield rest[:cut]
            rest = rest[cut:]
    reading.characters += len(rest)
    if not reading.bytes:
        raise UserError(f"{path} is empty; give a file with text.")
    if not reading.characters:
        raise UserError(f"{path} holds a byte-order mark and nothing else; give a file with text.")
    if rest:
        yield rest


def newlines(texts: Iterable[str]) -> Iterator[str]:
    r"""The same text with ``\n`` for each ``\r\n`` and each other ``\r``, also where the two are in two pieces."""
    held = ""
    for text in texts:
        text = held + text
        held = "\r" if text.endswith("\r") else ""
        if held:
            text = text[:-1]
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if text:
            yield text
    if held:
        yield "\n"


def read_bytes(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        UserError: it cannot be read.
    """
    return b"".join(read_chunks(path))


def read_chunks(path: Path, skipped: int = 0) -> Iterator[bytes]:
    """The bytes of a file but for the first ``skipped``, in pieces.

    Raises:
        UserError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            file.read(skipped)
            while chunk := file.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error


# -- decoding ----------------------------------------------------------------------------------------------------------


class _Decoder:
    """An incremental decoder that puts U+FFFD for what it cannot decode, and counts those bytes.

    Raises:
        UserError: Python has no such codec, or it is none of text.
    """

    def __init__(self, codec: str) -> None:
        self.codec = codec
        self.fed = 0
        self.bad = 0
        self.first_bad: int | None = None
        # A name a thread: the registry of handlers is the process's, and forgets nothing.
        self._handler = f"lstmlab.count.{threading.get_ident()}"
        try:
            if codec != "undefined":  # which is in the library to be refused
                b"\n".decode(codec, "ignore")  # refuses what turns bytes into bytes, such as hex
            self._decoder = codecs.getincrementaldecoder(codec)(self._handler)
        except (LookupError, ValueError) as error:
            raise _unknown(codec) from error
        self._one_at_a_time = codecs.lookup(codec).name == "gb18030"

    def decode(self, chunk: bytes, final: bool = False) -> str:
        self.fed += len(chunk)
        codecs.register_error(self._handler, self._count)  # each time: several decoders may take turns
        try:
            text = self._decoder.decode(chunk, final)
            while final and self._one_at_a_time and self._decoder.getstate()[0]:
                text += self._decoder.decode(b"", final)  # what came behind a broken byte at the end
            return text
        except ValueError as error:  # not of the bytes, but of the codec: "undefined"
            raise _unknown(self.codec) from error

    def _count(self, error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeDecodeError)
        # At the end of a file Python calls up to three bytes one broken character of GB18030, although only the first
        # may be broken: the others are tried again.
        end = error.start + 1 if self._one_at_a_time else error.end
        if self.first_bad is None:
            self.first_bad = self.fed - len(error.object) + error.start
        self.bad += end - error.start
        return "\ufffd", end


def _unknown(codec: str) -> UserError:
    return UserError(f"data.encoding={codec} is no encoding of text that Python knows; try utf-8 or gb18030.")


def _decoded(path: Path, codec: str, lenient: bool, reading: Reading, skipped: int) -> Iterator[str]:
    decoder = _Decoder(codec)
    reading.bytes = skipped
    for chunk in read_chunks(path, skipped):
        reading.bytes += len(chunk)
        text = decoder.decode(chunk)
        if decoder.bad and not lenient:
            raise _undecodable(path, codec)
        reading.bad_bytes = decoder.bad
        yield text
    text = decoder.decode(b"", final=True)
    if decoder.bad and not lenient:
        raise _undecodable(path, codec)
    reading.bad_bytes = decoder.bad
    yield text


def _undecodable(path: Path, codec: str) -> UserError:
    """Reads the file once more for the position and the count."""
    decoder = _Decoder(codec)
    bad = None
    for chunk in read_chunks(path):
        decoder.decode(chunk)
        if decoder.bad > 1000 and codecs.lookup(codec).name == "utf-8":
            bad = _look_at(path).bad  # the same count a hundred times faster: this is no text in UTF-8
            break
    if bad is None:
        decoder.decode(b"", final=True)
        bad = decoder.bad
    return UserError(
        f"{path} is not {codec}: {bad:,} undecodable {'byte' if bad == 1 else 'bytes'},"
        f" the first at byte {decoder.first_bad:,};"
        " name its encoding with data.encoding (gb18030, latin-1, …) or mend the file."
    )


# -- which encoding ----------------------------------------------------------------------------------------------------


def _guess(path: Path) -> tuple[str, bool, int]:
    """The encoding of a file that does not name it, whether some of its bytes may be undecodable, how many to skip."""
    start = next(read_chunks(path), b"")[:4]
    for mark, codec in _BOMS:
        if start.startswith(mark) and codec != "utf-8":
            return codec, False, 0
    look = _look_at(path)
    if look.share_of_controls() > _MOST_CONTROLS:
        raise _binary(path, look)
    if look.bad <= _MOST_BAD * look.bytes and look.beyond_ascii >= 10 * look.bad:
        return "utf-8", True, 0
    # Some editors put the mark of UTF-8 in front of any file.
    skipped = len(codecs.BOM_UTF8) if start.startswith(codecs.BOM_UTF8) else 0
    if _is_chinese(path, "gb18030", skipped) or _is_list_of_names(path, skipped) or _is_empty_page(path, skipped):
        return "gb18030", True, skipped
    if _is_chinese(path, "big5hkscs", skipped):
        readers = (codec for codec in ("big5", "cp950", "big5hkscs") if not _count_bad(path, codec))
        raise UserError(
            f"{path} is Chinese in Big5, which is not guessed; name it: data.encoding={next(readers, 'big5')}."
        )
    raise _undecodable(path, "utf-8")


@dataclass
class _Look:
    """Counts of a whole file, taken without a handler that Python would call a byte.

    ``bad`` bytes and characters ``beyond_ascii`` are those of the file as UTF-8.
    """

    bytes: int = 0
    nuls: int = 0
    first_nul: int = -1
    controls: int = 0
    bad: int = 0
    beyond_ascii: int = 0

    def share_of_controls(self) -> float:
        """In valid UTF-8 only NULs speak against text."""
        return (self.controls if self.bad else self.nuls) / max(1, self.bytes)


def _look_at(path: Path) -> _Look:
    look = _Look()
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")

    def take(text: str) -> None:
        look.bad -= len(text.encode())  # what was decoded; the rest of the bytes was not
        look.beyond_ascii += len(text) - len(text.encode("ascii", "ignore"))

    for chunk in read_chunks(path):
        if look.first_nul < 0 and b"\0" in chunk:
            look.first_nul = look.bytes + chunk.index(0)
        look.bytes += len(chunk)
        look.nuls += chunk.count(0)
        look.controls += len(chunk) - len(chunk.translate(None, _CONTROLS))
        take(decoder.decode(chunk))
    take(decoder.decode(b"", True))
    look.bad += look.bytes
    return look


def _binary(path: Path, look: _Look) -> UserError:
    start = next(read_chunks(path))
    likely = () if look.bytes % 2 else ("utf-16-le", "utf-16-be")
    for codec in likely:
        text = start.decode(codec, "ignore")
        if sum(char in FREQUENT or " " <= char <= "~" for char in text) > _FEWEST_FREQUENT * len(text):
            return UserError(
                f"{path} looks like UTF-16 without its byte-order mark, or is a binary file;"
                f" if it is text, give data.encoding={codec}."
            )
    where = f"NUL byte at {look.first_nul:,}" if look.nuls else f"control characters: {look.controls:,}"
    return UserError(f"{path} is a binary file ({where}); give plain text.")


def _is_chinese(path: Path, codec: str, skipped: int) -> bool:
    """Whether a codec makes Chinese prose of a file: hardly a bad byte, and the frequent characters are there."""
    decoder = _Decoder(codec)
    beyond_ascii = frequent = 0
    for chunk in read_chunks(path, skipped):
        text = decoder.decode(chunk)[: 1 << 14]  # a part of each: it is the whole file's share that counts
        if decoder.bad > _MOST_BAD_CHINESE * decoder.fed + 2:
            return False
        beyond_ascii += sum(char > "\x7f" for char in text)
        frequent += sum(char in FREQUENT for char in text)
    decoder.decode(b"", final=True)
    return decoder.bad <= _MOST_BAD_CHINESE * decoder.fed and frequent > _FEWEST_FREQUENT * beyond_ascii


def _is_empty_page(path: Path, skipped: int) -> bool:
    """Whether a file is nothing but spaces and line ends, some of them the wide space of GB18030."""
    try:
        return all(chunk.decode("gb18030").isspace() for chunk in read_chunks(path, skipped))
    except UnicodeDecodeError:  # also where a chunk ends inside a character: behind a quarter of a million bytes
        return False


def _is_list_of_names(path: Path, skipped: int) -> bool:
    """Whether a short file is names in GB2312, which need not have any frequent character: an index of books.

    Nearly all are of its first level, which is ordered by sound, and some of that level's second half, where Korean in
    EUC-KR has no syllables; none is kana, which Japanese in EUC-JP has at the same codes.
    """
    raw = next(read_chunks(path, skipped), b"")
    if len(raw) > 1 << 12:
        return False
    try:
        leads = [char.encode("gb2312")[0] for char in raw.decode("gb2312") if char > "\x7f"]
    except UnicodeDecodeError:
        return False
    names = [lead for lead in leads if lead not in (0xA1, 0xA3)]  # but for punctuation
    first_level = sum(0xB0 <= lead <= 0xD7 for lead in names)
    second_half = sum(0xC9 <= lead <= 0xD7 for lead in names)
    return len(names) >= 4 and 10 * first_level >= 9 * len(names) and 5 * second_half >= len(names)


def _count_bad(path: Path, codec: str) -> int:
    decoder = _Decoder(codec)
    for chunk in read_chunks(path):
        decoder.decode(chunk)
    decoder.decode(b"", final=True)
    return decoder.bad


# -- which files -------------------------------------------------------------------------------------------------------


def find_texts(path: str) -> list[Path]:
    """The files behind ``data.path``, sorted: a file, every ``*.txt`` below a directory, or what a glob matches.

    Raises:
        UserError: nothing is there.
    """
    place = Path(path).expanduser()
    if place.is_file():
        return [place]
    if place.is_dir():
        files = sorted(file for file in place.rglob("*") if file.suffix.lower() == ".txt" and file.is_file())
        if not files:
            raise UserError(f"data.path={path} is a directory without a .txt file; name a file, a directory or a glob.")
        return files
    matches = {Path(match) for match in glob.glob(str(place), recursive=True)}  # noqa: PTH207  # it may be absolute
    files = sorted(match for match in matches if match.is_file())
    if not files:
        raise UserError(f"data.path={path} is no file, no directory and matches nothing; look at the spelling.")
    return files
