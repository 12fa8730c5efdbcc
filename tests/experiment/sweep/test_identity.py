"""What makes two trials the same, and what does not."""

from pathlib import Path
from typing import Any

import pytest

from lstmlab.experiment.compose import compose_job
from lstmlab.experiment.configuration import plain_config
from lstmlab.experiment.sweep.identity import identity


def config(*overrides: str) -> dict[str, Any]:
    return plain_config("train", compose_job("train", overrides)[0])


def test_paths_and_the_logger_do_not_count(tmp_path: Path) -> None:
    one = config("data=text", "data.path=a.txt", "logger=csv")
    other = config("data=text", f"data.path={tmp_path}/b.txt", "logger=wandb", "logger.group=g")
    assert identity(one, "the same text") == identity(other, "the same text")
    assert identity(one, "the same text") != identity(one, "another text")


@pytest.mark.parametrize(
    "override", ["seed=1", "trainer.threads=2", "trainer.precision=32-true", "data.seq_length=65", "model=gru"]
)
def test_what_is_trained_counts(override: str) -> None:
    assert identity(config(), "text") != identity(config(override), "text")


def test_a_number_has_one_spelling() -> None:
    assert identity(config("model.dropout=0"), "text") == identity(config("model.dropout=0.0"), "text")


def test_the_content_of_word_vectors_counts(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1 2\nx 1 2\n")
    (tmp_path / "b").write_text("1 2\nx 1 2\n")
    (tmp_path / "c").write_text("1 2\nx 1 3\n")
    a, b, c = (config(f"model.pretrained_embeddings={tmp_path / name}") for name in "abc")
    assert identity(a, "text") == identity(b, "text") != identity(c, "text")


def test_the_version_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before = identity(config(), "text")
    monkeypatch.setattr("lstmlab.experiment.sweep.identity.version", lambda _: "9.9")
    assert identity(config(), "text") != before
