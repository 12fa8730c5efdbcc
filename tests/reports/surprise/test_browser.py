"""surprise.html in a real browser, without a network."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lstmlab.reports.surprise import Surprise

TEXT = "the quick brown fox jumps over the lazy dog.\n郭靖道：「那少年Ω提剑下山。」\n<script>alert(1)</script>\n" * 4

# Contrast by WCAG 2.1 of the text on every token, measured on what the browser paints.
CONTRASTS = """
() => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const luminance = (colour) => {
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((n) => n / 255)
      .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return [...document.querySelectorAll(".t")].map((token) => {
    const style = getComputedStyle(token);
    const [on, under] = [luminance(style.color), luminance(style.backgroundColor)];
    const contrast = (Math.max(on, under) + 0.05) / (Math.min(on, under) + 0.05);
    return [Number(token.style.getPropertyValue("--s")), contrast, under];
  });
}
"""


@pytest.fixture
def opened(browser: Any, surprise_of: Callable[..., Surprise], tmp_path: Path) -> Iterator[Any]:
    """A function that opens a page; at the end nothing was asked of the network or said on the console."""
    said: list[str] = []
    contexts: list[Any] = []

    def open_page(text: str = TEXT, scheme: str = "light", width: int = 900) -> Any:
        surprise_of(text).save(tmp_path / "surprise.html")
        context = browser.new_context(viewport={"width": width, "height": 700}, color_scheme=scheme)
        contexts.append(context)
        context.set_offline(True)
        page = context.new_page()
        page.on("console", lambda message: said.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on("dialog", lambda dialog: said.append("a dialog"))
        page.on(
            "request", lambda request: None if request.url.startswith(("file:", "data:")) else said.append(request.url)
        )
        page.goto((tmp_path / "surprise.html").as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []


def test_hovering_shows_what_was_expected(opened: Any, surprise_of: Callable[..., Surprise]) -> None:
    page, surprise = opened(), surprise_of(TEXT)
    panel = page.locator("#panel")
    assert panel.is_hidden()
    for index in (4, surprise.tokens.index("\n"), surprise.tokens.index("Ω")):
        token = surprise[index]
        page.locator(".t").nth(index).hover()
        shown = panel.inner_text()
        assert f"{token.bits:.2f} bits" in shown and f"rank {token.rank} of" in shown
        assert ("not in the vocabulary" in shown) == (not token.known)
        rows = panel.locator("tr").all()
        assert len(rows) == 5 + (token.rank > 5)
        widths = [row.locator(".fill").evaluate("fill => fill.getBoundingClientRect().width") for row in rows[:5]]
        assert widths == sorted(widths, reverse=True) and widths[0] > 1
        assert panel.locator("tr.own").count() == 1
        assert f"{100 * token.alternatives[0].probability:.1f} %" in rows[0].inner_text()
    page.locator("h1").hover()
    assert panel.is_hidden()


def test_the_keyboard_moves_through_the_text(opened: Any, surprise_of: Callable[..., Surprise]) -> None:
    page, surprise = opened(), surprise_of(TEXT)
    focused = "() => [...document.querySelectorAll('.t')].indexOf(document.activeElement)"
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == 0 and f"{surprise[0].bits:.2f} bits" in page.locator("#panel").inner_text()
    for key, place in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", len(surprise) - 1), ("Home", 0)):
        page.keyboard.press(key)
        assert page.evaluate(focused) == place
        assert f"{surprise[place].bits:.2f} bits" in page.locator("#panel").inner_text()
    page.keyboard.press("ArrowDown")
    below = page.evaluate(focused)
    assert surprise.tokens[below] == "郭"  # the line under the first
    page.keyboard.press("ArrowUp")
    assert page.evaluate(focused) in (0, 1)  # whichever stands nearer above the wider character
    page.keyboard.press("Escape")
    assert page.locator("#panel").is_hidden()
    page.keyboard.press("Tab")  # out of the text at once, into the table
    assert page.evaluate("document.activeElement.dataset.token") == str(surprise.most_surprising(1)[0])
    page.keyboard.press("Enter")
    assert page.evaluate(focused) == surprise.most_surprising(1)[0] and page.locator("#panel").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_shade_can_be_read_and_the_more_bits_the_stronger_it_is(opened: Any, scheme: str) -> None:
    measured = sorted(opened(scheme=scheme).evaluate(CONTRASTS))
    assert min(contrast for _, contrast, _ in measured) >= 4.5
    assert measured[0][0] < 10 and measured[-1][0] == 100
    luminances = [under for _, _, under in measured]
    assert luminances == sorted(luminances, reverse=scheme == "light")
    assert abs(luminances[-1] - luminances[0]) > 0.1


@pytest.mark.parametrize("width", [380, 1300])
def test_it_fits_any_window(opened: Any, width: int) -> None:
    page = opened(width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for index in (0, 30):
        page.locator(".t").nth(index).hover()
        box = page.locator("#panel").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width


def test_what_is_copied_is_the_text(opened: Any) -> None:
    text = "the lazy fox\tjumps.\n郭靖 道\n"
    page = opened(text)
    page.evaluate("getSelection().selectAllChildren(document.getElementById('text'))")
    assert page.evaluate("getSelection().toString()").rstrip("\n") == text.rstrip("\n")
