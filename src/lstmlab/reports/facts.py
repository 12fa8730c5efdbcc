"""Objects as a notebook shows them: a line of what it is and a small table of facts."""

from collections.abc import Sequence
from html import escape

# Colours are the notebook's own, so that it is legible on light and dark.
_CELL = "padding:.15em .8em .15em 0;text-align:left;vertical-align:top;border:0"
_FAINT = f"{_CELL};opacity:.65;white-space:nowrap"


def facts_html(title: str, facts: Sequence[tuple[str, str]]) -> str:
    """A title and facts, a name and a value each, as HTML; all text is escaped."""
    rows = "".join(
        f'<tr style="background:none"><td style="{_FAINT}">{escape(name)}</td>'
        f'<td style="{_CELL}">{escape(value)}</td></tr>'
        for name, value in facts
    )
    return f'<div><b>{escape(title)}</b><table style="border:0;margin:.2em 0">{rows}</table></div>'


def table_html(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A title and a table as HTML; all text is escaped."""
    head = "".join(f'<th style="{_FAINT}">{escape(header)}</th>' for header in headers)
    body = "".join(
        '<tr style="background:none">' + "".join(f'<td style="{_CELL}">{escape(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    return (
        f'<div><b>{escape(title)}</b><table style="border:0;margin:.2em 0"><tr style="background:none">{head}</tr>'
        f"{body}</table></div>"
    )
