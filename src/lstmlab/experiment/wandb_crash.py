"""A trial that was killed could not tell W&B: its parent does, ``python -m lstmlab.experiment.wandb_crash
RUN_DIRECTORY CONFIG_YAML EXIT_CODE REASON``.

In a process of its own, for a W&B run leaves its state in the process that starts it.
"""

import os
import sys
from pathlib import Path
from typing import Any

import yaml

from lstmlab.experiment.run_directory import RunDirectory
from lstmlab.training.loggers.wandb_pieces import id_of, offline_pieces
from lstmlab.training.loggers.wandb_run import start_run


def record_crash(run_directory: Path, config: dict[str, Any], run_id: str | None, exit_code: int, reason: str) -> None:
    """End the W&B run of a killed training with the exit code, the reason in its summary.

    Offline this is one more piece with the same id, project, group, name, tags and configuration: once all pieces are
    uploaded the run is marked as failed. Online the run is gone on with and ended.

    Args:
        run_directory: where the training wrote.
        config: the resolved configuration of the training.
        run_id: of the W&B run; None: of the newest piece in the directory, or a new one where there is none.
        exit_code: not 0; a negative one is a signal, as ``subprocess`` gives it.
        reason: a sentence.

    Raises:
        ValueError: the exit code says that all is well.
    """
    if exit_code == 0:
        raise ValueError("a crash has an exit code other than 0")
    if config["logger"]["name"] != "wandb":
        return
    pieces = offline_pieces(run_directory)
    if run_id is None and pieces:
        run_id = id_of(pieces[-1])
    code = exit_code if exit_code > 0 else 128 - exit_code
    run = start_run(config["logger"], config, run_directory, run_id)
    run.summary.update({"crash/reason": reason, "crash/exit_code": code})
    run.finish(exit_code=code)


def main(arguments: list[str]) -> int:
    """RUN_DIRECTORY CONFIG_YAML EXIT_CODE REASON; the run's id is in status.json, or it is that of the newest piece."""
    os.environ.pop("WANDB_SERVICE", None)  # the parent's W&B service may still hold the run that was killed
    directory, config, code, reason = Path(arguments[0]), Path(arguments[1]), int(arguments[2]), arguments[3]
    content = yaml.safe_load(config.read_text(encoding="utf-8"))
    record_crash(directory, content, RunDirectory(directory).status.get("wandb_id"), code, reason)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
