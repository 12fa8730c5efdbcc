"""Files wrapped at a fixed width, put together into paragraphs again."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise

from lstmlab.text.novels.characters import LONGEST
from lstmlab.text.novels.furniture import SENTENCE, cleaned
from lstmlab.text.novels.spaces import heading

_SAMPLE = 1 << 18  # characters that decide whether a file is wrapped
_STRETCH = 100  # lines that share one width: some files change theirs on the way
_NARROWEST = 30  # columns; narrower lines of one length are verse
_BESIDE = 4  # columns that a full line may differ from the most common width
_BEYOND_LATIN = re.compile("[^\x00-\u1fff]")
_PUNCTUATION = "，。！？；：、．﹒」』”’…—）》〉】〗.,;:!?\"')"
_NEVER_FIRST = "，。！？；：、．﹔﹖﹗"  # of a paragraph
_OPEN_MARK = re.compile("〖[^〗]{0,60}$")  # a library's, which its line was too narrow for
_REST_OF_MARK = re.compile("[^〖〗]{0,60}〗")
_FULL_STOP = '。！？．」』”.!?"'


@dataclass(frozen=True)
class _Line:
    """A line that is not empty, with what decides where its paragraph ends. Widths are columns on a terminal."""

    text: str
    indent: int
    width: int
    heading: bool
    after_gap: bool  # behind an empty line


def _measured(lines: Iterable[str]) -> Iterator[_Line]:
    gap = False
    for line in lines:
        if not line:
            gap = True
            continue
        text = line.strip()
        indent = _columns(line[: len(line) - len(line.lstrip())])
        yield _Line(text, indent, _columns(line.rstrip()), heading(text) is not None, gap)
        gap = False


def _columns(text: str) -> int:
    return 2 * len(text) - len(_BEYOND_LATIN.sub("", text))


@dataclass(frozen=True)
class _Wrapping:
    """How a wrapped file marks its paragraphs: ``indent`` is that of a line that goes on with one."""

    indent: int
    marked: bool  # by deeper indentation or empty lines


def unwrapped(lines: Iterator[str], removed: Counter[str]) -> Iterator[str]:
    """One paragraph a line."""
    sample: list[str] = []
    size = 0
    for raw in lines:
        sample.append(raw)
        size += len(raw)
        if size >= _SAMPLE:
            break
    wrapping = _wrapping(list(_measured(sample)))
    whole = chain(sample, lines)
    if wrapping is None:
        yield from (cleaned(raw.strip(), removed, whole=True) for raw in whole)
        return
    paragraph, end = "", 0
    last: _Line | None = None
    width = 0
    for stretch in _stretches(_measured(whole)):
        new_width = _common_width(stretch) or width
        for line in stretch:
            if last is not None and len(paragraph) < LONGEST and _goes_on(last, line, width or new_width, wrapping):
                removed["joined lines"] += 1
                paragraph = _joined(paragraph, line.text, end)
            else:
                if paragraph:
                    yield cleaned(paragraph, removed, whole=True)
                paragraph = line.text
            end = len(paragraph)
            last, width = line, new_width
    if paragraph:
        yield cleaned(paragraph, removed, whole=True)


def _stretches(lines: Iterable[_Line]) -> Iterator[list[_Line]]:
    stretch: list[_Line] = []
    for line in lines:
        stretch.append(line)
        if len(stretch) == _STRETCH:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


def _common_width(stretch: list[_Line]) -> int | None:
    """The width that most lines have, within two columns; none where that is verse or no two lines are alike."""
    widths = Counter(line.width for line in stretch if not line.heading)
    if not widths:
        return None

    def around(width: int) -> int:
        return sum(widths[other] for other in range(width - 2, width + 3))

    best = max(widths, key=lambda width: (around(width), width))
    return best if best >= _NARROWEST and around(best) * 4 >= widths.total() else None


def _wrapping(sample: list[_Line]) -> _Wrapping | None:
    """None for a file with one paragraph a line: there, widths are spread and nearly all lines end in punctuation."""
    wrapped = total = deeper = 0
    following: Counter[int] = Counter()
    for stretch in _stretches(sample):
        prose = [line for line in stretch if not line.heading]
        total += len(prose)
        width = _common_width(stretch)
        if width is None:
            continue
        full = [line for line in prose if abs(line.width - width) <= _BESIDE]
        beyond = sum(line.width > width + _BESIDE for line in prose)
        stopped = sum(line.text[-1] in _PUNCTUATION for line in full)
        if (
            len(full) >= 5
            and 20 * len(full) >= 9 * len(prose)
            and 12 * beyond <= len(prose)
            and 20 * stopped <= 11 * len(full)
        ):
            wrapped += len(prose)
        for line, after in pairwise(stretch):
            if abs(line.width - width) <= _BESIDE and not after.after_gap:
                following[after.indent] += 1
    if not wrapped or 5 * wrapped < 3 * total or not following:
        return None
    indent = max(following, key=lambda columns: (following[columns], columns))
    deeper = sum(line.indent >= indent + 2 or line.after_gap for line in sample)
    return _Wrapping(indent, marked=50 * deeper >= len(sample))


def _goes_on(line: _Line, after: _Line, width: int, wrapping: _Wrapping) -> bool:
    """Whether ``after`` continues the paragraph of ``line`` in a stretch of lines of this ``width``."""
    if not width or line.heading or after.heading:
        return False
    if after.text[0] in _NEVER_FIRST or (_OPEN_MARK.search(line.text) and _REST_OF_MARK.match(after.text)):
        return True
    word = re.match("[!-~]+", after.text)  # a Latin word is not broken: its line ended where it had no room
    full = line.width >= width - 6 or (word is not None and line.width + 1 + word.end() > width)
    broken_off = line.text[-1] not in _PUNCTUATION and SENTENCE.search(line.text) is not None
    if after.indent >= wrapping.indent + 2:  # a new paragraph, or a passage with all its lines indented
        return broken_off and not after.after_gap and line.indent == after.indent and 10 * line.width >= 6 * width
    if after.after_gap:  # a new paragraph, or the line that stood at the end of a page
        return broken_off and full
    if full:
        # Where nothing else marks a paragraph, one ends with its sentence a little before the margin.
        return wrapping.marked or line.width >= width - 2 or line.text[-1] not in _FULL_STOP
    return broken_off and 10 * line.width >= 6 * width


def _joined(paragraph: str, text: str, end: int) -> str:
    before, after = paragraph[end - 1], text[0]
    if before > "\u02ff" or after > "\u02ff" or not (before.isalpha() or after.isalpha()):
        return paragraph + text
    return paragraph + text if before == "-" else f"{paragraph} {text}"
