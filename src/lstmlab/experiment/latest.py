"""The newest training, found without loading anything."""

from pathlib import Path

from lstmlab.errors import UserError


def latest_run(roots: tuple[str, ...] = ("outputs", "sweeps")) -> Path:
    """The newest training with a checkpoint, below ``outputs/`` and ``sweeps/`` of the working directory.

    Raises:
        UserError: there is none.
    """
    found = [
        (checkpoint.stat().st_mtime, checkpoint.parent.parent)
        for root in roots
        for checkpoint in Path(root).glob("**/checkpoints/*.ckpt")
    ]
    if not found:
        raise UserError(
            "run=latest: there is no training with a checkpoint below outputs/ or sweeps/; train first or name one."
        )
    return max(found)[1]


def named_run(run: str) -> Path:
    """The path behind ``run=``: a directory, a checkpoint, or latest."""
    return latest_run() if run == "latest" else Path(run).expanduser()
