"""metrics.csv always; W&B and TensorBoard beside it; a server that does not answer is no error."""

import csv
from pathlib import Path
from typing import Any

import pytest

import lstmlab
from lstmlab.training.loggers import MetricsCsv

TINY = ["data.max_characters=4000", "model.hidden_size=16", "model.embedding_size=16", "data.batch_size=8",
        "trainer.log_every_steps=2", "trainer.max_steps=4"]  # fmt: skip


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_rows_columns_and_going_on(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    logger = MetricsCsv(path)
    logger.log_metrics({"a": 1.0}, step=1)
    logger.log_metrics({"a": 2.0, "b": 0.5}, step=2)  # a figure that was not there before
    logger.log_metrics({"b": 0.25}, step=3)
    assert read(path) == [
        {"step": "1", "a": "1.0", "b": ""}, {"step": "2", "a": "2.0", "b": "0.5"}, {"step": "3", "a": "", "b": "0.25"},
    ]  # fmt: skip
    again = MetricsCsv(path, keep_until=2)  # the checkpoint was of step 2
    again.log_metrics({"a": 9.0}, step=3)
    assert [row["step"] for row in read(path)] == ["1", "2", "3"]
    assert read(path)[-1] == {"step": "3", "a": "9.0", "b": ""}
    assert [entry.name for entry in tmp_path.iterdir()] == ["metrics.csv"]


def test_a_new_run_begins_a_new_file(tmp_path: Path) -> None:
    MetricsCsv(tmp_path / "metrics.csv").log_metrics({"a": 1.0}, step=1)
    MetricsCsv(tmp_path / "metrics.csv").log_metrics({"b": 2.0}, step=1)
    assert read(tmp_path / "metrics.csv") == [{"step": "1", "b": "2.0"}]


def wandb_files(directory: Path) -> list[Path]:
    return sorted((directory / "wandb").glob("*run-*/run-*.wandb"))


def test_wandb_is_offline_without_a_key_and_stays_in_the_run_directory(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    trained = lstmlab.train([*TINY, f"hydra.run.dir={tmp_path / 'run'}", "logger.project=p1", "logger.tags=[one]"])
    assert trained.summary["steps"] == 4
    (file,) = wandb_files(tmp_path / "run")
    assert "offline-run" in file.parent.name
    content = file.read_bytes()  # records are stored as they are: names and values can be found
    for wanted in (b"val/bits_per_char", b"train/loss", b"lstmlab.nn.LSTMLayer", b"seq_length"):
        assert wanted in content, wanted
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_two_runs_in_one_process_are_two_wandb_runs(tmp_path: Path) -> None:
    for name in ("one", "two"):
        lstmlab.train([*TINY, f"hydra.run.dir={tmp_path / name}", f"logger.project={name}"])
        assert len(wandb_files(tmp_path / name)) == 1


def test_a_wandb_server_that_does_not_answer_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "a" * 40)
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    trained = lstmlab.train([*TINY, f"hydra.run.dir={tmp_path}", "logger.init_timeout=2"])
    assert trained.summary["steps"] == 4
    assert "offline" in (tmp_path / "run.log").read_text(encoding="utf-8")
    assert any("offline-run" in file.parent.name for file in wandb_files(tmp_path))


def test_watch_logs_histograms(tmp_path: Path) -> None:
    lstmlab.train([*TINY, f"hydra.run.dir={tmp_path}", "logger.watch=all"])
    (file,) = wandb_files(tmp_path)
    assert b"gradients/" in file.read_bytes()


def test_tensorboard(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    lstmlab.train([*TINY, f"hydra.run.dir={tmp_path}", "logger=tensorboard"])
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    values = [event.value for event in events.Scalars("train/loss")]
    assert values == pytest.approx(
        [float(row["train/loss"]) for row in read(tmp_path / "metrics.csv") if row["train/loss"]]
    )
