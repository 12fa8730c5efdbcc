"""Pictures of the inspection: not blank, readable labels, whatever the tokens and however many."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text

from lstmlab.reports import fonts
from lstmlab.reports.inspection import draw_attention, draw_gates, draw_histograms, draw_inspections

CHINESE = ["话说", "天下", "大势", "，", "分久必合", "\n", "　", "道", "a", "$"]
random = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def no_warnings() -> Iterator[None]:
    """Matplotlib warns of every character that its fonts lack, and of layouts that do not fit."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All that stands in the pictures."""
    found: list[str] = []
    save = Figure.savefig

    def listen(self: Figure, *args: object, **options: object) -> None:
        save(self, *args, **options)
        found.extend(text.get_text() for text in self.findobj(Text))  # type: ignore[attr-defined]

    monkeypatch.setattr(Figure, "savefig", listen)
    return found


def gates(length: int, units: int) -> dict[str, np.ndarray]:
    return {
        "forget gate": random.uniform(0, 1, (length, units)),
        "cell state": random.normal(size=(length, units)),
    }


def assert_picture(path: Path) -> np.ndarray:
    picture: np.ndarray = imread(path)
    assert min(picture.shape[:2]) > 100 and max(picture.shape[:2]) < 4000
    assert len(np.unique(picture[..., :3].reshape(-1, 3), axis=0)) > 20  # colours
    return picture


def test_gates(tmp_path: Path, texts: list[str]) -> None:
    tokens = ["It", " ", "was", "\n", "\t", "\x00", "$x^$", "incomprehensibilities", "<eod>"]
    draw_gates(gates(9, 40), tokens, tmp_path / "gates.png", units=16, title="layer 0")
    assert_picture(tmp_path / "gates.png")
    assert {"It", "␣", "was", "↵", "⇥", "\\x00", "$x^$", "incomprehen…", "<eod>"} <= set(texts)
    assert "layer 0: the first 16 of 40 units, as the passage is read" in texts
    assert {"forget gate", "cell state"} <= set(texts)
    draw_gates(gates(9, 4), tokens, tmp_path / "few.png", units=16)
    assert any("all 4 units" in text for text in texts)


def test_gates_are_drawn_from_0_to_1_and_states_around_0(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {}

    def look(self: Figure, *_: object, **__: object) -> None:
        limits.update({axes.get_title(loc="left"): axes.images[0].get_clim() for axes in self.axes if axes.images})

    monkeypatch.setattr(Figure, "savefig", look)
    with pytest.raises(FileNotFoundError):  # nothing was saved
        draw_gates(gates(5, 4), list("abcde"), tmp_path / "gates.png")
    assert limits["forget gate"] == (0, 1)
    low, high = limits["cell state"]
    assert low == -high < 0


@pytest.mark.parametrize("length", [1, 3, 1200])
def test_any_number_of_tokens(length: int, tmp_path: Path, texts: list[str]) -> None:
    tokens = [f"w{index}" for index in range(length)]
    draw_gates(gates(length, 6), tokens, tmp_path / "gates.png")
    assert_picture(tmp_path / "gates.png")
    assert len(set(texts) & set(tokens)) == length or 100 < len(set(texts) & set(tokens)) < 300


def test_numbers_that_are_not_finite_or_all_zero(tmp_path: Path) -> None:
    trace = {"cell state": np.full((4, 3), np.nan), "output": np.zeros((4, 3)), "mixed": np.full((4, 3), -np.inf)}
    draw_gates(trace, list("abcd"), tmp_path / "gates.png")
    draw_attention(np.full((1, 4, 4), np.nan), list("abcd"), tmp_path / "attention.png")
    draw_histograms({"a": (np.zeros(5, int), np.linspace(0, 1, 6))}, tmp_path / "histograms.png", "weights")


def test_chinese_without_a_font_is_numbered(tmp_path: Path, texts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_best", lambda characters: (None, characters))
    fonts._font_for.cache_clear()
    draw_gates(gates(10, 6), CHINESE, tmp_path / "gates.png")
    assert_picture(tmp_path / "gates.png")
    assert {str(index) for index in range(10)} <= set(texts)
    (sentence,) = [" ".join(text.split()) for text in texts if "No installed font" in text]
    assert "of 6 of the 10 tokens: those read are numbered from 0" in sentence
    texts.clear()
    draw_attention(random.dirichlet(np.ones(10), (1, 8)), CHINESE, tmp_path / "attention.png")
    fonts._font_for.cache_clear()
    assert {"-2", "-1", "0", "7"} <= set(texts) and "8" not in texts  # two tokens of the memory


def test_chinese_with_a_font_is_written(tmp_path: Path, texts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Matplotlib's own font of last resort stands in for an installed one: it has some picture of every character."""
    fallback = "Last Resort High-Efficiency"
    monkeypatch.setattr(fonts, "_best", lambda characters: (fallback, frozenset()))
    fonts._font_for.cache_clear()
    draw_gates(gates(10, 6), CHINESE, tmp_path / "gates.png")
    draw_attention(random.dirichlet(np.ones(10), (1, 10)), CHINESE, tmp_path / "attention.png")
    fonts._font_for.cache_clear()
    assert {"话\n说", "分\n久\n必\n合", "，", "↵", "␣", "$"} <= set(texts)  # below an axis from top to bottom
    assert {"话说", "分久必合"} <= set(texts)  # beside it as they are


def test_a_rare_character_does_not_number_all(tmp_path: Path, texts: list[str]) -> None:
    draw_gates(gates(20, 6), [*"abcdefghijklmnopqrs", "\U000e0100"], tmp_path / "gates.png")
    assert {"a", "s"} <= set(texts) and not any("No installed font" in text for text in texts)


def test_fonts_that_are_installed_are_found() -> None:
    assert fonts.font_for(["It was ␣↵", "…"]) == (["DejaVu Sans"], frozenset())
    assert fonts._best(frozenset("∑"))[1] == frozenset()  # as for any character that some installed font has


def test_attention(tmp_path: Path, texts: list[str]) -> None:
    tokens = ["<eod>", *"hello"]
    weights = np.zeros((20, 5, 12))
    weights[:, :, 6:] = np.tri(5, 6, 1) / np.arange(2, 7)[:, None]
    draw_attention(weights, tokens, tmp_path / "attention.png", title="attention, step 3")
    assert_picture(tmp_path / "attention.png")
    assert {*tokens, "head 15", "looked at (left of the line: memory)"} <= set(texts) and "head 16" not in texts
    assert "attention, step 3 (the first 16 of 20 heads)" in texts and "-2" not in texts
    weights[:, :, 4] = 0.1  # memory whose tokens are not known is counted backwards
    draw_attention(weights[:1], tokens, tmp_path / "one.png")
    assert_picture(tmp_path / "one.png")
    assert "-2" in texts


def test_histograms(tmp_path: Path, texts: list[str]) -> None:
    many = {f"layer.{index}.weight": np.histogram(random.normal(size=1000), 50) for index in range(30)}
    draw_histograms(many, tmp_path / "histograms.png", "weights, step 3")
    assert_picture(tmp_path / "histograms.png")
    assert "weights, step 3 (6 more parameters are left out)" in texts
    assert "layer.0.weight\n1,000 numbers" in texts
    draw_histograms(dict([*many.items()][:1]), tmp_path / "one.png", "gradients")
    assert_picture(tmp_path / "one.png")


def test_of_many_steps_some_are_drawn_and_none_twice(tmp_path: Path) -> None:
    counts, edges = np.histogram(random.normal(size=50), 5)
    for step in range(1, 8):
        np.savez(
            tmp_path / f"step-{step:07d}.npz", step=step, units=3, tokens=np.array(["a"]), before=np.array([], np.str_),
            **{"weights/w/counts": counts, "weights/w/edges": edges, "layer 0/output": np.zeros((1, 3))},
        )  # fmt: skip
    drawn = draw_inspections(tmp_path, most=3)
    assert [path.name for path in drawn] == [
        f"step-000000{step}-{what}.png" for step in (1, 4, 7) for what in ("layer-0", "weights")
    ]
    assert all(path.is_file() for path in drawn)
    assert draw_inspections(tmp_path, most=3) == []
    assert draw_inspections(tmp_path / "absent") == []
