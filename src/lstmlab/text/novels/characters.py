"""What is no character of a novel: control characters, user-defined codes; and its lines."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

LONGEST = 1 << 20  # a longer line is cut behind a full stop: memory stays bounded

_LINE_ENDS = str.maketrans(dict.fromkeys("\v\f\x85\u2028\u2029", "\n"))
_CONTROLS = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_USER_DEFINED = re.compile("[\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd]")
# Python decodes GB18030 as of the year 2000, when these characters had no code points of their own.
_NAMED_SINCE = str.maketrans(
    {
        "\ue81e": "\u9fb4", "\ue826": "\u9fb5", "\ue82b": "\u9fb6", "\ue82c": "\u9fb7", "\ue832": "\u9fb8",
        "\ue843": "\u9fb9", "\ue854": "\u9fba", "\ue864": "\u9fbb", "\ue816": "\U00020087", "\ue817": "\U00020089",
        "\ue818": "\U000200cc", "\ue831": "\U000215d7", "\ue83b": "\U0002298f", "\ue855": "\U000241fe",
    }
)  # fmt: skip
_NOT_PLAIN = re.compile(f"{_CONTROLS.pattern[:-1]}{_USER_DEFINED.pattern[1:-1]}\v\f\x85\u2028\u2029]")


def characters(texts: Iterable[str], removed: Counter[str]) -> Iterator[str]:
    """The text without characters that are none; every mark that ends a line or page a newline."""
    for text in texts:
        yield plain(text, removed)


def plain(text: str, removed: Counter[str]) -> str:
    if not _NOT_PLAIN.search(text):
        return text
    text = text.translate(_LINE_ENDS).translate(_NAMED_SINCE)
    text = counted(_CONTROLS, "", text, removed, "control characters")
    return counted(_USER_DEFINED, "", text, removed, "user-defined codes")


def counted(pattern: re.Pattern[str], by: str, text: str, removed: Counter[str], rule: str) -> str:
    text, times = pattern.subn(by, text)
    if times:
        removed[rule] += times
    return text


def lines(texts: Iterable[str]) -> Iterator[str]:
    """The lines, without their newlines; one of more than a million characters in several."""
    rest = ""
    for text in texts:
        *whole, rest = (rest + text).split("\n")
        for line in whole:
            yield from _bounded(line)
        *pieces, rest = _bounded(rest)
        yield from pieces
    yield rest


def _bounded(line: str) -> list[str]:
    """The line in pieces, each but the last complete whatever may follow."""
    pieces = []
    while len(line) > LONGEST:
        cut = line.rfind("。", LONGEST // 2, LONGEST) + 1 or LONGEST
        pieces.append(line[:cut])
        line = line[cut:]
    return [*pieces, line]
