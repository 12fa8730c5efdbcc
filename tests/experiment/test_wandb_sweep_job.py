"""lstmlab wandb-sweep through the command line."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from lstmlab.cli import main


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def content(name: str) -> dict[str, Any]:
    found = yaml.safe_load(Path(f"{name}.wandb-sweep.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_what_train_would_sweep(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "sweep=seq_length",
        "data=text",
        "data.path=林冲, it's.txt",
        "model.num_layers=1,2",
        "trainer.max_steps=null,5",
    ]
    assert main(["wandb-sweep", *words, "seed=7"]) == 0
    name = "seq_length-num_layers-max_steps"
    said = capsys.readouterr().out
    assert f"{name}.wandb-sweep.yaml: 16 trainings." in said and f"wandb sweep {name}.wandb-sweep.yaml" in said
    assert "wandb agent lstmlab/ID" in said
    sweep = content(name)
    assert sweep["parameters"] == {
        "data.seq_length": {"values": [16, 32, 64, 128]}, "model.num_layers": {"values": [1, 2]},
        "trainer.max_steps": {"values": ["null", 5]},
    }  # fmt: skip
    assert (sweep["method"], sweep["project"]) == ("grid", "lstmlab")
    assert sweep["command"][-4:] == ["data=text", "data.path=林冲, it's.txt", "seed=7", "${args_no_hyphens}"]
    assert [entry.name for entry in place.iterdir()] == [f"{name}.wandb-sweep.yaml"]


def test_a_space_is_drawn_from(place: Path) -> None:
    words = ["sweep=grid", "sweep.method=bayes", "sweep.name=mine", "model.num_layers=1,2", "data.seq_length=16"]
    assert main(["wandb-sweep", *words, "logger.entity=us"]) == 0
    sweep = content("mine")
    assert (sweep["method"], sweep["entity"], sweep["name"]) == ("bayes", "us", "mine")
    assert sweep["parameters"] == {
        "model.dropout": {"distribution": "uniform", "min": 0.0, "max": 0.75},
        "optim.lr": {"distribution": "log_uniform_values", "min": 0.001, "max": 0.02},
        "model.num_layers": {"values": [1, 2]},
    }
    assert "data.seq_length=16" in sweep["command"]


def test_configs_of_ones_own_go_along(place: Path) -> None:
    (place / "own" / "sweep").mkdir(parents=True)
    (place / "own" / "sweep" / "two.yaml").write_text("defaults: [none]\noptions: {seed: [1, 2]}\n")
    assert main(["wandb-sweep", "sweep=two", "--config-dir", "own"]) == 0
    assert f"--config-dir={place / 'own'}" in content("seed")["command"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "nothing varies"),
        (["seed=1"], "nothing varies"),
        (["sweep=gird"], "Did you mean grid?"),
        (["sweep=grid", "sweep.method=gird"], "sweep.method=gird must be 'grid', 'random' or 'bayes'."),
        (["data.seq_lenth=1,2"], "data.seq_lenth is no option of lstmlab train. Did you mean data.seq_length,"),
        (["data.seq_length=0,1"], "data.seq_length=0 must be at least 1."),
        (["sweep=grid", "sweep.method=random", "sweep.space={optim.lr: {low: 1}}"], "must be below"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_and_writes_nothing(
    place: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["wandb-sweep", *words]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1 and "Traceback" not in error
    assert not list(place.iterdir())
