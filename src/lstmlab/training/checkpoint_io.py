"""Checkpoints on disk: whole or not at all, and nothing but tensors and plain values."""

import os
import pickle
import warnings
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO

from lstmlab.errors import UserError
from lstmlab.files import replacing

RESUME_KEY = "lstmlab"  # of a checkpoint: where training stood
FORMAT = 1  # of a checkpoint; one of a higher number is of a later version, one without a number of an early one


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes beside the target and renames: a full disk or a kill leaves the last good checkpoint as it was."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with replacing(target) as partial, partial.open("wb") as file:
                torch.save(checkpoint, file)
                file.flush()
                os.fsync(file.fileno())
        except (OSError, RuntimeError) as error:  # torch reports a full disk as a RuntimeError of its writer
            raise UserError(
                f"{target} could not be saved ({_reason(error)}); free space and go on with run={target.parent.parent}."
            ) from error

    def load_checkpoint(self, path: Any, map_location: Any = None, weights_only: bool | None = True) -> dict[str, Any]:
        return read_checkpoint(Path(path), map_location or "cpu")


def _reason(error: BaseException) -> str:
    cause = error if isinstance(error, OSError) else error.__context__
    return cause.strerror or str(cause) if isinstance(cause, OSError) else str(error).splitlines()[0]


def read_checkpoint(path: Path, map_location: Any = "cpu") -> dict[str, Any]:
    """A checkpoint of ours, read without running anything it may carry.

    Raises:
        UserError: it is missing, truncated, carries code, or is not of this project.
    """
    if not path.is_file():
        raise UserError(f"{path} is missing: there is no checkpoint to load.")
    try:
        with warnings.catch_warnings():  # torch warns of the pickles of others before it refuses them
            warnings.simplefilter("ignore")
            checkpoint: dict[str, Any] = torch.load(path, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError as error:
        pickled = path.read_bytes()[:1] == b"\x80"  # a bare pickle is refused for its form before its content
        if "GLOBAL" in str(error) or pickled:
            raise UserError(f"{path} carries code besides tensors and plain values and is refused.") from error
        raise UserError(f"{path} is no checkpoint: it cannot be read.") from error
    except (RuntimeError, EOFError, ValueError, KeyError, OSError) as error:
        raise UserError(f"{path} is truncated or no checkpoint: it cannot be read.") from error
    parameters = checkpoint.get("hyper_parameters") if isinstance(checkpoint, dict) else None
    if not isinstance(parameters, dict) or not {"config", "tokenizer"} <= parameters.keys():
        raise UserError(f"{path} is not a checkpoint of lstmlab: it holds no configuration and vocabulary.")
    if not {"state_dict", RESUME_KEY} <= checkpoint.keys():
        raise UserError(f"{path} is not a whole checkpoint of lstmlab: its weights or its position are missing.")
    check_format(path, checkpoint[RESUME_KEY], FORMAT)
    return checkpoint


def check_format(path: Path, content: dict[str, Any], ours: int) -> None:
    """Whether what was written at ``path`` is of a form that this version reads.

    Raises:
        UserError: a later version wrote it.
    """
    from lstmlab import __version__

    found = content.get("format", 1)
    if not isinstance(found, int) or found > ours:
        raise UserError(
            f"{path} was written by lstmlab {content.get('version', '(unknown)')} in format {found}; this is lstmlab"
            f" {__version__}, which reads format {ours}: upgrade lstmlab to load it."
        )
