"""A user's own words for jieba: a file of lines ``word [frequency] [tag]``."""

import codecs
import logging
import re
from pathlib import Path

from lstmlab.errors import UserError

log = logging.getLogger(__name__)

Entries = tuple[tuple[str, int | None], ...]  # (word, frequency; None lets jieba choose one that keeps it whole)

_LINE = re.compile(r"(\S+)(?:\s+([0-9]{1,15}))?(?:\s+([a-zA-Z]+))?")
# What no word of jieba's may hold, because it always stands between words.
_SEPARATOR = re.compile(r"[^\u4E00-\u9FD5a-zA-Z0-9+#&._%\-]")


def read_user_dictionary(path: Path) -> Entries:
    """The entries of a file in UTF-8 (a byte order mark is allowed) or GB18030. Empty lines are skipped.

    Raises:
        UserError: the file cannot be read, or a line is no entry; with the file's name and the line's number.
    """
    entries: list[tuple[str, int | None]] = []
    for number, line in enumerate(_decoded(path), 1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.strip())
        if not match:
            raise UserError(
                f"{path}:{number}: {line.strip()!r} is no entry of a user dictionary; write a word, if you like its"
                " frequency (a whole number), and if you like its tag (letters), with spaces between."
            )
        entries.append((match[1], None if match[2] is None else int(match[2])))
    _warn_of_separators(path, entries)
    return tuple(entries)


def _decoded(path: Path) -> list[str]:
    """The lines, without marks of byte order and the control characters that old editors leave behind."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"tokenizer.user_dict={path} cannot be read ({error.strerror}); look at the path.") from error
    if content.startswith(codecs.BOM_UTF8):
        content = content[len(codecs.BOM_UTF8) :]
    try:
        return _lines(content.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    try:
        return _lines(content.decode("gb18030"))
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path}:{number}: the line is neither UTF-8 nor GB18030; save the file as UTF-8.") from error


def _lines(text: str) -> list[str]:
    return re.split("\r\n|\r|\n", re.sub("[\ufeff\0\x1a]", "", text))


def _warn_of_separators(path: Path, entries: list[tuple[str, int | None]]) -> None:
    never = [word for word, _ in entries if _SEPARATOR.search(word)]
    if never:
        log.warning(
            "%s: jieba never finds words with punctuation or spaces in them, %d here, as %s",
            path, len(never), never[0],
        )  # fmt: skip
