"""A sweep's directory: sweep.yaml, the trials' run directories, and who works there."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import filelock
import yaml

from lstmlab.errors import UserError
from lstmlab.experiment.run_directory import RunDirectory, remove_empty
from lstmlab.files import replacing

_PARTIAL = ".*.partial"  # what ``replacing`` writes to
FIELDS = ("lstmlab", "name", "options", "choose", "threads", "base", "trials")


@dataclass(frozen=True)
class Trial:
    """One training of a sweep. ``role`` is trial, choice (it helps an arm to choose), former (another choice was made
    since) or pruned (a search ended it early); ``path`` is its run directory, relative to the sweep's unless another
    sweep made it; ``problem`` is why its configuration was refused.
    """

    name: str
    role: str
    identity: str | None
    options: dict[str, Any]
    path: str
    problem: str | None = None


class SweepDirectory:
    """``sweeps/NAME``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.record = path / "sweep.yaml"
        self.table = path / "trials.csv"
        self.handed = path / ".trials"  # what running trials are given; empty when no sweep runs
        self.stop = self.handed / "stop"
        self.slots = self.handed / "slots"

    def run_directory(self, trial: Trial) -> RunDirectory:
        """Where a trial is trained."""
        return RunDirectory(self.path / trial.path)

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Hold the sweep for this process.

        Raises:
            UserError: another living process holds it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(self.path / ".lock")
        holder = self.path / ".holder"
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout as error:
            who = holder.read_text(encoding="utf-8").strip() if holder.is_file() else "unknown"
            raise UserError(
                f"{self.path} is being run by process {who}; wait for it or stop it. The same command goes on then."
            ) from error
        try:
            for left in self.path.glob(_PARTIAL):  # by a sweep that was killed while it wrote
                left.unlink(missing_ok=True)
            holder.write_text(str(os.getpid()), encoding="utf-8")
            for partial in self.path.glob(".*.partial"):  # of a process that was killed while it wrote
                partial.unlink()
            yield
        finally:
            holder.unlink(missing_ok=True)
            shutil.rmtree(self.handed, ignore_errors=True)
            lock.release()
            if not self.record.exists():  # it was refused: nothing is left behind
                (self.path / ".lock").unlink(missing_ok=True)
                remove_empty(self.path)

    def read(self) -> dict[str, Any] | None:
        """sweep.yaml; None where no sweep was made yet.

        Raises:
            UserError: the directory or the file is of other making.
        """
        try:
            content = yaml.safe_load(self.record.read_text(encoding="utf-8"))
        except FileNotFoundError:
            hidden = (".lock", ".holder", ".trials")
            found = [entry.name for entry in self.path.iterdir()] if self.path.is_dir() else []
            if any(name not in hidden and not fnmatch(name, _PARTIAL) for name in found):
                raise UserError(
                    f"{self.path} holds files but no sweep.yaml: it is no sweep; choose another sweep.name."
                ) from None
            return None
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise UserError(
                f"{self.record} cannot be read ({str(error).splitlines()[0]}); choose another sweep.name."
            ) from error
        if not isinstance(content, dict) or not set(FIELDS) <= set(content):
            raise UserError(
                f"{self.record} is not whole, or was not written by a sweep of lstmlab; choose another sweep.name."
            )
        return content

    def trials(self) -> list[Trial]:
        """Those that sweep.yaml lists."""
        content = self.read()
        try:
            return [Trial(**entry) for entry in content["trials"]] if content else []
        except TypeError as error:
            raise UserError(f"{self.record}: its trials are of another form; choose another sweep.name.") from error

    def write(self, content: dict[str, Any], trials: list[Trial]) -> None:
        """sweep.yaml, whole or not at all."""
        told = content | {"trials": [asdict(trial) for trial in trials]}
        with replacing(self.record) as partial:
            partial.write_text(yaml.safe_dump(told, allow_unicode=True, sort_keys=False), encoding="utf-8")
