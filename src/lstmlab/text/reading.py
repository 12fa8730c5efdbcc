"""Files to text: encodings, line ends, and clear words where a file is not text."""

import codecs
import glob
from pathlib import Path

from lstmlab.errors import UserError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is its first half
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_text(path: Path, encoding: str = "auto") -> str:
    """The text of a file, without byte-order mark, every line end a single newline.

    ``encoding`` "auto" means: by the byte-order mark, else strict UTF-8. Any codec that Python knows can be named.

    Raises:
        UserError: the file is missing, empty, binary, or not in that encoding (with position and count).
    """
    raw = read_bytes(path)
    if not raw:
        raise UserError(f"{path} is empty; give a file with text.")
    text = _decode(raw, path, encoding)
    if not text:
        raise UserError(f"{path} holds a byte-order mark and nothing else; give a file with text.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_bytes(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        UserError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error


def _decode(raw: bytes, path: Path, encoding: str) -> str:
    if encoding != "auto":
        return _strict(raw, path, encoding).removeprefix("\ufeff")  # the byte-order mark, in any encoding
    for mark, codec in _BOMS:
        if raw.startswith(mark):
            return _strict(raw, path, codec).removeprefix("\ufeff")
    if b"\0" in raw:
        raise UserError(f"{path} is a binary file (NUL byte at {raw.index(0)}); give plain text.")
    return _strict(raw, path, "utf-8")


def _strict(raw: bytes, path: Path, codec: str) -> str:
    try:
        return raw.decode(codec)
    except (LookupError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            bad = _undecodable(raw, codec)
            raise UserError(
                f"{path} is not {codec}: {bad:,} undecodable {'byte' if bad == 1 else 'bytes'},"
                f" the first at byte {error.start:,};"
                " name its encoding with data.encoding (gb18030, latin-1, …) or mend the file."
            ) from error
        raise UserError(
            f"data.encoding={codec} is no encoding of text that Python knows; try utf-8 or gb18030."
        ) from error


def _undecodable(raw: bytes, codec: str) -> int:
    """How many bytes a lenient decoder has to skip."""
    skipped = 0

    def skip(error: UnicodeError) -> tuple[str, int]:
        nonlocal skipped
        assert isinstance(error, UnicodeDecodeError)
        skipped += error.end - error.start
        return "", error.end

    codecs.register_error("lstmlab.skip", skip)
    raw.decode(codec, "lstmlab.skip")
    return skipped


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
