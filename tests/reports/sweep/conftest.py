"""Sweeps as they lie on disk, with effects that are known, written by the tests themselves."""

import itertools
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

BASE: dict[str, Any] = {
    "tokenizer": {"name": "char"},
    "data": {"_target_": "lstmlab.data.Sample", "seq_length": 32, "batch_size": 32, "split": [0.9, 0.05, 0.05]},
    "model": {"num_layers": 1, "dropout": 0.0},
    "optim": {"lr": 0.004},
    "seed": 0,
    "logger": {"name": "csv"},
}
COLUMNS = "step,train/loss,train/perplexity,train/gradient_norm,epoch,val/loss,val/perplexity,val/bits_per_char"
Options = Mapping[str, Any]


def configured(options: Options, base: Mapping[str, Any] = BASE) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(json.dumps(base))
    for option, value in options.items():
        *groups, last = option.split(".")
        place = config
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = value
    return config


def write_run(
    directory: Path,
    config: Mapping[str, Any],
    bits: float = 2.0,
    *,
    status: str = "completed",
    reason: str | None = None,
    tokens: int = 2000,
    steps: int = 40,
    epochs: int = 4,
    **summary: Any,
) -> Path:
    """A run directory with everything that a training leaves behind and a report reads."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "config.yaml").write_text(
        yaml.safe_dump(dict(config), allow_unicode=True, sort_keys=False), encoding="utf-8"
    )
    state = {"status": status, "reason": reason, "pid": 1, "host": "another", "wall_seconds": 12.0}
    (directory / "status.json").write_text(json.dumps(state), encoding="utf-8")
    loss = bits * math.log(2)
    rows = [COLUMNS]
    for step in range(2, steps + 1, 2):
        train = loss + math.exp(-step / steps)
        rows.append(f"{step},{train},{math.exp(train)},{0.2 + 0.1 * (step % 3)},{(step - 1) * epochs // steps},,,")
        if step % (steps // epochs) == 0:
            val = loss + 0.5 * (1 - step / steps)
            rows.append(f"{step},,,,{step * epochs // steps - 1},{val},{math.exp(val)},{val / math.log(2)}")
    (directory / "metrics.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    if status != "completed":
        return directory
    random = np.random.default_rng(int(bits * 1e6))
    losses = random.gamma(2.0, (loss + 0.02) / 2, tokens).astype(np.float32)
    np.save(directory / "test_losses.npy", losses)
    test = float(losses.astype(np.float64).mean())
    figures: dict[str, Any] = {
        "val/bits_per_char": bits, "val/loss": loss, "val/perplexity": math.exp(loss), "val/accuracy": 0.4,
        "val/spelling_bits_per_char": 0.0, "val/scoring_streams": 1, "train/loss": loss - 0.1,
        "train/perplexity": math.exp(loss - 0.1), "train/tokens_per_second": 1e5, "test/loss": test,
        "test/perplexity": math.exp(test), "test/bits_per_char": test / math.log(2), "test/spelling_bits_per_char": 0.0,
        "steps": steps, "epochs": epochs, "tokens_trained": 1000 * steps, "parameters": 50_000, "vocabulary": 72,
        "perplexity_unit": "character", "precision": "32-true", "wall_seconds": 12.0,
    }  # fmt: skip
    (directory / "summary.json").write_text(json.dumps(figures | summary), encoding="utf-8")
    return directory


def write_sweep(
    root: Path,
    options: Mapping[str, list[Any]],
    bits: Callable[[Options], float],
    *,
    without: Mapping[str, str] | None = None,
    chosen: Callable[[Options], Options] | None = None,
    tried: Mapping[str, list[Any]] | None = None,
    candidates: list[tuple[Options, float]] | None = None,
    summary: Callable[[Options], Mapping[str, Any]] = lambda _: {},
) -> Path:
    """A sweep of every combination. ``without``: trial → "missing", "problem: …" or the reason of its failure."""
    trials: list[dict[str, Any]] = []
    root.mkdir(parents=True)
    for values in itertools.product(*options.values()):
        one = dict(zip(options, values, strict=True))
        name = ",".join(f"{option.rpartition('.')[2]}={value}" for option, value in one.items())
        entry = {"name": name, "role": "trial", "identity": "0", "options": one, "path": name.replace("/", "_")}
        entry["options"] = one | dict(chosen(one) if chosen else {})
        trials.append(entry | {"problem": None})
        what = (without or {}).get(name)
        if what == "missing":
            continue
        if what and what.startswith("problem: "):
            trials[-1]["problem"] = what.removeprefix("problem: ")
            continue
        write_run(
            root / entry["path"], configured(entry["options"]), bits(one), status="failed" if what else "completed",
            reason=what, **summary(one),
        )  # fmt: skip
    for number, (one, value) in enumerate(candidates or []):
        name = f"choice-{number}"
        trials.append({"name": name, "role": "choice", "identity": "0", "options": dict(one), "path": name})
        write_run(root / name, configured(one), value)
    content = {
        "lstmlab": "0.1.0", "name": root.name, "options": dict(options), "choose": dict(tried or {}), "threads": 1,
        "base": BASE, "trials": trials,
    }  # fmt: skip
    (root / "sweep.yaml").write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return root


def luck(*parts: Any, spread: float = 0.004) -> float:
    """Noise that is the same whenever the same is asked for."""
    seed = sum(ord(one) * (n + 1) for n, one in enumerate(repr(parts)))
    return float(np.random.default_rng(seed).normal(0, spread))


SEQ = {16: 2.10, 32: 2.03, 64: 2.00, 128: 1.999}


def seq_bits(options: Options) -> float:
    """128 and 64 cannot be told apart, all else can; seeds matter more than that difference."""
    length, seed = options["data.seq_length"], options["seed"]
    return SEQ[length] + luck("seed", seed, spread=0.03) + luck(length, seed)


def grid_bits(options: Options) -> float:
    layers, dropout = options["model.num_layers"], options["model.dropout"]
    effect = -0.05 * layers + 0.4 * abs(dropout - 0.25 * (layers - 1))
    return 2.0 + effect + luck("seed", options["seed"], spread=0.02) + luck(layers, dropout, options["seed"])


@pytest.fixture(scope="session")
def seq_sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four arms of five seeds, one of them failed and one missing; the learning rate chosen by each arm."""
    lengths = [16, 32, 64, 128]
    rates = [0.002, 0.004, 0.008]
    return write_sweep(
        tmp_path_factory.mktemp("sweeps") / "seq_length",
        {"data.seq_length": lengths, "seed": [1, 2, 3, 4, 5]},
        seq_bits,
        without={"seq_length=128,seed=3": "OutOfMemoryError: <4 GB> & more", "seq_length=16,seed=5": "missing"},
        tried={"optim.lr": rates},
        chosen=lambda one: {"optim.lr": 0.002 if one["data.seq_length"] == 128 else 0.004},
        candidates=[
            ({"data.seq_length": length, "seed": 0, "optim.lr": rate}, SEQ[length] + 20 * abs(rate - best))
            for length in lengths
            for best in [0.002 if length == 128 else 0.004]
            for rate in rates
        ],
        summary=lambda one: {"train/tokens_per_second": 1e3 * one["data.seq_length"]},
    )


@pytest.fixture(scope="session")
def grid_sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two options that act together, three seeds; one trial refused."""
    return write_sweep(
        tmp_path_factory.mktemp("sweeps") / "grid",
        {"model.num_layers": [1, 2], "model.dropout": [0.0, 0.25, 0.5], "seed": [1, 2, 3]},
        grid_bits,
        without={"num_layers=2,dropout=0.5,seed=3": "problem: model.dropout=0.5 is too much."},
        summary=lambda one: {"parameters": 40_000 * one["model.num_layers"]},
    )


@pytest.fixture(scope="session")
def hard_sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Values that break what is not careful: Chinese, HTML, LaTeX, a long one."""
    styles = ["结巴分词", "<script>alert(1)</script>", "50% of $x_1$ & {y}|z", "a_long_value_" * 8 + "end"]
    return write_sweep(
        tmp_path_factory.mktemp("sweeps") / "hard<b>",
        {"tokenizer.style": styles, "seed": [1, 2, 3]},
        lambda one: 2.0 + 0.1 * styles.index(one["tokenizer.style"]) + luck(one["seed"]),
    )


@pytest.fixture
def make_run() -> Callable[..., Path]:
    return write_run


@pytest.fixture
def make_sweep() -> Callable[..., Path]:
    return write_sweep


@pytest.fixture
def make_config() -> Callable[..., dict[str, Any]]:
    return configured
