"""The run directory: who writes there and how the run stands."""

import json
import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import filelock

from lstmlab.errors import Interrupted, UserError
from lstmlab.files import replacing

log = logging.getLogger("lstmlab")

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
        self.inspection = path / "inspection"
        self.test_losses = path / "test_losses.npy"
        self.learning_curve = path / "learning_curve.png"
        self._status = path / "status.json"

    @property
    def status(self) -> dict[str, Any]:
        """status.json; empty where no training began.

        Raises:
            UserError: something has damaged it.
        """
        if not self._status.is_file():
            return {}
        try:
            status = json.loads(self._status.read_text(encoding="utf-8"))
        except ValueError as error:
            raise UserError(f"{self._status} is damaged ({error}); delete it to train anew.") from error
        if not isinstance(status, dict):
            raise UserError(f"{self._status} is damaged: it holds no status; delete it to train anew.")
        return status

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
            for left in self.path.rglob(".*.partial"):  # by a process that was killed while it wrote
                left.unlink(missing_ok=True)
            yield
        finally:
            lock.release()

    def state(self) -> str:
        """The status in a word; a run that died without a word counts as interrupted."""
        status = self.status.get("status", "missing")
        return "interrupted" if status == "running" else status

    def is_bare(self) -> bool:
        """Whether a training began here and ended before it saved anything."""
        return self.status.get("status") != "completed" and not any(self.checkpoints.glob("*.ckpt"))

    def write_summary(self, summary: dict[str, Any]) -> None:
        """summary.json, the final figures."""
        write_json(self.summary, summary)


@contextmanager
def logging_to(path: Path) -> Iterator[None]:
    """While entered, what the project logs goes to this file too."""
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        handler.close()


@contextmanager
def marking(place: RunDirectory, resume: bool) -> Iterator[None]:
    """status.json follows what happens, with the reason; seconds add up over continuations.

    What is refused before the training is marked as running changes nothing.
    """
    before, begun = place.status.get("wall_seconds", 0.0) if resume else 0.0, time.monotonic()

    def seconds() -> float:
        return round(before + time.monotonic() - begun, 3)

    def running() -> bool:
        return place.status.get("status") == "running" and place.status["pid"] == os.getpid()

    try:
        yield
        place.mark("completed", wall_seconds=seconds())
    except Interrupted as interruption:
        place.mark("interrupted", str(interruption), wall_seconds=seconds())
        raise
    except KeyboardInterrupt:
        if running():
            place.mark("interrupted", "stopped at once, without saving", wall_seconds=seconds())
        raise
    except BaseException as error:
        if running():
            with suppress(OSError):  # a full disk must not hide what is wrong
                place.mark("failed", f"{type(error).__name__}: {error}", wall_seconds=seconds())
            # For run.log; the terminal gets it from who catches it.
            log.info("The run failed: %s", error, exc_info=None if isinstance(error, UserError) else error)
        raise


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Whole or not at all."""
    with replacing(path) as partial:
        partial.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def is_locked(lock: Path) -> bool:
    """Whether a living process holds a lock file, on this machine or on another that shares it."""
    probe = filelock.FileLock(lock)
    try:
        probe.acquire(timeout=0)
    except filelock.Timeout:
        return True
    probe.release()
    return False


def remove_empty(directory: Path) -> None:
    """A run that never began leaves no directory behind, and none above it that is empty then, here below."""
    for place in (directory.absolute(), *directory.absolute().parents):
        if Path.cwd() not in place.parents or not place.is_dir() or any(place.iterdir()):
            return
        place.rmdir()


def remove_unbegun(directory: Path) -> None:
    """A run that never began leaves no directory behind."""
    if not directory.is_dir() or (directory / "config.yaml").exists():
        return
    if {entry.name for entry in directory.iterdir()} <= {".lock", "run.log"}:
        for entry in directory.iterdir():
            entry.unlink()
        remove_empty(directory)
