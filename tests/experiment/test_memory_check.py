"""A training too large for the machine is refused before it takes any memory, with what would fit."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from lstmlab.cli import main
from lstmlab.errors import UserError
from lstmlab.experiment import available_memory, memory_check
from lstmlab.experiment.available_memory import _left_by_control_groups
from lstmlab.experiment.compose import compose_job
from lstmlab.experiment.configuration import plain_config
from lstmlab.experiment.memory_check import check_memory, optimiser_state
from lstmlab.models import resolve_head
from lstmlab.models.memory import estimate_memory


def config_of(*overrides: str) -> dict[str, Any]:
    composed, *_ = compose_job("train", ["trainer.precision=32-true", "logger=csv", *overrides])
    return plain_config("train", composed)


def test_absurd_sizes_are_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code = main(["train", "data=synthetic", "data.characters=9000", "model.hidden_size=1000000", "logger=csv"])
    said = capsys.readouterr().err
    assert code == 2 and said.count("\n") == 1
    assert re.search(r"need about [\d.]+ TB of memory.*model\.hidden_size=1000000.*are free; model\.hidden_size=", said)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("overrides", [[], ["trainer=ddp"]])
def test_before_processes_are_launched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overrides: list[str]) -> None:
    from lstmlab.experiment.train import train

    monkeypatch.chdir(tmp_path)
    config = config_of("data=synthetic", "data.characters=9000", "model.hidden_size=1000000", *overrides)
    with pytest.raises(UserError, match="are free; model"):
        train(config, tmp_path / "run", resume=False)
    assert not list(tmp_path.iterdir())


# what is too large, free bytes, and the options that are proposed
CASES: list[tuple[list[str], int, float, list[str]]] = [
    (["head=linear"], 100_000, 1.5e9, ["head"]),
    (["head=linear", "model.tie_weights=true"], 100_000, 1.5e9, ["head"]),
    (["data.batch_size=1024", "data.seq_length=512"], 60, 3e9, ["data.batch_size"]),
    (["head=chunked"], 1_000_000, 3e9, ["tokenizer.max_size"]),
    (["model.hidden_size=20000"], 60, 4e9, ["model.hidden_size"]),
    (["model.hidden_size=20000", "model.embedding_size=20000"], 60, 2e9, ["model.hidden_size", "model.embedding_size"]),
    (["head=linear", "model.hidden_size=8192"], 200_000, 1e9, ["head", "model.hidden_size", "tokenizer.max_size"]),
    (["head=auto"], 100_000, 0.2e9, ["tokenizer.max_size"]),
    (["head=adaptive"], 1_000_000, 1e9, ["tokenizer.max_size"]),
    ([], 60, 1e6, []),
]


@pytest.mark.parametrize(("overrides", "size", "free", "named"), CASES)
def test_what_is_proposed_fits(
    monkeypatch: pytest.MonkeyPatch, overrides: list[str], size: int, free: float, named: list[str]
) -> None:
    monkeypatch.setattr(memory_check, "available_memory", lambda accelerator: free)
    config, _ = resolve_head(config_of(*overrides), size)
    with pytest.raises(UserError) as raised:
        check_memory(config, size)
    said = str(raised.value)
    if not named:
        assert "no smaller model would fit either" in said
        return
    match = re.search(r"are free; (.*) would fit\.$", said)
    assert match, said
    proposed = match[1].split(" ")
    assert set(named) <= {option.partition("=")[0] for option in proposed}
    entries = [int(option.partition("=")[2]) + 2 for option in proposed if option.startswith("tokenizer.max_size=")]
    smaller = config_of(*[o for o in overrides if o.partition("=")[0] not in said.rpartition("free;")[2]], *proposed)
    smaller, _ = resolve_head(smaller, min([size, *entries]))
    check_memory(smaller, min([size, *entries]))


def test_processes_on_cpus_share_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_of("model.hidden_size=2048")
    estimate = estimate_memory(config, 60, 2)
    assert estimate
    needed = estimate.total
    monkeypatch.setattr(memory_check, "available_memory", lambda accelerator: needed * 1.5)
    check_memory(config, 60)
    with pytest.raises(UserError, match="are free"):
        check_memory(config_of("model.hidden_size=2048", "trainer=ddp"), 60)


@pytest.mark.parametrize(
    ("optim", "state"), [("adamw", 2), ("adam", 2), ("sgd", 0), ("sgd optim.momentum=0.9", 1)]
)  # fmt: skip
def test_optimiser_state(optim: str, state: int) -> None:
    before = torch.get_rng_state()
    assert optimiser_state(config_of(f"optim={optim.split()[0]}", *optim.split()[1:])["optim"]) == state
    assert torch.equal(torch.get_rng_state(), before)


def test_nothing_is_said_where_nobody_can_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_check, "available_memory", lambda accelerator: None)
    check_memory(config_of("model.hidden_size=1000000"), 60)


@pytest.mark.parametrize("version", [1, 2])
def test_control_groups(tmp_path: Path, version: int) -> None:
    """Of a group and those above it the tightest counts; "max" is no limit; the cache of files gives way."""
    root, processes = tmp_path / "groups", tmp_path / "cgroup"
    limit, usage, cache = (
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        if version == 1
        else ("memory.max", "memory.current", "inactive_file")
    )
    place = root / "memory" if version == 1 else root
    for group, most in (("", "max"), ("job", "1000"), ("job/step", "5000")):
        folder = place / group
        folder.mkdir(parents=True, exist_ok=True)
        (folder / limit).write_text(most)
        (folder / usage).write_text("600\n")
        (folder / "memory.stat").write_text(f"anon 1\n{cache} 100\n")
    processes.write_text("5:cpu:/x\n4:memory:/job/step\n" if version == 1 else "0::/job/step\n")
    assert _left_by_control_groups(processes, root) == 500
    processes.write_text("4:memory:/elsewhere\n" if version == 1 else "0::/elsewhere\n")
    assert _left_by_control_groups(processes, root) == float("inf")
    assert _left_by_control_groups(tmp_path / "none", root) == float("inf")


def test_this_machine_has_memory() -> None:
    free = available_memory.available_memory("cpu")
    assert free is not None and free > 1e6


def test_a_layer_that_looks_at_its_weights_is_not_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "curious.py").write_text(
        "import torch\nfrom lstmlab.nn import LSTMLayer\n\n\n"
        "class Curious(LSTMLayer):\n"
        "    def __init__(self, input_size, hidden_size):\n"
        "        super().__init__(input_size, hidden_size)\n"
        "        self.radius = float(torch.linalg.matrix_norm(self.lstm.weight_hh_l0, 2))\n"
        "        self.first = self.lstm.weight_hh_l0.detach().numpy()[0, 0]\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(memory_check, "available_memory", lambda accelerator: 1.0)
    config = config_of()
    config["model"]["layer"] = {"_target_": "curious.Curious"}
    with caplog.at_level("INFO"):
        check_memory(config, 60)
    assert "cannot be estimated" in caplog.text
