"""Tokens that can be seen: blanks, control characters and what no font shows get a sign or a number."""

import html
import unicodedata

_LONGEST = 40  # characters of a label
_SIGNS = {" ": "␣", "\n": "↵", "\t": "⇥"}


def label(token: str) -> str:
    """A token by itself, in a list: every character visible; cut where it is long."""
    shown = "".join(_SIGNS.get(one) or (one if one.isprintable() else _number(one)) for one in token)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def markup(token: str) -> str:
    """A token in running text, as HTML: blanks stay blanks, to be copied; their signs are the style sheet's."""
    return "".join(map(_markup, token))


def _markup(character: str) -> str:
    if character == "\n":
        return '<i class="newline"></i>\n'
    if character == "\t":
        return '<i class="tab"></i>\t'
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return html.escape(character)
    return f'<i class="number">{_number(character)}</i>'


def _number(character: str) -> str:
    return f"U+{ord(character):04X}"
