"""surprise.html: one file that opens without a network."""

import html
import json
import math
from importlib.resources import files

from lstmlab import __version__
from lstmlab.evaluation.surprise import LN2, TextSurprise
from lstmlab.reports.surprise.pieces import Surroundings, separators, share
from lstmlab.reports.surprise.scale import scale_end, shade
from lstmlab.reports.surprise.visible import label, markup

_LISTED = 12  # most surprising tokens
_DIGITS = 4  # of a probability


def page(surprise: TextSurprise, model: str, title: str) -> str:
    """The whole file."""
    end = scale_end(len(surprise.vocabulary))
    # Within a script nothing but this would end it.
    data = json.dumps(_data(surprise), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    style, script = (files(__package__).joinpath(f"page.{kind}").read_text("utf-8") for kind in ("css", "js"))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_e(title)} – lstmlab surprise</title>
<link rel="icon" href="data:,">
<style>
{style}</style>
</head>
<body>
<main>
<h1>{_e(title)}</h1>
<p class="under">{_e(model)}</p>
{_figures(surprise)}
{_legend(surprise, end)}
<p class="help" id="help">Point at a token to see what was expected there; or press Tab to enter the text, and move with
the arrow keys, Home and End.</p>
{_text(surprise, end)}
{_listed(surprise)}
<footer>Made by lstmlab {_e(__version__)}.</footer>
</main>
<div id="panel" role="tooltip" hidden></div>
<script id="data" type="application/json">{data.replace("<", chr(92) + "u003c")}</script>
<script>
{script}</script>
</body>
</html>
"""


def _figures(surprise: TextSurprise) -> str:
    unit = surprise.tokenizer.unit
    unknown = int((~surprise.known).sum())
    facts = [
        (f"{surprise.bits_per_char:.3f}", "bits a character"),
        (f"{surprise.perplexity:,.2f}", f"perplexity a {unit}"),
        (f"{surprise.characters:,}", "characters"),
        *([(f"{len(surprise):,}", f"{unit}s")] if unit != "character" else []),
        *([(f"{unknown:,}", "unknown, and spelt")] if unknown else []),
    ]
    return '<dl class="figures">' + "".join(f"<div><dt>{name}</dt><dd>{n}</dd></div>" for n, name in facts) + "</dl>"


def _legend(surprise: TextSurprise, end: int) -> str:
    ticks = "".join(
        f'<span style="left:{100 * n / (end // 2):.4g}%">{2 * n}{"+" if 2 * n == end else ""}</span>'
        for n in range(end // 2 + 1)
    )
    size = len(surprise.vocabulary)
    return (
        f'<div class="legend" role="img" aria-label="Colours from 0 bits, pale, to {end} bits and more, dark">'
        f'<div class="bar"></div><div class="ticks">{ticks}</div></div>'
        '<p class="help">Bits a token: 1 bit is a probability of one half, and each further bit halves it. A blind'
        f" guess among the {size:,} tokens of the vocabulary would cost {math.log2(size):.1f} bits.</p>"
    )


def _text(surprise: TextSurprise, end: int) -> str:
    listed = set(surprise.most_surprising(_LISTED))
    tokens = zip(surprise.tokens, surprise.bits.tolist(), surprise.known.tolist(), separators(surprise), strict=True)
    pieces = []
    if surprise.context:
        pieces.append(f'<span class="context" title="read, not scored">{markup(surprise.context)}</span>')
    for index, (token, bits, known, before) in enumerate(tokens):
        classes = "t" + (" w" if token == " " else "") + ("" if known else " unknown")
        anchor = f' id="t{index}"' if index in listed else ""
        pieces.append(
            f'{_e(before)}<span class="{classes}"{anchor} style="--s:{shade(bits, end)}">{markup(token)}</span>'
        )
    language = ' lang="zh"' if _is_chinese(surprise) else ""
    return f'<div id="text" class="text" aria-describedby="help"{language}>{"".join(pieces)}</div>'


def _listed(surprise: TextSurprise) -> str:
    surroundings = Surroundings(surprise)
    rows = []
    for index in surprise.most_surprising(_LISTED):
        token = surprise[index]
        expected = (
            f"{_label(token.alternatives[0].token)} {share(token.alternatives[0].probability)}"
            if token.alternatives
            else ""
        )
        before, behind = map(_e, surroundings.of(index))
        name = _label(token.token) + ("" if token.known else " <small>unknown</small>")
        rows.append(
            f'<tr><td><a href="#t{index}" data-token="{index}">{name}</a></td>'
            f'<td class="number">{token.bits:.2f}</td><td class="number">{share(token.probability)}</td>'
            f'<td class="number">{token.rank:,}</td><td>{expected}</td>'
            f'<td class="around">{before}<mark>{_e(label(token.token))}</mark>{behind}</td></tr>'
        )
    heads = "".join(
        f"<th{' class=number' if name in ('bits', 'probability', 'rank') else ''}>{name}</th>"
        for name in ("token", "bits", "probability", "rank", "expected", "where")
    )
    return (
        '<section><h2>The most surprising</h2><div class="table"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div></section>"
    )


def _data(surprise: TextSurprise) -> dict[str, object]:
    """What the panel says of each token; labels by their place in a list, since few occur very often."""
    labels: dict[str, int] = {}

    def place(token: str) -> int:
        return labels.setdefault(label(token), len(labels))

    tokens = []
    for one in surprise:
        entry: list[object] = [place(one.token), round(one.nats / LN2, 2), _short(one.probability), one.rank]
        entry.append([n for other in one.alternatives for n in (place(other.token), _short(other.probability))])
        if not one.known:
            entry.append(round(one.spelling_nats / LN2, 2))
        tokens.append(entry)
    return {"labels": list(labels), "size": len(surprise.vocabulary), "tokens": tokens}


def _short(probability: float) -> float:
    return float(f"{probability:.{_DIGITS}g}")


def _is_chinese(surprise: TextSurprise) -> bool:
    """By which the browser picks a font: characters of both scripts look alike in none."""
    sample = "".join(surprise.tokens[:1000])
    return sum("\u4e00" <= one <= "\u9fff" for one in sample) > len(sample) / 4


def _label(token: str) -> str:
    return f"<b>{_e(label(token))}</b>"


def _e(text: str) -> str:
    return html.escape(text)
