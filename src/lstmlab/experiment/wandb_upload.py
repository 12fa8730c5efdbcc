"""The command that uploads what a sweep's trials logged offline."""

import shlex
from pathlib import Path

from lstmlab.training.loggers.wandb_pieces import holds_run

_NAMED = 4  # pieces; more of them are written as a pattern


def upload_command(sweep_directory: Path) -> str | None:
    """One shell command that uploads every W&B run in a sweep that was logged offline; None where there is none.

    ``wandb sync`` sorts the pieces of one run by their beginning and appends each to those before it, as they were
    begun with ``resume`` (tried against a server); pieces that are uploaded already it leaves out by itself. A piece in
    which nothing says what run it is of would stop the whole command, so where there is one the others are named one
    by one.
    """
    found = sorted(
        piece
        for piece in sweep_directory.glob("**/wandb/offline-run-*/run-*.wandb")
        if not piece.with_name(f"{piece.name}.synced").exists()
    )
    pieces = [piece for piece in found if holds_run(piece)]
    if not pieces:
        return None
    if len(pieces) <= _NAMED or len(pieces) < len(found):
        places = [shlex.quote(str(piece.parent)) for piece in pieces]
    else:
        depths = sorted({len(piece.relative_to(sweep_directory).parts) - 3 for piece in pieces})
        places = ["/".join([shlex.quote(str(sweep_directory)), *["*"] * depth, "wandb"]) for depth in depths]
    return f"wandb sync {' '.join(places)}"
