"""What lies in a sweep's and in a run's directory, read without trusting it."""

import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml
from pydantic import BaseModel, ValidationError

from lstmlab.errors import UserError
from lstmlab.reports.sweep.trials import Role, State
from lstmlab.reports.sweep.values import Value

SWEEP_FILE = "sweep.yaml"


class Entry(BaseModel):
    """A trial as sweep.yaml lists it; ``path`` is relative to the sweep's directory."""

    name: str
    role: Role = "trial"
    options: dict[str, Any]
    path: str
    problem: str | None = None


class SweepFile(BaseModel):
    """What reports need of a sweep.yaml."""

    lstmlab: str
    name: str
    options: dict[str, list[Any]]
    choose: dict[str, list[Any]] | None = None
    base: dict[str, Any] = {}
    trials: list[Entry]


@dataclass(frozen=True)
class Run:
    """One run directory. ``options`` are those that a sweep gave it, empty for a run of its own."""

    name: str
    path: Path
    options: dict[str, Value]
    role: Role
    state: State
    reason: str | None
    config: dict[str, Any]
    summary: dict[str, Any]
    wall_seconds: float | None


def read_sweep_file(directory: Path) -> SweepFile:
    """A sweep's own account of what it varies.

    Raises:
        UserError: the file is broken, or other code wrote it.
    """
    path = directory / SWEEP_FILE
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path} cannot be read as YAML ({str(error).splitlines()[0]}); name its run directories instead,"
            " path=[a,b] with out=DIRECTORY."
        ) from error
    try:
        return SweepFile.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise UserError(
            f"{path} is no sweep of lstmlab's: {where}: {first['msg'].lower()}. Other code made it; name its run"
            " directories instead, path=[a,b]."
        ) from error


def read_run(
    path: Path,
    name: str | None = None,
    *,
    options: dict[str, Value] | None = None,
    role: Role = "trial",
    problem: str | None = None,
) -> Run:
    """One run directory, in whatever condition; ``problem`` is why its configuration was refused, if it was."""
    status, summary, config = _json(path / "status.json"), _json(path / "summary.json"), _yaml(path / "config.yaml")
    state, reason = _standing(status, summary, problem)
    seconds = status.get("wall_seconds", summary.get("wall_seconds"))
    return Run(
        name or path.name, path, options or {}, role, state, reason, config, summary,
        float(seconds) if isinstance(seconds, (int, float)) else None,
    )  # fmt: skip


def is_run(path: Path) -> bool:
    """Whether a training was made in this directory."""
    return (path / "config.yaml").is_file()


def _standing(status: dict[str, Any], summary: dict[str, Any], problem: str | None) -> tuple[State, str | None]:
    state, reason = status.get("status"), status.get("reason")
    if state == "completed" and summary:
        return "completed", None
    if state == "completed":
        return "failed", "summary.json is missing or broken"
    if state == "failed":
        return "failed", reason or "no reason was written"
    if state == "running" and _lives(status):
        return "running", "still training"
    if state in ("running", "interrupted"):
        return "interrupted", reason or "it ended without a word, as when it is killed"
    if problem:
        return "refused", problem
    return "missing", "never started"


def _lives(status: dict[str, Any]) -> bool:
    """Whether the process that wrote the status is there; of another machine's it cannot be known, and none is seen."""
    pid = status.get("pid")
    return status.get("host") == socket.gethostname() and isinstance(pid, int) and pid != os.getpid() and _exists(pid)


def _exists(pid: int) -> bool:
    return bool(psutil.pid_exists(pid))


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return content if isinstance(content, dict) else {}
