"""W&B sweep files: what an agent makes of them is what was meant."""

import itertools
import json
import os
import queue
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lstmlab.errors import UserError
from lstmlab.experiment.compose import compose_job
from lstmlab.experiment.wandb_sweep import write_wandb_sweep

SIMPLE = {"data.seq_length": [16, 32], "seed": [1, 2, 3]}


def written(tmp_path: Path, *arguments: Any, **more: Any) -> dict[str, Any]:
    path = tmp_path / "sweep.yaml"
    write_wandb_sweep(*arguments, path, **more)
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def as_the_server_has_it(value: Any) -> Any:
    """Through JSON, where a whole float becomes an int."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return json.loads(json.dumps(value))


def drawn(sweep: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What the server sends an agent for each run of a grid, in the agent's own form."""
    names = list(sweep["parameters"])
    for values in itertools.product(*(sweep["parameters"][name]["values"] for name in names)):
        yield {name: {"value": as_the_server_has_it(value)} for name, value in zip(names, values, strict=True)}


def built(sweep: dict[str, Any], args: dict[str, Any]) -> list[str]:
    """The words of the command that W&B's own builder makes of a sweep's command and what was drawn."""
    from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args

    parts = create_sweep_command_args({"args": args}) | {"env": ["/usr/bin/env"], "program": [sweep["program"]]}
    words: list[str] = []
    for word in create_sweep_command(list(sweep["command"])):
        words += parts[word[2:-1]] if word.startswith("${") and word.endswith("}") else [word]
    return words


def composed(words: list[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("WANDB_RUN_ID", "id1")
    assert words[:3] == ["/usr/bin/env", "lstmlab", "train"]
    return compose_job("train", words[3:])


def test_every_run_of_a_grid_composes_to_what_was_varied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {
        "model": ["lstm", "gru"],
        "optim.lr": [1e-05],
        "trainer.max_steps": [None, 100],
        "data.path": ["它's ${x} [1,2] = a,b.txt", "null"],
    }
    sweep = written(tmp_path, "s", options, {}, "grid", ["data=text", "trainer.max_epochs=2"])
    seen = []
    for args in drawn(sweep):
        config, directory, _ = composed(built(sweep, args), monkeypatch)
        assert str(directory) == "outputs/s/id1"
        assert (config.logger.name, config.logger.group, list(config.logger.tags)) == (
            "wandb",
            "s",
            ["wandb-sweep", "s"],
        )
        layer = config.model.layer["_target_"]
        seen.append((layer, config.optim.lr, config.trainer.max_steps, config.data.path))
    layers = ("lstmlab.nn.LSTMLayer", "lstmlab.nn.GRULayer")
    expected = itertools.product(layers, (1e-05,), (None, 100), options["data.path"])
    assert seen == list(expected)


@pytest.mark.parametrize(
    "value",
    [None, True, False, 3, -0.5, 1e-22, float("inf"), "null", "None", "true", "1e5", "12", "a,b", "it's", "x=y", "",
     "${seed}", "???", "林冲, 鲁智深", [], [1, 2], [None, "a,b", [True, 0.5]], {"a": None, "b": [1, "c,d"]}],
)  # fmt: skip
def test_values_come_back_as_they_were(value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``logger.project`` takes anything as long as nothing checks it: what is composed is compared."""
    from omegaconf import OmegaConf

    sweep = written(tmp_path, "s", {"logger.project": [value, "other"]}, {}, "grid", [])
    config, _, _ = composed(built(sweep, next(drawn(sweep))), monkeypatch)
    came = OmegaConf.to_container(config.logger, resolve=True)
    assert isinstance(came, dict)
    assert came["project"] == value and type(came["project"]) is type(value)


def test_an_agent_trains_what_was_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_offline_wandb: Callable[[Path], list[Any]]
) -> None:
    """W&B's agent starts the training itself; only the server's answer is written here."""
    from wandb.wandb_agent import Agent

    fixed = ["data.max_characters=4000", "model.hidden_size=16", "model.embedding_size=16", "data.batch_size=8",
             "trainer.max_steps=3", "callbacks.samples.tokens=5"]  # fmt: skip
    sweep = written(tmp_path, "s", {"data.seq_length": [16], "trainer.max_epochs": [None]}, {}, "grid", fixed)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_SWEEP_ID", "sw1")
    monkeypatch.setenv("WANDB_PROJECT", "the sweep's")
    for name in ("WANDB_RUN_ID", "WANDB_SWEEP_PARAM_PATH", "WANDB_DIR"):  # the agent sets them
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    agent = Agent(None, queue.Queue(), sweep_id="sw1")
    agent._sweep_command = list(sweep["command"])
    (args,) = drawn(sweep)
    agent._command_run({"type": "run", "run_id": "run1", "program": sweep["program"], "args": args})
    process = agent._run_processes["run1"]
    try:
        assert process.wait(timeout=100) == 0
    finally:
        if process.poll() is None:
            process.kill()
    (run,) = read_offline_wandb(tmp_path / "outputs" / "s" / "run1")
    assert (run.id, run.project, run.group, run.exit_code) == ("run1", "the sweep's", "s", 0)
    assert run.name == "seq_length=16,max_epochs=null" and run.tags == ["wandb-sweep", "s"]
    assert run.config["data"]["seq_length"] == 16 and run.config["data.seq_length"] == 16
    assert run.config["trainer"]["max_epochs"] is None
    assert run.summary["steps"] == 3


def test_ranges_and_choices(tmp_path: Path) -> None:
    space = {
        "optim.lr": {"low": 0.001, "high": 0.02, "log": True},
        "model.dropout": {"low": 0.0, "high": 0.75, "log": None},
        "model.num_layers": {"low": 1, "high": 3},
        "model.hidden_size": {"low": 32, "high": 512, "log": True},
        "data.seq_length": {"low": None, "high": None, "choices": [16, None]},
    }
    for method in ("random", "bayes"):
        sweep = written(tmp_path, "s", SIMPLE, space, method, [], project="p", entity="e")
        assert sweep["parameters"] == {
            "optim.lr": {"distribution": "log_uniform_values", "min": 0.001, "max": 0.02},
            "model.dropout": {"distribution": "uniform", "min": 0.0, "max": 0.75},
            "model.num_layers": {"distribution": "int_uniform", "min": 1, "max": 3},
            "model.hidden_size": {"distribution": "q_log_uniform_values", "q": 1, "min": 32, "max": 512},
            "data.seq_length": {"values": [16, "null"]},
        }
        assert (sweep["method"], sweep["project"], sweep["entity"]) == (method, "p", "e")
        assert sweep["metric"] == {"name": "val/bits_per_char", "goal": "minimize"}
    for method in ("grid", "random"):
        sweep = written(tmp_path, "s", SIMPLE, {} if method == "random" else space, method, [])
        assert sweep["parameters"] == {name: {"values": values} for name, values in SIMPLE.items()}
        assert "project" not in sweep


def test_what_is_typed_goes_before_what_the_runs_have_of_their_own(tmp_path: Path) -> None:
    sweep = written(tmp_path, "s", SIMPLE, {}, "grid", ["logger.group=mine", "trainer.max_steps=5"])
    assert sweep["command"] == [
        "${env}", "${program}", "train", "logger=wandb", "logger.tags=[wandb-sweep,s]",
        "hydra.run.dir=outputs/s/${oc.env:WANDB_RUN_ID}", "logger.group=mine", "trainer.max_steps=5",
        "${args_no_hyphens}",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("s", SIMPLE, {}, "gird", []), "Did you mean grid"),
        (("s", {}, {}, "grid", []), "nothing varies"),
        (("s", {"seed": 3}, {}, "grid", []), "must be a list"),
        (("s", {"seed": []}, {}, "grid", []), "must be a list"),
        (("s", {"+data.x": [1]}, {}, "grid", []), r"\+data.x cannot be varied"),
        (("s", {"data.path": [None]}, {}, "grid", []), "data.path is read as text"),
        (("s", {}, {"optim.lr": {"low": 1.0, "high": 0.1}}, "bayes", []), "sweep.space.optim.lr needs low and high"),
        (("s", {}, {"optim.lr": {"low": 0, "high": 1, "log": True}}, "bayes", []), "above 0"),
        (("s", {}, {"optim.lr": {"lo": 0, "high": 1}}, "random", []), r"optim.lr.lo is no option. Did you mean .*low"),
    ],
)
def test_what_cannot_be_written(arguments: tuple[Any, ...], said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        write_wandb_sweep(*arguments, tmp_path / "sweep.yaml")
    assert not (tmp_path / "sweep.yaml").exists()
