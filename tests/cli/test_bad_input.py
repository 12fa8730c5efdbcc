"""A user's mistake ends in one clear sentence, a bad exit code, and nothing changed."""

import copy
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import annotated_types
import pytest
import torch
from pydantic import BaseModel

from lstmlab.cli import main
from lstmlab.errors import UserError
from lstmlab.experiment.building import build_data, check_targets
from lstmlab.experiment.compose import compose_job
from lstmlab.experiment.configuration import plain_config
from lstmlab.experiment.schema import JOBS, BpeTokenizer, Csv, JiebaTokenizer, WordTokenizer, check

TINY = [
    "data=synthetic", "data.characters=3000", "data.seq_length=16", "data.batch_size=8", "model.hidden_size=32",
    "model.embedding_size=32", "trainer.max_steps=1", "logger=csv",
]  # fmt: skip


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(place: Path) -> dict[str, bytes | None]:
    """Everything in a directory. A lock is no content: whoever looks whether a run is in use touches it."""
    return {
        str(path.relative_to(place)): path.read_bytes() if path.is_file() else None
        for path in place.rglob("*")
        if path.name != ".lock"
    }


@pytest.fixture
def refused(place: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command that must fail; gives its one sentence."""

    def run(*words: str) -> str:
        before = contents(place)
        code = main(list(words))
        printed = capsys.readouterr()
        assert code == 2, printed
        assert contents(place) == before
        assert printed.err.startswith("lstmlab: ") and printed.err.endswith((".\n", "?\n"))
        assert printed.err.count("\n") == 1, printed.err
        return printed.err

    return run


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("trian", "trian is no job. Did you mean train?"),
        ("train model.num_layer=2", "model.num_layers"),
        ("train +model.num_layer=2", "model.num_layers"),
        ("train ++model.num_layer=2", "model.num_layers"),
        ("train seq_length=3", "Did you mean data.seq_length?"),
        ("train modle=lstm", "Did you mean model"),
        ("train +modle=lstm", "Did you mean model"),
        ("train optim=adamW", "optim=adamW does not exist. Did you mean adamw? There is adam, adamw, sgd."),
        ("train data=time_machin", "Did you mean time_machine?"),
        ("train experiment=time_machin", "Did you mean time_machine"),
        ("train +experiment=time_machine", "without the +"),
        ("train callbacks.early_stoping.patience=3", "callbacks.early_stopping.patience"),
        ("train +callbacks.early_stoping.patience=3", "callbacks.early_stopping"),
        ("train ++callbacks.early_stopping.patienc=3", "callbacks.early_stopping.patience"),
        ("train ++callbacks.mine=3", "callbacks.mine is no callback"),
        ("train logger.projet=x", "logger.project"),
        ("train +logger.projet=x", "logger.project"),
        ("train logger=csv ++logger.project=x", "logger.project is no option"),
        ("train logger=csv logger.name=tensorbord", "logger.name=tensorbord must be"),
        ("train +optim.learning_rate=1", "optim.learning_rate is no option of torch.optim"),
        ("train +data.sequence_length=1", "data.sequence_length is no option of lstmlab.data"),
        ("train +model.layer.depth=1", "model.layer.depth is no option of lstmlab.nn"),
        ("train +attention.heads=1", "attention"),
        ("train data.path=x", "data.path is no option here: it belongs to data=jinyong and data=text."),
        ("train decoding=greedy decoding.top_k=2", "belongs to decoding=sample"),
        ("train logger=null", "logger=null"),
        ("evaluate data=text", "data is no choice of lstmlab evaluate; there is data.path, data.root."),
        ("generate model=lstm", "model is no option of lstmlab generate."),
        ("train model", "model cannot be read as option=value."),
        ("train '~model.num_layers'", "model.num_layers is missing"),
        ("train --cofig-dir=x", "--cofig-dir is no flag. Did you mean --config-dir"),
        ("train --cfg jbo", "--cfg takes one of job"),
        ("train --config-dir nowhere", "nowhere"),
        ("train optim.lr=${nothing}", "optim.lr: "),
        ("generate prompt=x decoding.temprature=1", "decoding.temperature"),
        ("evaluate splt=val", "Did you mean split?"),
        ("train model.num_layers=1,2", "model.num_layers=1,2 is several values: write -m to run each, or model.num_"),
        ("prepare data=jinyong data.path=x data.books=甲,乙", "or data.books=[甲,乙] for one list"),
        ("prepare tokenizer=bep", "Did you mean bpe? There is bpe, char, jieba, word"),
        ("prepare +data.seq_lenght=3", "seq_length"),
    ],
)
def test_misspelt_names(refused: Any, words: str, named: str) -> None:
    assert named in refused(*words.replace("'", "").split())


# -- types and ranges -------------------------------------------------------------------------------------------------


# Of the alternatives of a group those that the configurations here have not taken; and one without numbers.
NOT_CHOSEN = (Csv, WordTokenizer, JiebaTokenizer, BpeTokenizer)


def numeric_fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, list[Any]]]:
    """The numeric options below a model of the schema, each with values it must refuse."""
    for name, field in model.model_fields.items():
        kinds, limits = {field.annotation}, list(field.metadata)
        for part in (field.annotation, *get_args(field.annotation)):
            if get_origin(part) is Annotated:
                limits += [limit for info in part.__metadata__ for limit in getattr(info, "metadata", [])]
            kinds |= {part, *get_args(part)}
        nested = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        for inner in nested:
            if inner not in NOT_CHOSEN:
                entry = "0." if get_origin(field.annotation) is list else ""
                yield from numeric_fields(inner, f"{prefix}{name}.{entry}")
        if (int in kinds or float in kinds) and not any(get_origin(kind) is list for kind in kinds):
            values: list[Any] = ["some", True, [1], float("nan"), float("inf"), *([1.5] if int in kinds else [])]
            values += [limit.ge - 1 for limit in limits if isinstance(limit, annotated_types.Ge)]
            values += [limit.gt for limit in limits if isinstance(limit, annotated_types.Gt)]
            values += [limit.lt for limit in limits if isinstance(limit, annotated_types.Lt)]
            values += [limit.le + 1 for limit in limits if isinstance(limit, annotated_types.Le)]
            yield f"{prefix}{name}", values


OF_CLASSES = [  # numeric options that only a class knows: the choice that brings them, the option, refused values
    ("data=sample", "data.max_characters", [0, "some", 1.5]),
    ("data=synthetic", "data.characters", [1, "some"]),
    ("data=synthetic", "data.symbols", [1, 27, "some"]),
    ("data=synthetic", "data.order", [0, "some"]),
    ("data=synthetic", "data.concentration", [0, "some"]),
    ("data=synthetic", "data.source_seed", ["some", 0.5]),
    ("data=synthetic", "data.text_seed", ["some", 0.5]),
    ("data=sample", "data.split", [[1, 1, 1], [0.5, 0.5], [0, 0.5, 0.5], [2, -0.5, -0.5], 0.9, ["a", "b", "c"]]),
    ("tokenizer=bpe", "tokenizer.max_size", [0, 256, "some"]),
    ("tokenizer=jieba", "tokenizer.min_count", [0, "some"]),
    ("optim=sgd", "optim.momentum", [-1, "some"]),
    ("optim=adamw", "optim.betas", [0.9, [0.9], [2, 1], ["a", "b"]]),
    ("schedule=cosine", "schedule.final", ["some"]),
    ("schedule=onecycle", "schedule.rise", [0, 1, "some"]),
    ("schedule=onecycle", "schedule.start", ["some"]),
    ("schedule=plateau", "schedule.patience", ["some", 0.5]),
    ("schedule=plateau", "schedule.decay", ["some"]),
    ("trainer=cpu", "trainer.max_time", ["5", 5, "00:10"]),
    ("trainer=cpu", "trainer.precision", ["16", 16, "fp16"]),
]


@pytest.fixture(scope="module")
def configs() -> dict[str, dict[str, Any]]:
    """Composed once: by job, and by the choice for those of a class."""
    known = {job: plain_config(job, compose_job(job, [])[0]) for job in JOBS}
    return known | {choice: plain_config("train", compose_job("train", [choice])[0]) for choice, *_ in OF_CLASSES}


def complaint(job: str, config: dict[str, Any], name: str, value: Any) -> str:
    """What is said of a configuration with one value replaced, by the checks before anything is loaded."""
    changed = copy.deepcopy(config)
    group: Any = changed
    last = name.split(".")
    for step in last[:-1]:
        group = group[int(step) if isinstance(group, list) else step]
    group[last[-1]] = value
    with pytest.raises(UserError) as raised:
        check(job, changed)
        check_targets(changed)
        build_data(changed)
        pytest.fail(f"{name}={value} is accepted")
    return str(raised.value)


@pytest.mark.parametrize("job", JOBS)
def test_every_numeric_option_of_the_schema(configs: dict[str, dict[str, Any]], job: str) -> None:
    fields = dict(numeric_fields(JOBS[job]))
    least = {
        "prepare": 4, "train": 30, "evaluate": 8, "generate": 13, "surprise": 3, "novelty": 12, "export": 0,
        "report": 0,
    }  # fmt: skip
    assert len(fields) >= least[job]
    for name, values in fields.items():
        for value in values:
            assert complaint(job, configs[job], name, value).startswith(f"{name}="), (name, value)


@pytest.mark.parametrize(("choice", "name", "values"), OF_CLASSES)
def test_every_numeric_option_of_a_class(
    configs: dict[str, dict[str, Any]], choice: str, name: str, values: list[Any]
) -> None:
    for value in values:
        said = complaint("train", configs[choice], name, value)
        assert name in said or (name.split(".")[0] in said and name.split(".")[1] in said), said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("train model.num_layers=0", "model.num_layers=0 must be at least 1."),
        ("train model.dropout=1", "model.dropout=1 must be below 1."),
        ("train optim.lr=fast", "optim.lr=fast must be a number."),
        ("train trainer.max_time=5", "trainer.max_time=5 must have the form DD:HH:MM:SS."),
        ("train model.tie_weights=3", "model.tie_weights=3 must be true or false."),
        ("train optim=sgd optim.momentum=some", "optim.momentum=some must be a number."),
        ("train model.layer._target_=os.system", "model.layer._target_=os.system is not a subclass"),
        ("train model.layer._target_=nothing.Here", "there is no module nothing"),
        ("train model.layer._target_=lstmlab.nn.LSTMLayr", "lstmlab.nn has no class LSTMLayr"),
        ("train model.layer._target_=lstmlab.nn.RecurrentLayer", "is abstract"),
        ("train trainer.strategy=dpd", "Did you mean ddp?"),
        ("train model=lstm_scratch model.layer.cell=lstm", "model.layer.cell=lstm must be a group of options."),
        ("train model=lstm_scratch model.layer.cell=null", "model.layer.cell is missing; name a cell's class"),
        ("train model=lstm_scratch ~model.layer.cell._target_", "model.layer.cell._target_ is missing"),
        (
            "train model=lstm_scratch model.layer.cell._target_=torch.nn.LSTMCell",
            "is not a subclass of lstmlab.nn.cell",
        ),
        ("train model=lstm_scratch model.layer.weight_drop=1", "model.layer.weight_drop=1 must be from 0 to below 1."),
        ("train model=mogrifier model.layer.cell.rounds=-1", "model.layer.cell.rounds=-1 must be 0 or more."),
        ("train model=transformer model.layer.num_heads=7", "model.layer.num_heads=7 does not divide"),
        ("train attention=multihead attention.num_heads=7", "attention.num_heads=7 does not divide the width"),
        ("train attention=multihead attention.memory=-1", "attention.memory=-1 must not be negative."),
        ("train averaging=ema averaging.decay=1", "averaging.decay=1"),
        ("train model.embedding_dropout=1", "model.embedding_dropout=1 must be below 1."),
        ("train model.activation_penalty=-1", "model.activation_penalty=-1 must be at least 0."),
        ("train trainer.reset_state=1", "trainer.reset_state=1 must be below 1."),
        ("train model.pretrained_embeddings=nowhere", "nowhere is no file"),
        ("train model.freeze_embeddings=true", "model.freeze_embeddings=true would keep random numbers"),
        ("generate max_tokens=-1", "max_tokens=-1 must be at least 0."),
        ("generate decoding.top_p=1.5", "decoding.top_p=1.5 must be at most 1."),
        (
            "generate decoding=greedy decoding.top_p=0.5",
            "decoding.top_p is no option here: it belongs to decoding=sample",
        ),
        ("generate decoding.num_beams=3", "decoding.num_beams is no option here: it belongs to decoding=beam"),
        ("generate decoding.min_p=2", "decoding.min_p=2 must be at most 1."),
        ("generate decoding.repetition_penalty=0", "decoding.repetition_penalty=0 must be above 0."),
        ("generate decoding=beam decoding.early_stopping=maybe", "decoding.early_stopping=maybe must be"),
        ("generate decoding=greedy num_sequences=2", "num_sequences=2 and decoding=greedy exclude each other"),
        ("generate decoding=beam num_sequences=5", "num_sequences=5 and decoding.num_beams=4 exclude each other"),
        ("generate min_tokens=9 max_tokens=3", "min_tokens=9 and max_tokens=3 exclude each other"),
        ("generate prompt=a prompt_file=x", "prompt=a and prompt_file=x exclude each other"),
        ("generate prompt_file=nowhere.txt", "prompt_file=nowhere.txt cannot be read: No such file"),
        ("generate num_sequences=2 out=page.txt", "out and num_sequences=2 exclude each other"),
        ("generate out=page.txt details=page.txt", "out=page.txt and details=page.txt are the same file"),
        ("generate on_unknown=ask", "on_unknown=ask must be 'continue' or 'refuse'"),
        ("evaluate adapt=[static]", "must be 'dynamic' or 'cache'"),
        ("evaluate dynamic.lr=0", "dynamic.lr=0 must be above 0."),
        ("evaluate cache.share=1", "cache.share=1 must be below 1"),
        ("evaluate split=val adapt=[cache]", "split=val and cache.theta=null exclude each other"),
        ("export", "out is missing: name the folder"),
        ("evaluate split=all", "split=all must be 'train', 'val' or 'test'."),
        ("evaluate calibration=3", "calibration=3 must be true or false."),
        ("surprise alternatives=0", "alternatives=0 must be at least 1."),
        ("surprise alternatives=51", "alternatives=51 must be at most 50."),
        ("surprise text=x text_file=y", "text and text_file exclude each other"),
        ("surprise text_file=x split=val", "text_file and split exclude each other"),
        ("surprise text=x split=val", "text and split exclude each other"),
        ("surprise text=x characters=5", "text and characters=5 exclude each other"),
        ("surprise text=x encoding=utf-8", "encoding=utf-8 is of text_file, and text_file is null"),
        ("surprise text=x start=5", "text and start=5 exclude each other"),
    ],
)
def test_values(refused: Any, words: str, said: str) -> None:
    assert said in refused(*words.split())


# -- options that do not go together ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("trainer.precision=16-mixed", ["trainer.precision=16-mixed"]),
        ("trainer.precision=16-mixed trainer.accelerator=auto", ["trainer.precision=16-mixed"]),
        ("trainer.max_epochs=null trainer.max_time=00:00:01:00", ["schedule=cosine", "trainer.max_time"]),
        ("trainer.max_epochs=null", ["trainer.max_epochs", "trainer.max_steps", "trainer.max_time"]),
        ("trainer.devices=3", ["data.batch_size=32", "trainer.devices"]),
        ("trainer.num_nodes=2", ["trainer.num_nodes=2"]),
        ("data.split=[1,0,0] callbacks.early_stopping.patience=2", ["patience", "data.split"]),
        ("data.split=[1,0,0] schedule=plateau", ["schedule=plateau", "data.split"]),
        ("data.split=[1,0,0] averaging=ntasgd", ["averaging=ntasgd", "data.split"]),
        ("data.variable_length=true schedule=plateau", ["data.variable_length=true", "schedule=plateau"]),
        ("data.split=[0.5,0.2,0.2]", ["data.split"]),
        ("trainer=gpu", ["trainer.accelerator=gpu"]),
    ],
)
def test_contradictions(refused: Any, words: str, named: list[str]) -> None:
    if torch.cuda.is_available() and ("gpu" in words or "16-mixed" in words):
        pytest.skip("there is a GPU here")
    said = refused("train", "logger=csv", *words.split())
    assert all(name in said for name in named), said


# -- texts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("job", ["train", "prepare"])
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.txt", b"", "empty.txt is empty"),
        ("binary.txt", b"ab\0cd" * 20, "binary.txt is a binary file"),
        ("sjis.txt", "こんにちは、世界。".encode("shift-jis") * 20, "sjis.txt is not utf-8"),
        ("missing.txt", None, "data.path="),
    ],
)
def test_files_that_are_no_text(
    refused: Any, place: Path, job: str, name: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        (place / name).write_bytes(content)
    sentence = refused(job, "data=text", f"data.path={name}")
    assert said in sentence and name in sentence


def test_texts_that_are_not_there(refused: Any, place: Path) -> None:
    assert "data.path" in refused("train", "data=text", "logger=csv")
    (place / "books").mkdir()
    (place / "books" / "book.pdf").write_bytes(b"%PDF")
    assert "directory without a .txt file" in refused("train", "data=text", "data.path=books", "logger=csv")


@pytest.mark.parametrize("trainer", ["cpu", "ddp"])
def test_too_little_text(refused: Any, place: Path, trainer: str) -> None:
    (place / "short.txt").write_text("A short text. " * 30, encoding="utf-8")
    said = refused("train", "data=text", "data.path=short.txt", "logger=csv", f"trainer={trainer}")
    assert "data.batch_size=32" in said and "data.seq_length=64" in said


# -- runs and checkpoints ---------------------------------------------------------------------------------------------


class Malicious:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("the-code-ran",)


def bad_checkpoint(kind: str, path: Path, good: Path) -> None:
    content = torch.load(good, weights_only=True)
    config = content["hyper_parameters"]["config"]
    match kind:
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("no checkpoint")
        case "truncated":
            path.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
        case "foreign":
            torch.save({"a": 1}, path)
        case "a list":
            torch.save([1, 2], path)
        case "lightning":
            torch.save({"state_dict": {}, "pytorch-lightning_version": "2.6.0", "hyper_parameters": {"lr": 1.0}}, path)
        case "code":
            torch.save(content | {"extra": Malicious()}, path)
        case "pickle":
            path.write_bytes(pickle.dumps(Malicious()))
        case "os.system":
            config["model"]["layer"]["_target_"] = "os.system"
            torch.save(content, path)
        case "no layer":
            config["head"]["_target_"] = "torch.nn.Linear"
            torch.save(content, path)


@pytest.mark.parametrize("job", ["generate", "evaluate"])
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("empty", "truncated or no checkpoint"),
        ("text", "some.ckpt"),
        ("truncated", "truncated or no checkpoint"),
        ("foreign", "not a checkpoint of lstmlab"),
        ("a list", "not a checkpoint of lstmlab"),
        ("lightning", "not a checkpoint of lstmlab"),
        ("code", "code"),
        ("pickle", "code"),
        ("os.system", "model.layer._target_=os.system is not a subclass"),
        ("no layer", "head._target_=torch.nn.Linear is not a subclass"),
    ],
)
def test_checkpoints_that_are_none(
    refused: Any, place: Path, trained_run: Path, job: str, kind: str, said: str
) -> None:
    bad_checkpoint(kind, place / "some.ckpt", trained_run / "checkpoints" / "last.ckpt")
    assert said in refused(job, "run=some.ckpt")
    assert not (place / "the-code-ran").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("generate", "run=latest: there is no training"),
        ("evaluate run=nowhere", "run=nowhere is neither"),
        ("generate run=books", "run=books holds no checkpoints/best.ckpt"),
        ("train run=books", "run=books is no run directory"),
        ("train run=nowhere", "run=nowhere is no run directory"),
        ("train run=latest", "run=latest: there is no training"),
        ("train run=copy/checkpoints/last.ckpt", "copy/checkpoints/last.ckpt is no run directory"),
        ("train run=copy model.num_layers=2", "model.num_layers cannot be changed when a training goes on"),
        ("train run=copy optim=sgd", "optim cannot be changed"),
        ("train run=copy", "run=copy is complete (3 steps"),
        ("train run=copy trainer.max_steps=2", "run=copy is complete (3 steps"),
        ("train hydra.run.dir=copy logger=csv", "copy holds a training that is completed"),
        ("generate run=copy checkpoint=first", "checkpoint=first must be 'best' or 'last'"),
        ("generate run=copy device=gpu", "device=gpu cannot be used"),
        ("generate run=copy out=nowhere/page.txt", "out=nowhere/page.txt cannot be written"),
        ("generate run=copy out=books", "out=books cannot be written: it is a directory"),
        ("generate run=copy prompt=☃ on_unknown=refuse", "the vocabulary lacks '☃' of the prompt '☃'"),
        ("evaluate run=copy data.root=nowhere", "data.root"),
        ("surprise run=copy text=", "the text to score has 0 tokens"),
        ("surprise run=copy text_file=nowhere.txt", "nowhere.txt cannot be read"),
        ("surprise run=copy start=99999", "start=99999 lies behind the end of the test part"),
        ("surprise run=copy text=x out=books", "out=books cannot be written: it is a directory"),
        ("surprise run=copy text=x out=nowhere/page.html", "out=nowhere/page.html cannot be written"),
    ],
)
def test_runs_that_do_not_fit(refused: Any, place: Path, trained_run: Path, words: str, said: str) -> None:
    (place / "books").mkdir()
    if "copy" in words:
        shutil.copytree(trained_run, place / "copy")
    assert said in refused(*words.split())


def test_a_run_without_its_checkpoint_or_with_half_of_it(refused: Any, place: Path, trained_run: Path) -> None:
    last = Path(shutil.copytree(trained_run, place / "copy")) / "checkpoints" / "last.ckpt"
    last.write_bytes(last.read_bytes()[:1000])
    assert "last.ckpt is truncated" in refused("train", "run=copy", "trainer.max_steps=9")
    last.unlink()
    assert "last.ckpt is missing" in refused("train", "run=copy", "trainer.max_steps=9")


HOLDER = """
import sys, time
from pathlib import Path
from lstmlab.experiment.run_directory import RunDirectory
place = RunDirectory(Path(sys.argv[1]))
with place.claimed(resume=True):
    place.mark("running")
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_run_in_use(refused: Any, place: Path, trained_run: Path) -> None:
    shutil.copytree(trained_run, place / "copy")
    with subprocess.Popen([sys.executable, "-c", HOLDER, "copy"], stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None and holder.stdout.readline() == "held\n"
            said = refused("train", "run=copy", "trainer.max_steps=9")
            assert f"copy is in use by process {holder.pid}" in said
        finally:
            holder.kill()
    status = json.loads((place / "copy" / "status.json").read_text())
    assert status["status"] == "running"  # as the dead one left it


# -- several trials ---------------------------------------------------------------------------------------------------


def test_a_choice_that_does_not_exist_stops_a_sweep_before_it_begins(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "-m", *TINY, "optim=adamw,adamx"]) == 2
    assert "optim=adamx does not exist. Did you mean" in capsys.readouterr().err
    assert not list(place.rglob("status.json"))
