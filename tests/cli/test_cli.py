"""The command line: help, flags, own configs and classes, prompts as typed, and where things are written."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import lstmlab
from lstmlab.cli import JOBS, main
from lstmlab.experiment.latest import latest_run

TINY = [
    "data=synthetic", "data.characters=3000", "data.seq_length=16", "data.batch_size=8", "model.hidden_size=32",
    "model.embedding_size=32", "trainer.max_steps=3", "callbacks.samples.tokens=10", "logger=csv",
]  # fmt: skip


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test works in a directory of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(place: Path, trained_run: Path) -> Path:
    """A copy of the finished training, as outputs/a/run."""
    return Path(shutil.copytree(trained_run, place / "outputs" / "a" / "run"))


def entries(place: Path) -> set[str]:
    return {str(path.relative_to(place)) for path in place.rglob("*")}


# -- help and flags ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]])
def test_help_names_every_job(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert all(f"  {job} " in shown and what in shown for job, what in JOBS.items())


@pytest.mark.parametrize("job", JOBS)
def test_help_of_a_job_names_its_options_and_choices(capsys: pytest.CaptureFixture[str], job: str) -> None:
    assert main([job, "model.num_layers=2", "--help"]) == 0
    shown = capsys.readouterr().out
    named = {
        "prepare": ["data=sample    of jinyong, sample, ", "tokenizer.min_count=1 #", "data.seq_length=64 #"],
        "train": ["optim.lr=0.004", "seed=0", "checkpoint.every_steps=1000 #", "experiment=null    of "],
        "tune": ["optim.lr=0.004", "sweep=none    of ", "sweep.trials=20 #", "sweep.space={} #"],
        "wandb-sweep": ["optim.lr=0.004", "sweep.options={} #", "sweep.method=grid #"],
        "evaluate": ["run=latest #", "split=test #", "data.path=null"],
        "report": ["path=null #", "out=null #"],
        "generate": ["decoding.temperature=1.0 #", "prompt=", "max_tokens=400", "out=null #"],
        "export": ["run=latest #", "out=null #", "onnx=false #", "overwrite=false #"],
        "surprise": ["run=latest #", "text_file=null #", "characters=null #", "out=null #"],
        "novelty": ["run=latest #", "decodings=[{name: greedy}, ", "characters=20_000 #", "out=null #"],
    }
    assert all(one in shown for one in named[job])
    assert "hydra.run" not in shown and "_target_=" not in shown and "_files" not in shown


def test_help_follows_choices_and_own_configs(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    (place / "mine" / "data").mkdir(parents=True)
    (place / "mine" / "data" / "novels.yaml").write_text("defaults: [_files, _self_]\nchapter: 3 # one of them\n")
    assert main(["train", "data=novels", "optim=sgd", "--config-dir", "mine", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "novels, sample" in shown and "data.chapter=3 # one of them" in shown and "data.cleaning=none" in shown
    assert "optim.momentum=0.0" in shown and "optim.betas" not in shown


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--version"], ["-V"], ["train", "--version"]):
        assert main(words) == 0
        assert capsys.readouterr().out == f"lstmlab {lstmlab.__version__}\n"


def test_cfg_shows_the_configuration_and_does_nothing(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    assert main(["train", "model.num_layers=2", "--cfg", "job", "data=text", "data.path=射雕 (一).txt"]) == 0
    config = yaml.safe_load(capsys.readouterr().out)
    assert config["model"]["num_layers"] == 2 and config["data"]["path"] == "射雕 (一).txt"
    assert "hydra" not in config and not entries(place)


@pytest.mark.parametrize(
    ("words", "light"),
    [
        (["--help"], {"torch", "hydra", "omegaconf", "pytorch_lightning", "numpy", "yaml"}),
        (["trian"], {"torch", "hydra", "omegaconf", "pytorch_lightning", "numpy"}),
        (["train", "--help"], {"torch", "hydra", "omegaconf", "pytorch_lightning", "numpy", "pydantic"}),
        (["train", "modle=lstm"], {"torch", "pytorch_lightning"}),
        (["train", "--cfg", "job"], {"torch", "pytorch_lightning"}),
    ],
)
def test_what_is_not_imported(words: list[str], light: set[str]) -> None:
    """--help must answer within half a second, and these would take longer."""
    code = (
        "import sys; from lstmlab.cli import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr, sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    assert not light & set(done.stderr.splitlines())


# -- prompts as typed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prompt", ["a,b", "null", "the", "射雕", '"so" [he] said, ${x}', "it's 1e5=x (no)", " ", ""])
def test_prompts_are_literal(run: Path, place: Path, capsys: pytest.CaptureFixture[str], prompt: str) -> None:
    words = ["max_tokens=5", "--config-dir", str(place), "out=page.txt", "decoding=greedy", "checkpoint=last"]
    assert main(["generate", f"prompt={prompt}", *words]) == 0
    printed = capsys.readouterr()
    page = (place / "page.txt").read_text(encoding="utf-8")
    assert printed.out == f"{prompt}{page}\n" and page
    assert "Traceback" not in printed.err


# -- where things are written ------------------------------------------------------------------------------------------


def test_a_training_takes_flags_anywhere_and_any_directory(place: Path) -> None:
    assert main(["train", *TINY[:4], "--run", *TINY[4:], "hydra.run.dir=跑 a=b (1)/it's"]) == 0
    directory = place / "跑 a=b (1)" / "it's"
    assert json.loads((directory / "status.json").read_text())["status"] == "completed"
    assert lstmlab.load(directory).step == 3
    assert entries(place) == {
        "跑 a=b (1)",
        *(str(path.relative_to(place)) for path in (directory, *directory.rglob("*"))),
    }


def test_trainings_get_directories_of_their_own_and_the_newest_is_the_latest(place: Path) -> None:
    for _ in range(2):
        assert main(["train", *TINY]) == 0
    made = [path.parent for path in place.glob("outputs/*/*/status.json")]
    assert len(made) == 2
    # Microseconds: trainings that begin in the same second do not share one.
    assert all(re.fullmatch(r"\d\d-\d\d-\d\d-\d{6}", path.name) for path in made)
    latest = latest_run()
    assert place / latest in made
    older = next(path for path in made if path != place / latest)
    (older / "checkpoints" / "last.ckpt").touch()
    assert place / latest_run() == older
    shutil.rmtree(older / "checkpoints")  # a training without a checkpoint does not count
    assert latest_run() == latest


@pytest.mark.parametrize(
    "words",
    [
        ["prepare", "data.max_characters=5000"],
        ["prepare", "-m", "data.max_characters=5000,6000"],
        ["generate", "max_tokens=3"],
        ["generate", "-m", "max_tokens=3", "seed=1,2", "prompt=a,b"],
        ["evaluate", "-m", "split=val,test", "references=false", "run=latest"],
        ["surprise", "characters=20"],
        ["surprise", "-m", "split=val,test", "characters=20"],
    ],
)
def test_other_jobs_make_no_directories(
    run: Path, place: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    before = entries(place)
    assert main(words) == 0
    made = entries(place) - before
    assert {Path(name).name for name in made} <= {
        "evaluation_val.json", "evaluation_test.json", "calibration_val.png", "calibration_test.png", "surprise.html"
    }  # fmt: skip
    assert all(name.startswith("outputs/a/run/") for name in made)
    if words[0] == "generate" and "-m" in words:
        assert capsys.readouterr().out.count("a,b") == 2  # a prompt is never a sweep


def test_multirun_trains_every_combination(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", *TINY, "seed=1,2", "--multirun"]) == 0
    sweep = place / "sweeps" / "seed"
    seeds = [yaml.safe_load((sweep / trial / "config.yaml").read_text())["seed"] for trial in ("seed=1", "seed=2")]
    assert seeds == [1, 2]
    assert place / latest_run() == sweep / "seed=2"
    assert "Traceback" not in capsys.readouterr().err


def test_a_training_goes_on_by_run(run: Path, place: Path) -> None:
    before = {entry.parent for entry in place.rglob("config.yaml")}
    assert main(["train", "run=latest", "trainer.max_steps=5"]) == 0
    assert {entry.parent for entry in place.rglob("config.yaml")} == before
    assert json.loads((run / "summary.json").read_text())["steps"] == 5
    assert lstmlab.load(run, checkpoint="last").step == 5


# -- configs and classes of one's own ----------------------------------------------------------------------------------

MODULE = '''
import torch
from lstmlab.data import TextData
from lstmlab.nn import RecurrentLayer
from lstmlab.text.document import Document


class Telegrams(TextData):
    """Documents that no file holds."""

    def __init__(self, tokenizer, *, count: int = 3, **windows):
        super().__init__(tokenizer, **windows)
        self.count = count

    def documents(self):
        for number in range(self.count):
            yield Document(f"telegram {number}", "arriving tomorrow stop bring the boat stop " * 20)


class Elman(RecurrentLayer):
    """h = tanh(W x + U h)."""

    def __init__(self, input_size, hidden_size, gain: float = 1.0):
        super().__init__(input_size, hidden_size)
        self.cell = torch.nn.RNNCell(input_size, hidden_size)
        self.gain = gain

    def initial_state(self, batch_size, device, dtype):
        return torch.zeros(batch_size, self.hidden_size, device=device, dtype=dtype)

    def step(self, x, state):
        h = self.cell(self.gain * x, state)
        return h, h

    def forward(self, x, state):
        outputs = []
        for t in range(x.shape[1]):
            y, state = self.step(x[:, t], state)
            outputs.append(y)
        return torch.stack(outputs, 1), state
'''


def write_own(place: Path, module: str) -> None:
    """A module beside where one works, and configs that name its classes."""
    (place / f"{module}.py").write_text(MODULE)
    for group, name, text in (
        ("data", "telegrams", f"defaults: [_windows, _self_]\n_target_: {module}.Telegrams\ncount: 5\n"),
        ("model", "elman", f"defaults: [_stack, _self_]\nlayer:\n  _target_: {module}.Elman\n  gain: 0.5\n"),
    ):
        (place / "conf" / group).mkdir(parents=True)
        (place / "conf" / group / f"{name}.yaml").write_text(text)


def test_classes_and_configs_of_ones_own(place: Path) -> None:
    """Trained by the installed command in a directory that holds them, and loaded again there."""
    write_own(place, "mine")
    words = [
        "data=telegrams", "data.count=7", "data.seq_length=8", "data.batch_size=4", "model=elman", "model.num_layers=2",
        "model.hidden_size=16", "model.embedding_size=8", "trainer.max_steps=1", "logger=csv", "hydra.run.dir=out",
    ]  # fmt: skip
    command = Path(sys.executable).with_name("lstmlab")
    subprocess.run([command, "train", "--config-dir", "conf", *words], check=True, capture_output=True, timeout=120)
    code = (
        "import lstmlab; m = lstmlab.load('out'); layer = m.module.model.core.layers[1];"
        "print(type(layer).__name__, layer.gain, m.config['data']['count'], len(m.generate('boat', 5)) > 0)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120)
    assert loaded.stdout == "Elman 0.5 7 True\n"


def test_own_classes_are_checked_before_anything_is_loaded(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_own(place, "theirs")
    for words, said in (
        (["+model.layer.gian=2"], "model.layer.gian is no option of theirs.Elman. Did you mean gain?"),
        (["model.layer.gain=high"], "model.layer.gain=high must be a number."),
        (["model.layer._target_=theirs.Elmann"], "theirs has no class Elmann"),
        (["model.layer._target_=theirs.Telegrams"], "is not a subclass of lstmlab.nn.layer.RecurrentLayer"),
        (["data=telegrams", "data.count=some"], "data.count=some must be a whole number."),
    ):
        assert main(["train", "--config-dir", "conf", "model=elman", "logger=csv", *words]) == 2
        assert said in capsys.readouterr().err
    assert not (place / "outputs").exists()


def test_from_python_too(place: Path) -> None:
    with pytest.raises(lstmlab.UserError, match="Did you mean"):
        lstmlab.train(["data=smple"])
    with pytest.raises(lstmlab.UserError, match="callbacks=null"):
        lstmlab.train(["callbacks=null"])
    with pytest.raises(lstmlab.UserError, match=r"data\.seq_length"):
        lstmlab.train(["data.seq_length=100000"])
    assert not entries(place)
