"""lstmlab surprise: where its text comes from, where the page goes, and that its figures are those of ``score``."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import lstmlab
from lstmlab.cli import main
from lstmlab.experiment.building import build_data


@pytest.fixture
def run(trained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(trained_run, "copy"))


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["surprise", "run=copy", *words]) == 0
    return capsys.readouterr().out


def test_the_models_surprise_is_its_score(trained_run: Path) -> None:
    model = lstmlab.load(trained_run)
    text = "The river, ☃ and a boat.\n" * 20
    surprise, score = model.surprise(text), model.score(text)
    assert list(surprise.tokens) == [token.token for token in score.tokens]
    np.testing.assert_allclose(surprise.nats, [token.nats for token in score.tokens], rtol=0, atol=2e-6)
    assert surprise.spelling_nats.tolist() == [token.spelling_nats for token in score.tokens]
    for name in ("bits_per_char", "perplexity"):
        assert getattr(surprise, name) == pytest.approx(getattr(score, name), rel=1e-6)
    assert surprise.total_nats == pytest.approx(score.nats, rel=1e-6)
    assert f"{trained_run}" in surprise.model and "step 3" in surprise.model


def test_a_passage_of_the_test_part(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = lstmlab.load(run)
    text = build_data(model.config, model.tokenizer).part("test").text()
    said = printed(capsys, "start=10", "characters=50")
    assert (
        f"The test part, characters 11 to 60: {model.surprise(text[10:60]).bits_per_char:.3f} bits a character" in said
    )
    assert said.rstrip().endswith("copy/surprise.html") and "The most surprising" in said
    assert "The test part, characters 11 to 60" in (run / "surprise.html").read_text(encoding="utf-8")
    assert f"characters 1 to {len(text):,}" in printed(capsys)  # shorter than a passage
    assert "The val part, characters 1 to 20" in printed(capsys, "split=val", "characters=20")


def test_a_file_and_a_typed_text(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a=b.txt").write_bytes("It was，郭靖。\r\n[bold] and more".encode("gb18030"))
    model = lstmlab.load(run)
    assert main(["surprise", "run=copy", "text_file=a=b.txt"]) == 2
    assert "name its encoding with encoding (gb18030" in capsys.readouterr().err  # too short to be guessed
    for words, text, title in (
        (["text_file=a=b.txt", "encoding=gb18030"], "It was，郭靖。\n[bold] and more", "a=b.txt"),
        (["text_file=a=b.txt", "encoding=gb18030", "start=3", "characters=6"], "was，郭靖", "a=b.txt"),
        (["text=${x}, null 'and' [red]a[/red]"], "${x}, null 'and' [red]a[/red]", "A text"),
    ):
        said = printed(capsys, *words, "out=page.html", "alternatives=2")
        assert said.startswith(f"{title}: {model.surprise(text).sentence()}")
    assert "unknown" in said and not (run / "surprise.html").exists() and Path("page.html").is_file()


def test_a_text_that_no_page_could_show(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("long.txt").write_text("ab" * 50_001, encoding="utf-8")
    assert main(["surprise", "run=copy", "text_file=long.txt"]) == 2
    assert "has 100,002 tokens, and a page shows 100,000 at most; take a part of it" in capsys.readouterr().err
    assert "12 characters" in printed(capsys, "text_file=long.txt", "start=99990")


def test_a_checkpoint_without_its_directory_needs_a_place(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(run / "checkpoints" / "last.ckpt", "alone.ckpt")
    assert main(["surprise", "run=alone.ckpt", "text=It was"]) == 2
    assert "set out=surprise.html" in capsys.readouterr().err
    assert main(["surprise", "run=alone.ckpt", "text=It was", "out=page.html"]) == 0
