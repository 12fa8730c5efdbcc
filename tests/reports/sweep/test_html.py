"""report.html in a real browser, without a network."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest

from lstmlab.reports.sweep import find, load_sweep
from lstmlab.reports.sweep.html import Page, write_html

COUNT = """
() => [...document.querySelectorAll('.js-plotly-plot')].map((plot) => ({
  title: plot.closest('figure').querySelector('h3').textContent,
  traces: plot.data.length,
  drawn: plot.querySelectorAll('.scatterlayer .trace, .barlayer .trace').length,
  points: plot.querySelectorAll('.scatterlayer .point, .scatterlayer .js-line, .barlayer .point').length,
  text: plot.textContent,
  inside: plot.scrollWidth <= plot.clientWidth + 1,
}))
"""


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """A function that opens a sweep's report; at the end nothing was asked of the network or said on the console."""
    said: list[str] = []
    contexts: list[Any] = []

    def open_report(sweep: Path, width: int = 1200, scheme: str = "light") -> Any:
        write_html(find(load_sweep(sweep)), tmp_path / "report.html")
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        contexts.append(context)
        context.set_offline(True)
        page = context.new_page()
        page.on("console", lambda message: said.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on("dialog", lambda dialog: said.append("a dialog"))
        page.on(
            "request",
            lambda request: None if request.url.startswith(("file:", "data:", "blob:")) else said.append(request.url),
        )
        page.goto((tmp_path / "report.html").as_uri())
        page.wait_for_selector(".js-plotly-plot .main-svg")
        return page

    yield open_report
    for context in contexts:
        context.close()
    assert said == []


def test_every_picture_is_drawn(opened: Any, seq_sweep: Path) -> None:
    plots = opened(seq_sweep).evaluate(COUNT)
    assert [plot["title"] for plot in plots] == [
        "Bits a character by data.seq_length", "Training time by data.seq_length",
        "Train–validation gap by data.seq_length", "Validation bits a character by data.seq_length",
        "Validation perplexity by data.seq_length", "Training perplexity by data.seq_length",
        "Gradient norm by data.seq_length", "Speed and quality", "Parallel coordinates",
    ]  # fmt: skip
    for plot in plots:
        assert plot["drawn"] == plot["traces"] > 0 and plot["points"] > 0, plot["title"]
    assert plots[0]["points"] == 18 + 4 + 5  # a dot a trial, a mean an arm, a line a seed
    assert "validation bits a character" in plots[0]["text"] and "epochs" in plots[3]["text"]


def test_a_grid(opened: Any, grid_sweep: Path) -> None:
    plots = {plot["title"]: plot for plot in opened(grid_sweep).evaluate(COUNT)}
    assert all(plot["drawn"] == plot["traces"] > 0 and plot["points"] > 0 for plot in plots.values())
    assert plots["model.num_layers and model.dropout"]["traces"] == 3
    assert plots["Importance of the options"]["points"] == 3  # with the seed
    assert plots["Size and quality"]["points"] == 17 + 6 + 1


def test_hovering_and_the_legend(opened: Any, seq_sweep: Path) -> None:
    page = opened(seq_sweep)
    plot = page.locator(".js-plotly-plot").first
    plot.scroll_into_view_if_needed()
    plot.locator(".scatterlayer .trace").nth(1).locator(".point").first.hover(force=True)
    page.wait_for_selector(".js-plotly-plot .hoverlayer .hovertext")
    hovered = page.locator(".hoverlayer .hovertext").first.text_content()
    assert "16, seed 1" in hovered and "bits a character" in hovered
    visible = "() => document.querySelector('.js-plotly-plot').data.map((trace) => trace.visible ?? true)"
    assert page.evaluate(visible) == [True, True, True]
    plot.locator(".legendtoggle").nth(1).click()
    page.wait_for_function("() => document.querySelector('.js-plotly-plot').data[1].visible === 'legendonly'")
    assert page.evaluate(visible) == [True, "legendonly", True]


def test_tables_are_sorted_by_a_click(opened: Any, seq_sweep: Path) -> None:
    page = opened(seq_sweep)
    table = page.locator("#arms table")
    column = table.locator("th").all_text_contents().index("val bits/char")
    head = table.locator("th").nth(column)
    for order in ("ascending", "descending"):
        head.click()
        assert head.get_attribute("aria-sort") == order
        found = [float(row.locator("td").nth(column).inner_text()) for row in table.locator("tbody tr").all()]
        assert found == sorted(found, reverse=order == "descending")


@pytest.mark.parametrize("width", [420, 1400])
def test_hard_values_break_nothing(opened: Any, hard_sweep: Path, width: int) -> None:
    page = opened(hard_sweep, width)
    plots = page.evaluate(COUNT)
    assert all(plot["drawn"] == plot["traces"] > 0 and plot["inside"] for plot in plots)
    assert "结巴分词" in plots[0]["text"] and "<scri…ript>" in plots[0]["text"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.title() == "hard<b> – lstmlab report"


def test_dark(opened: Any, seq_sweep: Path) -> None:
    page = opened(seq_sweep, scheme="dark")
    mean = "() => document.querySelector('.js-plotly-plot').data[2].marker.color"
    dark = page.evaluate(mean)
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"() => ({mean})() !== '{dark}'")
    assert "$" not in page.evaluate(mean)


def test_plotly_is_in_it_once(seq_sweep: Path, tmp_path: Path) -> None:
    write_html(find(load_sweep(seq_sweep)), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("plotly.js v") == 1 and 4e6 < len(page) < 6e6
    assert "<script src" not in page and '<link rel="stylesheet"' not in page


def test_pictures_are_what_plotly_knows(grid_sweep: Path) -> None:
    """Plotly's own library checks every property's name and value."""
    page = Page(find(load_sweep(grid_sweep)))
    page.text()
    assert len(page.plots) > 10
    for plot in page.plots:
        figure = plot.figure()
        text = str(figure).replace("$foreground", "#123456").replace("$faint", "#123456").replace("$background", "#fff")
        go.Figure(eval(text))
