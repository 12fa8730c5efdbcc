"""Pictures beside report.md: not blank, readable in any script."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text

from lstmlab.reports.sweep import find, load_sweep
from lstmlab.reports.sweep.pictures import draw_pictures


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All that stands in the pictures; characters that their fonts lack are an error."""
    found: list[str] = []
    save = Figure.savefig

    def listen(self: Figure, *args: object, **options: object) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            save(self, *args, **options)
        found.extend(text.get_text() for text in self.findobj(Text))  # type: ignore[attr-defined]

    monkeypatch.setattr(Figure, "savefig", listen)
    return found


def assert_picture(path: Path) -> None:
    picture = imread(path)
    assert min(picture.shape[:2]) > 300 and max(picture.shape[:2]) < 3000
    assert len(np.unique(picture[::3, ::3, :3].reshape(-1, 3), axis=0)) > 25  # colours


def test_every_option_has_its_picture(grid_sweep: Path, tmp_path: Path, texts: list[str]) -> None:
    pictures = draw_pictures(find(load_sweep(grid_sweep)), tmp_path)
    names = [picture.path.name for picture in pictures]
    assert names == [
        "effect-model.num_layers.png", "effect-model.dropout.png", "curves.png",
        "interaction-model.num_layers-model.dropout.png", "cost-model.num_layers.png", "cost-model.dropout.png",
        "tradeoffs.png",
    ]  # fmt: skip
    for picture in pictures:
        assert_picture(picture.path)
    assert {"model.dropout", "0.25", "validation bits a character\n(lower is better)", "epochs"} <= set(texts)


def test_hard_values_are_written(hard_sweep: Path, tmp_path: Path, texts: list[str]) -> None:
    for picture in draw_pictures(find(load_sweep(hard_sweep)), tmp_path):
        assert_picture(picture.path)
    assert {"结巴分词", "50% of $x_1$ & {y}|z"} & set(texts) and "结巴分词" in texts
    assert max(len(text) for text in texts if text.startswith("a_long")) <= 18


def test_one_arm_has_its_curves(tmp_path: Path, make_sweep: Any) -> None:
    root = make_sweep(tmp_path / "a", {"seed": [1, 2]}, lambda one: 2.0 + one["seed"])
    assert [picture.path.name for picture in draw_pictures(find(load_sweep(root)), tmp_path)] == ["curves.png"]
