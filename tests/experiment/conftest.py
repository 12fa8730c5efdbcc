"""Reading what a run logged to W&B offline, by W&B's own reader."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import wandb


@dataclass
class OfflineRun:
    """What one ``.wandb`` file says."""

    id: str = ""
    project: str = ""
    group: str = ""
    name: str = ""
    tags: list[str] = field(default_factory=list)
    resumes: bool = False
    config: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    exit_code: int | None = None  # None: it says nothing about its end
    whole: bool = True  # False: its last record is cut short


def read_piece(piece: Path) -> OfflineRun:
    """A ``.wandb`` file through ``wandb leet inspect``."""
    done = subprocess.run(
        [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(piece)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    run = OfflineRun(whole=done.returncode == 0 and "incomplete" not in done.stderr)
    for record in map(json.loads, done.stdout.splitlines()):
        content = record.get(record["type"], {})
        if record["type"] == "run":
            run.id, run.project, run.name = content["run_id"], content["project"], content["display_name"]
            run.group, run.tags = content.get("run_group", ""), content.get("tags", [])
            run.resumes = content.get("resume", False)
            run.config = {name: value for name, value in content["config"]["update"].items() if name != "_wandb"}
        elif record["type"] == "history":
            run.history.append(content["item"])
        elif record["type"] == "summary":
            run.summary |= content.get("update", {})
        elif record["type"] == "exit":
            run.exit_code = content.get("exit_code", 0)
    return run


@pytest.fixture(scope="session")
def read_offline_wandb() -> Callable[[Path], list[OfflineRun]]:
    """What the pieces in a run directory say, the oldest first."""

    def read(run_directory: Path) -> list[OfflineRun]:
        wandb.teardown()  # a run that ended in this process may still be on its way into its file
        return [read_piece(piece) for piece in sorted(run_directory.glob("wandb/offline-run-*/run-*.wandb"))]

    return read
