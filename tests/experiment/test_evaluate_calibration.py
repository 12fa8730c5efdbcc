"""What ``evaluate`` says and writes of a model's calibration."""

import json
import shutil
from pathlib import Path

import pytest
from matplotlib.image import imread

from lstmlab.cli import main


@pytest.fixture
def run(trained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(trained_run, "copy"))


def evaluated(run: Path, capsys: pytest.CaptureFixture[str], split: str, *words: str) -> tuple[dict[str, object], str]:
    assert main(["evaluate", f"run={run}", "references=false", f"split={split}", *words]) == 0
    content = json.loads((run / f"evaluation_{split}.json").read_text(encoding="utf-8"))
    return content, capsys.readouterr().out


def test_figures_a_picture_and_a_temperature(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, said = evaluated(run, capsys, "test")
    found, figures = content["calibration"], content["model"]
    assert isinstance(found, dict) and isinstance(figures, dict)
    assert found["whole"] and found["tokens"] == figures["tokens"]
    assert found["loss"] == pytest.approx(figures["loss"], rel=1e-5)
    assert sum(one["count"] for one in found["top"]["bins"]) == figures["tokens"]
    assert f"probability is off by {found['top']['error']:.2%} on average" in said
    fitted = found["temperature"]
    assert f"at temperature {fitted['value']:.3f}, the best on val, test comes to {fitted['loss']:.4f}" in said
    assert imread(run / "calibration_test.png").shape[:2] == (690, 1350)

    content, said = evaluated(run, capsys, "val")
    on_val = content["calibration"]
    assert isinstance(on_val, dict)
    assert on_val["temperature"]["value"] == fitted["value"] and on_val["temperature"]["loss"] <= on_val["loss"]
    assert "the very part it was fitted on" in said


def test_it_can_be_left_out(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, said = evaluated(run, capsys, "test", "calibration=false")
    assert content["calibration"] is None and "calibration" not in said
    assert not (run / "calibration_test.png").exists()


def test_without_a_validation_part_no_temperature_is_fitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import lstmlab

    monkeypatch.chdir(tmp_path)
    lstmlab.train(
        [
            "hydra.run.dir=run", "data=synthetic", "data.characters=3000", "data.split=[0.8,0,0.2]",
            "data.seq_length=16", "data.batch_size=8", "model.hidden_size=8", "model.embedding_size=8",
            "trainer.max_steps=1", "callbacks.samples.tokens=0", "logger=csv",
        ]
    )  # fmt: skip
    content, said = evaluated(Path("run"), capsys, "test")
    assert isinstance(content["calibration"], dict) and content["calibration"]["temperature"] is None
    assert "no temperature was fitted, for there is no validation part" in said
