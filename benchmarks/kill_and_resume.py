"""Whether a training that is killed and goes on is the training that was not, bit for bit.

    python benchmarks/kill_and_resume.py [--kills 20] [--seed 0] [option=value ...]

One training through the command line is left alone. Then, for each kill, the same training starts in a directory and
with a cache of its own, its processes are killed (SIGKILL) at a random moment of the undisturbed one's duration, start
and end included, and ``lstmlab train run=DIRECTORY`` goes on with it. Compared are the checkpoints (weights, optimiser,
carried state, position, generator), metrics.csv, the samples and summary.json, without what is a time. A training that
was killed before it had a run directory is started again with the same command.

Options are those of ``lstmlab train`` and are added to the training. The exit code is 1 if any training differs.
"""

import argparse
import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LSTMLAB = [sys.executable, "-m", "lstmlab.cli"]
# Everything that an exact continuation has to restore: masks, a carried state, sums within a step, the best figure.
TRAINING = [
    "data=sample", "data.max_characters=30000", "data.seq_length=20", "data.batch_size=8", "model.num_layers=2",
    "model.hidden_size=96", "model.embedding_size=64", "model.dropout=0.3", "model.locked_dropout=true",
    "model.embedding_dropout=0.05", "model.layer.weight_drop=0.2", "attention=multihead", "attention.memory=40",
    "averaging=ema", "data.variable_length=true", "trainer.reset_state=0.02",
    "trainer.accumulate_grad_batches=2", "trainer.max_epochs=10", "trainer.log_every_steps=5",
    "checkpoint.every_steps=20", "callbacks.samples.tokens=50", "logger=csv",
]  # fmt: skip
TIMES = {"train/tokens_per_second", "wall_seconds", "environment"}


def start(words: list[str], cache: Path, output: Path) -> subprocess.Popen[bytes]:
    """A command in a process group of its own; one thread, so that sums have one order."""
    environment = {**os.environ, "LSTMLAB_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
    with output.open("wb") as file:
        return subprocess.Popen(
            [*LSTMLAB, "train", *words], env=environment, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )


def finish(words: list[str], cache: Path, output: Path) -> tuple[int, str]:
    """Exit code and last line of a command that is left alone."""
    process = start(words, cache, output)
    try:
        code = process.wait()
    except BaseException:
        kill(process)
        raise
    lines = output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return code, lines[-1] if lines else ""


def kill(process: subprocess.Popen[bytes]) -> bool:
    """SIGKILL for the whole group; False where it had ended before."""
    if process.poll() is not None:
        return False
    os.killpg(process.pid, signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def kill_at(moment: float, words: list[str], cache: Path, output: Path) -> bool:
    """Starts a command and kills it so many seconds later; False where it was over by then."""
    begun = time.monotonic()
    process = start(words, cache, output)
    try:
        process.wait(max(0.0, moment - (time.monotonic() - begun)))
    except subprocess.TimeoutExpired:
        pass
    finally:
        killed = kill(process)
    return killed


# -- comparing ---------------------------------------------------------------------------------------------------------


def differences(one: Path, other: Path) -> Iterator[str]:
    """What two run directories differ in, a word or two each."""
    for name in ("last.ckpt", "best.ckpt"):
        mine, theirs = (place / "checkpoints" / name for place in (one, other))
        if mine.is_file() != theirs.is_file():
            yield f"{name} (missing)"
        elif mine.is_file():
            yield from _checkpoint_differences(name, mine, theirs)
    if _metrics(one) != _metrics(other):
        yield "metrics.csv"
    samples = [{p.name: p.read_bytes() for p in (place / "samples").glob("*")} for place in (one, other)]
    if samples[0] != samples[1]:
        yield "samples"
    summaries = [_summary(place) for place in (one, other)]
    for name in sorted(summaries[0].keys() | summaries[1].keys()):
        if name not in TIMES and summaries[0].get(name) != summaries[1].get(name):
            yield f"summary.json ({name})"


def _checkpoint_differences(name: str, one: Path, other: Path) -> Iterator[str]:
    import torch

    a, b = (torch.load(path, map_location="cpu", weights_only=True) for path in (one, other))
    parts = {"state_dict": (a["state_dict"], b["state_dict"])}
    parts["optimizer"] = (a.get("optimizer_states"), b.get("optimizer_states"))
    for part in ("position", "processes", "averaging"):
        parts[part] = (a["lstmlab"].get(part), b["lstmlab"].get(part))
    for part, (mine, theirs) in parts.items():
        if not _equal(mine, theirs):
            yield f"{name} ({part})"


def _equal(one: Any, other: Any) -> bool:
    """Bit for bit, tensors within lists and dicts too."""
    import torch

    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_equal, one, other))
    return type(one) is type(other) and bool(one == other)


def _metrics(place: Path) -> list[dict[str, str]]:
    path = place / "metrics.csv"
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: row[name] for name in row if name not in TIMES} for row in csv.DictReader(file)]


def _summary(place: Path) -> dict[str, Any]:
    path = place / "summary.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _step(place: Path) -> int | None:
    """Where last.ckpt stands; None where there is nothing to go on with."""
    import torch

    last = place / "checkpoints" / "last.ckpt"
    if not last.is_file() or not (place / "config.yaml").is_file():
        return None
    return int(torch.load(last, map_location="cpu", weights_only=True)["lstmlab"]["position"]["step"])


# -- kills -------------------------------------------------------------------------------------------------------------


def one_kill(moment: float, training: list[str], place: Path, reference: Path) -> tuple[str, bool]:
    """What happened in a few words, and whether the training equals the reference."""
    cache, run, output = place / "cache", place / "run", place / "output"
    words = [*training, f"hydra.run.dir={run}"]
    said = "" if kill_at(moment, words, cache, output) else "over before the kill, "
    step, begun = _step(run), (run / "config.yaml").is_file()
    if begun:
        code, line = finish([f"run={run}"], cache, output)
        said += f"last.ckpt at step {step:,}" if step is not None else "before the first checkpoint"
        if code and "is complete" in line:
            code, said = 0, f"{said} and complete"
    else:
        code, line = finish(words, cache, output)
        said += "before there was a run directory"
    if code:
        return f"{said}; ended with {code}: {line}", False
    different = list(differences(reference, run))
    return f"{said}; {'differs: ' + ', '.join(different) if different else 'equal'}", not different


def main() -> int:
    """Print a line a kill and how many trainings are equal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("options", nargs="*", metavar="option=value", help="added to the training")
    arguments = parser.parse_intermixed_args()
    training = [*TRAINING, *arguments.options]
    place = Path(tempfile.mkdtemp(prefix="kill-and-resume-"))
    done = equal = 0
    try:
        reference = place / "undisturbed"
        reference.mkdir()
        begun = time.monotonic()
        code, line = finish(
            [*training, f"hydra.run.dir={reference / 'run'}"], reference / "cache", reference / "output"
        )
        seconds = time.monotonic() - begun
        if code:
            print(f"the undisturbed training ended with {code}: {line}")
            return 1
        summary = _summary(reference / "run")
        print(
            f"undisturbed: {seconds:.1f} s from start to end, {summary['steps']:,} steps, {summary['precision']};"
            f" seed {arguments.seed}",
            flush=True,
        )
        draw = random.Random(arguments.seed)
        for number in range(1, arguments.kills + 1):
            moment = draw.uniform(0, seconds)
            trial = place / f"kill-{number}"
            trial.mkdir()
            said, same = one_kill(moment, training, trial, reference / "run")
            done, equal = done + 1, equal + same
            print(f"kill {number:3} at {moment:6.2f} s: {said}", flush=True)
            if same:
                shutil.rmtree(trial)
    finally:
        if equal == done:
            shutil.rmtree(place, ignore_errors=True)
        else:
            print(f"what differs is kept in {place}")
    print(f"{equal} of {arguments.kills} equal")
    return 0 if equal == arguments.kills else 1


if __name__ == "__main__":
    sys.exit(main())
