"""Training begins with the vectors of a file where it has them, and with nothing else changed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import lstmlab
from lstmlab.errors import UserError
from lstmlab.experiment.compose import compose_job
from lstmlab.experiment.configuration import plain_config, read_config
from lstmlab.experiment.pretrained import check_pretrained, fill_embedding
from lstmlab.experiment.train import train
from lstmlab.text.tokenizer import make_tokenizer
from lstmlab.training.module import LanguageModule

TEXT = "The fox ran and the dog slept and the fox slept\n" * 60


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    """Of "the" (which The finds too), "fox" and a word that is not in the text."""
    path = tmp_path / "vectors, mine.txt"
    path.write_text("the 1 2 3 4\nfox 5 6 7 8\nzebra 9 9 9 9\n", encoding="utf-8")
    return path


def config_of(directory: Path, *more: str) -> dict[str, Any]:
    (directory / "text.txt").write_text(TEXT, encoding="utf-8")
    options = [
        "data=text", f"data.path={directory}/text.txt", "tokenizer=word", "model.embedding_size=4",
        "model.hidden_size=8", "data.seq_length=5", "data.batch_size=4", "trainer.max_epochs=1", "logger=csv",
        "callbacks.samples.tokens=3", "trainer.precision=32-true",
    ]  # fmt: skip
    return plain_config("train", compose_job("train", [*options, *more])[0])


def module_of(config: dict[str, Any]) -> LanguageModule:
    tokenizer = make_tokenizer(**config["tokenizer"])
    tokenizer.fit([TEXT])
    torch.manual_seed(0)
    return LanguageModule(config, tokenizer.to_dict())


def test_rows_come_from_the_file_and_the_others_stay(tmp_path: Path, vectors: Path) -> None:
    module = module_of(config_of(tmp_path))
    before = module.model.embedding.weight.detach().clone()
    found, sentence = fill_embedding(module, vectors)
    after, vocabulary = module.model.embedding.weight.detach(), module.tokenizer.vocabulary
    for word, row in (("the", [1, 2, 3, 4]), ("The", [1, 2, 3, 4]), ("fox", [5, 6, 7, 8])):
        assert after[vocabulary.id(word)].tolist() == row
    same = [place for place in range(len(vocabulary)) if torch.equal(before[place], after[place])]
    assert same == [i for i in range(len(vocabulary)) if i not in {vocabulary.id(w) for w in ("the", "The", "fox")}]
    assert found["types"] == 3 / len(vocabulary.types)
    counts = dict(zip(vocabulary.types, vocabulary.counts, strict=True))
    assert found["tokens"] == (counts["the"] + counts["The"] + counts["fox"]) / sum(counts.values())
    assert "GloVe" in sentence and "3 words" in sentence


@pytest.mark.parametrize("freeze", [True, False])
def test_a_training_begins_with_them(freeze: bool, tmp_path: Path, vectors: Path) -> None:
    config = config_of(
        tmp_path, f"model.pretrained_embeddings={vectors}", f"model.freeze_embeddings={str(freeze).lower()}"
    )
    assert config["model"]["pretrained_embeddings"] == str(vectors)
    summary = train(config, tmp_path / "run", resume=False)
    assert 0 < summary["word_vectors/types_found"] < summary["word_vectors/tokens_found"] < 1
    vectors.unlink()  # the checkpoint is enough
    loaded = lstmlab.load(tmp_path / "run").module
    row = loaded.model.embedding.weight[loaded.tokenizer.vocabulary.id("fox")].detach().numpy()
    assert np.array_equal(row, [5, 6, 7, 8]) == freeze
    assert np.allclose(row, [5, 6, 7, 8], atol=1)
    assert summary["parameters"] == sum(p.numel() for p in loaded.model.parameters() if p.requires_grad)
    config["trainer"]["max_epochs"] = 2
    train(read_config(tmp_path / "run" / "config.yaml") | {"trainer": config["trainer"]}, tmp_path / "run", resume=True)


def test_mistakes_are_named(tmp_path: Path, vectors: Path) -> None:
    wide = module_of(config_of(tmp_path, "model.embedding_size=6"))
    with pytest.raises(UserError, match=r"has 4 numbers a word.*set model.embedding_size=4"):
        fill_embedding(wide, vectors)
    other = tmp_path / "other.txt"
    other.write_text("zebra 1 2 3 4\nlion 1 2 3 4\n", encoding="utf-8")
    with pytest.raises(UserError, match="none of its 2 words"):
        fill_embedding(module_of(config_of(tmp_path)), other)
    with pytest.raises(UserError, match=r"model.pretrained_embeddings=nowhere is no file"):
        check_pretrained({"pretrained_embeddings": "nowhere", "freeze_embeddings": False})
    with pytest.raises(UserError, match=r"model.freeze_embeddings=true would keep random numbers"):
        check_pretrained({"pretrained_embeddings": None, "freeze_embeddings": True})
