"""A text in its colours inside a notebook's output: without script, style sheet or network."""

import html

from lstmlab.evaluation.surprise import TextSurprise, TokenSurprise
from lstmlab.reports.surprise.pieces import separators, share
from lstmlab.reports.surprise.scale import scale_end, shade
from lstmlab.reports.surprise.visible import label

_MOST = 2000  # tokens that an output cell shows
# Translucent, so that the notebook's own text stays readable on it, dark on light or light on dark.
_HUE = "217,83,20"
_STRONGEST = 0.6


def fragment(surprise: TextSurprise, sentence: str) -> str:
    """HTML for an output cell. What was expected in place of each token is its tooltip."""
    end = scale_end(len(surprise.vocabulary))
    pieces = [html.escape(surprise.context)]
    for token, before in zip(surprise[:_MOST], separators(surprise), strict=False):
        colour = f"rgba({_HUE},{shade(token.bits, end) / 100 * _STRONGEST:.2f})"
        shown = "".join(one if one in " \n\t" else html.escape(label(one)) for one in token.token)
        unknown = ";text-decoration:underline dashed" if not token.known else ""
        pieces.append(
            f'{html.escape(before)}<span style="background:{colour}{unknown}" title="{_tooltip(token)}">{shown}</span>'
        )
    left = len(surprise) - _MOST
    more = f"<em> … and {left:,} more; save(path) writes all of them</em>" if left > 0 else ""
    return (
        f'<div><div style="margin-bottom:.4em">{html.escape(sentence)};'
        f" the stronger the colour, the more bits, up to {end}.</div>"
        '<div style="white-space:pre-wrap;line-height:1.7;max-height:32em;overflow-y:auto">'
        f"{''.join(pieces)}{more}</div></div>"
    )


def _tooltip(token: TokenSurprise) -> str:
    lines = [f"{label(token.token)}  {token.bits:.2f} bits, {share(token.probability)}, rank {token.rank:,}"]
    if not token.known:
        lines[0] += ", unknown"
    lines += [f"{label(one.token)}  {share(one.probability)}" for one in token.alternatives]
    return html.escape("\n".join(lines)).replace("\n", "&#10;")
