"""Spaces inside a paragraph, and headings."""

import re
from collections import Counter

from lstmlab.text.chapters import CHAPTER_NUMBER, CHAPTER_START

_GAP = re.compile(r"\s+")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_BROAD = re.compile(  # Chinese characters and punctuation; not Hangul, which is written with spaces
    "[\u2010-\u2027\u2030-\u205e\u2190-\u2bff\u2e80-\u2fff\u3001-\u312f\u3190-\u9fff\uf900-\ufaff\ufe10-\ufe6f\uff01-\uffee"
    "\ufffd\U00020000-\U0003ffff]"
)
_MATTER = re.compile(r"(?:[楔序前引后後尾跋附终終目题題][\s]+[子言章幕记記声聲录錄词詞])(?=\s|$)")

_ASCII_SIGN = re.compile(r"[!-/:-@\[-`{-~]")
# A heading that hangs at the end of the paragraph behind it.
_LATE_HEADING = re.compile(r"(?<=[。！？」』”])\s+(第[0-9一二三四五六七八九十百零○〇]+[回章]\s[^，。！？；：]{1,40})$")


def heading(text: str) -> str | None:
    """The heading that a line is: its number without spaces, one U+3000 wherever its title has a gap. None if none."""
    if found := CHAPTER_NUMBER.match(text):
        number, unit = _GAP.sub("", found[1]), found[2]
        text = f"第{number}{unit}{text[found.end() :]}"
    elif found := _MATTER.match(text):
        text = _GAP.sub("", found[0]) + text[found.end() :]
    elif not CHAPTER_START.match(text):
        return None
    gap = "\u3000" if _HAN.search(text) else " "
    text = _GAP.sub(gap, text.strip())
    return text if CHAPTER_START.match(text) else None


def spaces(text: str, removed: Counter[str]) -> str:
    """A paragraph without spaces at its ends, between Chinese characters, or several in a row."""
    text = text.strip()
    if not _GAP.search(text):
        return text
    parts = _LATE_HEADING.sub(r"\n\1", text).split("\n")
    spaced = "\n".join(heading(part) or _GAP.sub(_gap, part) for part in parts)
    if spaced != text:
        removed["spaces"] += sum(run not in (" ", "\u3000") for run in _GAP.findall(text)) or 1
    return spaced


def _gap(run: re.Match[str]) -> str:
    """What stays of a run of spaces inside a line that is no heading."""
    if "\u3000" in run[0]:
        return "\u3000"
    line = run.string
    before, after = line[run.start() - 1], line[run.end()]
    # A short line without punctuation is a title or verse, and its gap part of it.
    if len(line) <= 40 and _HAN.match(before) and _HAN.match(after) and not re.search("[，。！？；：]", line):
        return "\u3000"
    broad = [_BROAD.match(char) is not None for char in (before, after)]
    signs = [_ASCII_SIGN.match(char) is not None for char in (before, after)]
    if _HAN.search(line) and (all(broad) or (any(broad) and any(signs))):
        return ""
    return " "
