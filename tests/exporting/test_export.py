"""Exported models: the same model again, from a folder that is whole or refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import lstmlab
from lstmlab.cli import main
from lstmlab.conf_path import conf_directory
from lstmlab.errors import UserError
from lstmlab.exporting.folder import read_export
from lstmlab.exporting.weights import fill_weights, unshared_weights
from lstmlab.exporting.write import write_export
from lstmlab.models import LanguageModel
from lstmlab.training.checkpoint_io import read_checkpoint

KINDS = sorted(path.stem for path in (conf_directory() / "model").glob("[!_]*.yaml"))


@pytest.fixture(scope="module")
def exported(trained_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exported") / "model"
    assert main(["export", f"run={trained_run}", f"out={out}"]) == 0
    return out


@pytest.fixture
def copy(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported, tmp_path / "model"))


def test_a_folder_loads_as_the_checkpoint_does(trained_run: Path, copy: Path) -> None:
    original, again = lstmlab.load(trained_run), lstmlab.load(copy)
    for name, weight in original.module.state_dict().items():
        assert torch.equal(weight, again.module.state_dict()[name])
    assert again.generate("The ", 40, seed=1) == original.generate("The ", 40, seed=1)
    assert again.score("The river.") == original.score("The river.")
    assert (again.step, again.config, again.summary) == (original.step, original.config, original.summary)
    assert f"{original.summary['test/bits_per_char']:.4f}" in (copy / "README.md").read_text(encoding="utf-8")


def test_safetensors_alone_reads_the_weights(trained_run: Path, exported: Path) -> None:
    weights = load_file(exported / "model.safetensors")
    own = lstmlab.load(trained_run).module.model.state_dict()
    assert weights.keys() == own.keys()
    assert all(torch.equal(weights[name], own[name]) for name in own)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [[], ["model.tie_weights=true"], ["attention=multihead", "head=chunked"]])
def test_weights_of_every_model_come_back(
    model_of_kind: Callable[..., LanguageModel], kind: str, options: list[str], tmp_path: Path
) -> None:
    if kind == "transformer" and options:
        options = [one for one in options if not one.startswith("attention")]
    model, other = model_of_kind(kind, *options), model_of_kind(kind, *options)
    weights = unshared_weights(model)
    assert ("head.linear.weight" in weights) != ("model.tie_weights=true" in options)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.zero_()
    fill_weights(other, weights, tmp_path)
    ids = torch.tensor([[1, 2, 3]])
    assert torch.equal(model(ids)[0], other(ids)[0])
    assert all(torch.equal(one, two) for one, two in zip(model.parameters(), other.parameters(), strict=True))


def damage(folder: Path, name: str, how: str) -> None:
    path = folder / name
    if how == "missing":
        path.unlink()
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:-200])
    elif how == "list":
        path.write_text("[1, 2]")
    else:
        content = json.loads(path.read_text(encoding="utf-8"))
        content.update(json.loads(how))
        path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "how", "said"),
    [
        ("model.safetensors", "missing", "no whole exported model: model.safetensors is missing"),
        ("config.json", "missing", "config.json is missing"),
        ("tokenizer.json", "missing", "tokenizer.json is missing"),
        ("model.safetensors", "cut", "model.safetensors is damaged"),
        ("tokenizer.json", "cut", "tokenizer.json is damaged"),
        ("config.json", "list", "config.json is damaged: it holds no table"),
        ("config.json", '{"format": 2, "version": "9.1"}', "written by lstmlab 9.1 in format 2; .* upgrade lstmlab"),
        ("config.json", '{"config": {}}', "cannot be rebuilt"),
        ("tokenizer.json", '{"vocabulary": {"types": ["a"], "counts": [1], "document_ends": true}}', "does not fit"),
    ],
)
def test_a_folder_that_is_not_whole_is_one_sentence(copy: Path, name: str, how: str, said: str) -> None:
    damage(copy, name, how)
    with pytest.raises(UserError, match=said):
        lstmlab.load(copy)


def test_a_later_checkpoint_is_refused(trained_run: Path, tmp_path: Path) -> None:
    checkpoint = torch.load(trained_run / "checkpoints" / "best.ckpt", weights_only=True)
    assert checkpoint["lstmlab"]["format"] == 1
    checkpoint["lstmlab"] |= {"format": 7, "version": "3.0"}
    torch.save(checkpoint, tmp_path / "later.ckpt")
    with pytest.raises(UserError, match=r"later\.ckpt was written by lstmlab 3\.0 in format 7; .* upgrade lstmlab"):
        lstmlab.load(tmp_path / "later.ckpt")
    del checkpoint["lstmlab"]["format"]  # an early one
    torch.save(checkpoint, tmp_path / "early.ckpt")
    assert read_checkpoint(tmp_path / "early.ckpt")


def test_nothing_is_lost(trained_run: Path, copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "novel.txt").write_text("mine")
    cases: list[tuple[list[str], str]] = [
        ([], "out is missing"),
        ([f"out={full}"], "holds files of yours"),
        ([f"out={full / 'novel.txt'}"], "is a file"),
        ([f"out={tmp_path / 'no' / 'where'}"], "there is no directory"),
        ([f"out={copy}"], "holds an exported model; name another folder, or replace it with overwrite=true"),
        ([f"out={tmp_path / 'new'}", "checkpoint=first"], "checkpoint=first must be"),
    ]
    for words, said in cases:
        assert main(["export", f"run={trained_run}", *words]) != 0
        assert said in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "model"]
    with pytest.raises(UserError, match="which holds one only"):
        lstmlab.load(copy, checkpoint="best")
    (copy / "tokenizer.json").unlink()
    assert main(["export", f"run={trained_run}", f"out={copy}", "overwrite=true"]) == 0
    assert read_export(copy)["step"] == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "model"]


def test_a_copied_checkpoint_has_no_figures(trained_run: Path, tmp_path: Path) -> None:
    shutil.copy(trained_run / "checkpoints" / "best.ckpt", tmp_path / "copied.ckpt")
    write_export(lstmlab.load(tmp_path / "copied.ckpt"), tmp_path / "model")
    assert "Not measured" in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")


def test_an_exported_model_is_exported_again(copy: Path, tmp_path: Path) -> None:
    write_export(lstmlab.load(copy), tmp_path / "again")
    for name in ("model.safetensors", "config.json", "tokenizer.json", "README.md"):
        assert (tmp_path / "again" / name).read_bytes() == (copy / name).read_bytes()


def test_figures_of_evaluations_are_in_the_card(copy: Path, trained_run: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(trained_run, tmp_path / "run"))
    evaluation: dict[str, Any] = {
        "model": {"bits_per_char": 1.5, "perplexity": 2.5}, "references": [{"name": "ppmd", "bits_per_char": 1.75}],
        "adapted": [{"kind": "dynamic", "bits_per_char": 1.25, "perplexity": 2.25}],
    }  # fmt: skip
    (run / "evaluation_test.json").write_text(json.dumps(evaluation))
    write_export(lstmlab.load(run), tmp_path / "model2")
    card = (tmp_path / "model2" / "README.md").read_text(encoding="utf-8")
    for row in ("| test, evaluated | 1.5000 | 2.500 |", "| test, dynamic | 1.2500 |", "| test, ppmd | 1.7500 | |"):
        assert row in card
