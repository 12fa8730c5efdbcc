"""What a launcher calls for each trial: a slot, then one process that trains it, watched to its end.

Nothing of torch is imported here. The launcher may run it in the sweep's own process, in a worker of joblib's or Ray's,
or in a job on another machine; all it needs is the sweep's directory.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import filelock
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from lstmlab.errors import UserError
from lstmlab.experiment.configuration import read_config
from lstmlab.experiment.run_directory import RunDirectory
from lstmlab.experiment.sweep.directory import SweepDirectory
from lstmlab.experiment.sweep.states import is_held, summary_of
from lstmlab.experiment.sweep.trial_process import start_trial

_POLL_SECONDS = 0.05
_SAVING_SECONDS = 600.0  # once a trial was asked to stop: it may be within a validation
_LOST = 255  # the exit code where the process that a trial was forked from is gone; the trial itself goes on
_PARENT = os.getppid()  # of a launcher's worker, which imports this for its first trial

# Of whoever started the sweep: a trial is no process of theirs.
_NOT_FOR_TRIALS = (
    "LOCAL_RANK",
    "RANK",
    "WORLD_SIZE",
    "NODE_RANK",
    "GROUP_RANK",
    "LOCAL_WORLD_SIZE",
    "WANDB_RUN_ID",
    "WANDB_SERVICE",
)
_NOT_FOR_TRIALS_PREFIXES = ("MASTER_", "TORCHELASTIC_", "SLURM_")


def run_trial(composed: DictConfig) -> str:
    """Train the trial that ``sweep.trial`` names and say how it stands. Never raises: others are to go on."""
    directory = SweepDirectory(Path(HydraConfig.get().runtime.output_dir))
    handed = directory.handed / f"{composed.sweep.trial}.yaml"
    try:
        settings = read_config(handed)
        place = RunDirectory(directory.path / settings["path"])
        own = settings["process"] == this_process()
        with _stopping(own) as asked, _slot(directory, settings["jobs"], asked) as slot:
            if slot is None:
                return "stopped"
            return train_trial(directory, place, handed, settings, slot, asked)
    except (OSError, UserError, ValueError) as error:
        print(f"lstmlab: {composed.sweep.trial}: {error}", file=sys.stderr)
        return "failed"


def this_process() -> str:
    """By which it knows itself; a pid alone could be another machine's."""
    return f"{socket.gethostname()}-{os.getpid()}"


def train_trial(
    directory: SweepDirectory, place: RunDirectory, handed: Path, settings: dict[str, Any], slot: int, asked: "Asked"
) -> str:
    """Train one trial in a process of its own, or go on with it; gives completed, failed or stopped."""
    while is_held(place):  # by a process of a sweep that was killed, and that is about to end
        if asked or directory.stop.exists():
            return "stopped"
        time.sleep(_POLL_SECONDS)
    state = _state(place)
    if state == "completed" and summary_of(place):
        return "completed"
    if state == "completed":  # its summary is gone or damaged: it is made again
        place.mark("interrupted", "its summary was lost")
    if state == "failed":
        _forget(place)
    place.path.mkdir(parents=True, exist_ok=True)
    begun, stopped, deadline = time.time(), False, 0.0
    output = place.path / "output.log"
    before = output.stat().st_size if output.is_file() else 0
    process = start_trial(place.path, handed, _environment(settings, slot), output)
    while process.exitcode is None:
        if not stopped and (asked or directory.stop.exists() or asked.orphaned()):
            stopped, deadline = True, time.monotonic() + _SAVING_SECONDS
            process.terminate()
        if stopped and (time.monotonic() > deadline or asked.twice):
            process.kill()
        process.join(_POLL_SECONDS)
    code = process.exitcode
    while code == _LOST and is_held(place) and not (stopped and time.monotonic() > deadline):
        time.sleep(_POLL_SECONDS)
    if code == 0 or place.state() == "completed":  # what breaks behind the summary has spoilt nothing
        handed.unlink(missing_ok=True)
        return "completed"
    if stopped:
        return "stopped"
    _record(place, settings, code, begun, _last_words(output, before))
    return "failed"


def _state(place: RunDirectory) -> str:
    try:
        return place.state()
    except UserError:  # status.json is damaged
        return "failed"


def _record(place: RunDirectory, settings: dict[str, Any], code: int, begun: float, words: str | None) -> None:
    """Why a trial ended badly, where it could not say so itself."""
    status = place.status
    spoke = status.get("time", 0.0) >= begun and status.get("status") in ("failed", "interrupted")
    if not spoke and code < 0:
        name = signal.Signals(-code).name
        hint = ", as happens when memory runs out" if -code == signal.SIGKILL else ""
        place.mark("interrupted", f"killed by {name}{hint}")
    elif not spoke:
        place.mark("failed", words or f"exited with code {code}")
    if not spoke and place.config.is_file() and settings["config"]["logger"]["name"] == "wandb":
        reason = place.status["reason"]
        told = [str(place.path), str(place.config), str(128 - code if code < 0 else code), reason]
        with suppress(OSError):
            subprocess.run([sys.executable, "-m", "lstmlab.experiment.wandb_crash", *told], check=False, timeout=120)


def _last_words(output: Path, start: int) -> str | None:
    """The last sentence of a user's mistake, or the last line of a traceback, from byte ``start`` on."""
    if not output.is_file():
        return None
    text = output.read_bytes()[start:].decode("utf-8", "replace")
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and lines[-1].startswith("lstmlab: "):
        return lines[-1].removeprefix("lstmlab: ")
    return lines[-1] if any(line.startswith("Traceback ") for line in lines) else None


def _forget(place: RunDirectory) -> None:
    """A failed training begins anew: only its logs stay."""
    import shutil

    for folder in (place.checkpoints, place.samples, place.inspection):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (place.metrics, place.summary, place.test_losses, place.learning_curve, place.config):
        file.unlink(missing_ok=True)
    (place.path / "status.json").unlink(missing_ok=True)


def _environment(settings: dict[str, Any], slot: int) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _NOT_FOR_TRIALS and not name.startswith(_NOT_FOR_TRIALS_PREFIXES)
    }
    threads = settings["config"]["trainer"]["threads"]
    if threads:
        kept["OMP_NUM_THREADS"] = kept["MKL_NUM_THREADS"] = str(threads)
    if settings["gpus"]:
        each = settings["config"]["trainer"]["devices"]
        kept["CUDA_VISIBLE_DEVICES"] = ",".join(settings["gpus"][slot * each : (slot + 1) * each])
    return kept


@contextmanager
def _slot(directory: SweepDirectory, jobs: int, asked: "Asked") -> Iterator[int | None]:
    """One of ``jobs`` places; a launcher may start all trials at once. None where the sweep is to stop."""
    directory.slots.mkdir(parents=True, exist_ok=True)
    locks = [filelock.FileLock(directory.slots / str(number)) for number in range(jobs)]
    while not asked and not asked.orphaned() and not directory.stop.exists():
        for number, lock in enumerate(locks):
            try:
                lock.acquire(timeout=0)
            except filelock.Timeout:
                continue
            try:
                yield number
                return
            finally:
                lock.release()
        time.sleep(4 * _POLL_SECONDS)
    yield None


class Asked:
    """Whether this process was told to end, or is a launcher's ``worker`` that has lost the one that started it. The
    sweep's own process outlives the shell that it was started from.
    """

    def __init__(self, *, worker: bool) -> None:
        self.times = 0
        self._worker = worker

    def __bool__(self) -> bool:
        return self.times > 0

    @property
    def twice(self) -> bool:
        """Whether it was told so again, as by people who cannot wait."""
        return self.times > 1

    def orphaned(self) -> bool:
        """Whether the process that started this worker is gone."""
        return self._worker and os.getppid() != _PARENT


@contextmanager
def _stopping(own: bool) -> Iterator[Asked]:
    """In a worker's process SIGTERM is noted, and Ctrl-C left to the sweep, which tells all its trials to stop. In the
    sweep's ``own`` process its handlers stay, and so do a launcher's.
    """
    asked = Asked(worker=not own)
    taken = own or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
    if taken or threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def note(*_: object) -> None:
        asked.times += 1

    before = signal.signal(signal.SIGTERM, note)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGTERM, before)
