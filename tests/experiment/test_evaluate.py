"""Evaluation with a model that adapts to what it reads."""

import json
import shutil
from pathlib import Path

import pytest

from lstmlab.errors import UserError
from lstmlab.experiment.compose import compose_job
from lstmlab.experiment.evaluate import run
from lstmlab.loading import load

SMALL = ["references=false", "calibration=false"]


@pytest.fixture(scope="module")
def trained(trained_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(trained_run, tmp_path_factory.mktemp("evaluate") / "run"))


def test_adapted_figures_have_columns_of_their_own(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Settings come from the validation part; the static figure is what it is without them."""
    composed, *_ = compose_job("evaluate", [f"run={trained}", "adapt=[dynamic,cache]", "adapt_tokens=200", *SMALL])
    found = run(composed)
    dynamic, cache = found.adapted
    assert (dynamic.kind, cache.kind) == ("dynamic", "cache")
    # Three steps of training leave nearly everything to learn.
    assert dynamic.bits_per_char < dynamic.static_bits_per_char == pytest.approx(found.model.bits_per_char, abs=1e-6)
    assert cache.bits_per_char < cache.static_bits_per_char
    said = capsys.readouterr().out
    assert "dynamic" in said.split("5.")[0], said
    assert f"{dynamic.bits_per_char:.4f}" in said
    assert "lr and decay chosen on 200 tokens of val" in " ".join(said.split())
    written = json.loads((trained / "evaluation_test.json").read_text(encoding="utf-8"))
    assert written["adapted"][0]["settings"]["rule"] == "rms"
    plain, *_ = compose_job("evaluate", [f"run={trained}", *SMALL])
    assert run(plain).model == found.model  # the weights were put back


def test_settings_that_were_given_are_taken(trained: Path) -> None:
    given = ["dynamic.rule=sgd", "dynamic.lr=0.2", "dynamic.decay=0", "cache.theta=0.3", "cache.share=0.1", "split=val"]
    composed, *_ = compose_job("evaluate", [f"run={trained}", "adapt=[dynamic,cache]", *given, *SMALL])
    for each in run(composed).adapted:
        assert not each.chosen
        assert "all as given" in each.sentence()


def test_what_cannot_be_is_refused(trained: Path) -> None:
    for words, said in (
        (["adapt=[cache]", "split=val"], "split=val and cache.theta=null exclude each other"),
        (["adapt=[dynamic]", "dynamic.rule=sgd", "dynamic.lr=1e38", "dynamic.decay=0"], "dynamic.lr=1e.38 is too high"),
    ):
        composed, *_ = compose_job("evaluate", [f"run={trained}", *words, *SMALL])
        with pytest.raises(UserError, match=said):
            run(composed)
    assert load(trained).generate("The", 5)
