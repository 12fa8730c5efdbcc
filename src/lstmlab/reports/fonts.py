"""Fonts for pictures with text in any script."""

import re
from collections.abc import Iterable
from contextlib import suppress
from functools import cache

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

BASE = "DejaVu Sans"  # comes with matplotlib
# Where characters that the base lacks are likely to be: asked first, since opening a large font takes its time.
_LIKELY = re.compile(r"cjk|han|hei|song|ming|kai|fang|gothic|hiragino|unicode|fallback|noto", re.IGNORECASE)


def font_for(texts: Iterable[str]) -> tuple[list[str], frozenset[str]]:
    """Font families that together show these texts, to be tried in this order, and the characters that none shows."""
    return _font_for(frozenset("".join(texts)))


@cache
def _font_for(characters: frozenset[str]) -> tuple[list[str], frozenset[str]]:
    lacking = _lacking(characters, font_manager.findfont(BASE))
    if not lacking:
        return [BASE], lacking
    family, left = _best(lacking)
    if left and _add_new_fonts():
        family, left = _best(lacking)
    return [BASE, *([family] if family else [])], left


def _best(characters: frozenset[str]) -> tuple[str | None, frozenset[str]]:
    """The installed family that lacks the fewest of some characters, and those it lacks."""
    fonts = [font for font in font_manager.fontManager.ttflist if not font.name.startswith("Last Resort")]
    best: str | None = None
    left = characters
    for font in sorted(fonts, key=lambda font: (not _LIKELY.search(font.name), font.weight != 400, font.name)):
        lacking = _lacking(characters, font.fname)
        if len(lacking) < len(left):
            best, left = font.name, lacking
        if not left:
            break
    return best, left


def _add_new_fonts() -> bool:
    """Fonts that were installed since matplotlib listed them, which it does only once; whether there are any."""
    listed = {font.fname for font in font_manager.fontManager.ttflist}
    new = [path for path in font_manager.findSystemFonts() if path not in listed]
    for path in new:
        with suppress(RuntimeError, OSError, UnicodeError, ValueError):  # one that cannot be read is none
            font_manager.fontManager.addfont(path)
    return bool(new)


def _lacking(characters: frozenset[str], path: str) -> frozenset[str]:
    has = _code_points(path)
    return frozenset(character for character in characters if ord(character) not in has)


@cache
def _code_points(path: str) -> frozenset[int]:
    try:
        return frozenset(FT2Font(path).get_charmap())
    except (RuntimeError, OSError):  # listed once, gone since
        return frozenset()
