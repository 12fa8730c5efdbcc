"""The run directory: who writes there and how the run stands."""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import filelock

from lstmlab.errors import UserError

Status = Literal["running", "interrupted", "completed", "failed"]


class RunDirectory:
    """One training's directory: paths, status and lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.yaml"
        self.checkpoints = path / "checkpoints"
        self.metrics = path / "metrics.csv"
        self.summary = path / "summary.json"
        self.log = path / "run.log"
        self.samples = path / "samples"
        self.test_losses = path / "test_losses.npy"
        self.learning_curve = path / "learning_curve.png"
        self._status = path / "status.json"

    @property
    def status(self) -> dict[str, Any]:
        """status.json; empty where no training began."""
        return json.loads(self._status.read_text(encoding="utf-8")) if self._status.is_file() else {}

    def mark(self, status: Status, reason: str | None = None, **more: Any) -> None:
        """Write the status; what earlier marks said besides is kept."""
        write_json(
            self._status,
            self.status
            | {
                "status": status,
                "reason": reason,
                "pid": os.getpid(),
                "host": socket.gethostname(),
                "time": time.time(),
            }
            | more,
        )

    @contextmanager
    def claimed(self, resume: bool) -> Iterator[None]:
        """Hold the directory for this process; the hold ends with the process, however that ends.

        Raises:
            UserError: another living process holds it, or a training was made there and this is not its continuation.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise UserError(
                f"{self.path} is in use by process {self.status.get('pid', 'unknown')}; wait for it or stop it."
            ) from error
        try:
            if self.status and not resume:
                raise UserError(
                    f"{self.path} holds a training that is {self.state()}; go on with it by run={self.path}"
                    " or choose another hydra.run.dir."
                )
            yield
        finally:
            lock.release()

    def state(self) -> str:
        """The status in a word; a run that died without a word counts as interrupted."""
        status = self.status.get("status", "missing")
        return "interrupted" if status == "running" else status

    def write_summary(self, summary: dict[str, Any]) -> None:
        """summary.json, the final figures."""
        write_json(self.summary, summary)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)


def remove_empty(directory: Path) -> None:
    """A run that never began leaves no directory behind, and none above it that is empty then, here below."""
    for place in (directory.absolute(), *directory.absolute().parents):
        if Path.cwd() not in place.parents or not place.is_dir() or any(place.iterdir()):
            return
        place.rmdir()
