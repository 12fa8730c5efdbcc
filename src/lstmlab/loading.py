"""``lstmlab.load``: a trained model from a run directory, a checkpoint or an exported folder, without Hydra."""

from pathlib import Path
from typing import Any

import torch

from lstmlab.errors import UserError
from lstmlab.exporting.folder import WEIGHTS, is_export, read_export
from lstmlab.exporting.weights import fill_weights
from lstmlab.trained_model import TrainedModel
from lstmlab.training.checkpoint_io import read_checkpoint
from lstmlab.training.module import LanguageModule


def checkpoint_path(place: str | Path, checkpoint: str | None = None) -> Path:
    """The checkpoint of a run directory, or a checkpoint itself.

    ``checkpoint`` "best" or "last" insists on that one; None takes the best, the last where there was no validation.

    Raises:
        UserError: there is none.
    """
    path = Path(place).expanduser()
    if path.is_file():
        return path
    if not path.is_dir():
        raise UserError(
            f"run={place} is neither a run directory nor a checkpoint nor an exported model; look at the path."
        )
    folder = path / "checkpoints"
    wanted = [checkpoint] if checkpoint else ["best", "last"]
    for name in wanted:
        if (folder / f"{name}.ckpt").is_file():
            return folder / f"{name}.ckpt"
    missing = " or ".join(f"checkpoints/{name}.ckpt" for name in wanted)
    raise UserError(f"run={place} holds no {missing}; train first or name another.")


def load(place: str | Path, *, checkpoint: str | None = None, device: str | torch.device = "cpu") -> TrainedModel:
    """The trained model of a run directory, of a ``.ckpt`` file, or of a folder that ``lstmlab export`` wrote.

    Args:
        place: the directory of a training, or a checkpoint or an exported folder, wherever it was copied to.
        checkpoint: "best" or "last" of a run directory; by default the best, the last where there was no validation.
        device: where the model is put.

    Raises:
        UserError: nothing is there, or it is not ours, is damaged or truncated, carries code, or is of a later version.

    Example:
        >>> import lstmlab
        >>> model = lstmlab.load(run)
        >>> model.score("The river.").bits_per_char > 0
        True
    """
    folder = Path(place).expanduser()
    if is_export(folder):
        if checkpoint is not None:
            raise UserError(
                f"checkpoint={checkpoint}: {place} is an exported model, which holds one only; leave it out."
            )
        return _exported(folder, device)
    path = checkpoint_path(place, checkpoint)
    content = read_checkpoint(path, "cpu")
    parameters = content["hyper_parameters"]
    module = _rebuilt(path, parameters["config"], parameters["tokenizer"])
    try:
        module.load_state_dict(content["state_dict"])
    except RuntimeError as error:
        raise UserError(
            f"{path} does not fit the model that its configuration describes: {str(error).splitlines()[-1].strip()}"
        ) from error
    return TrainedModel(module.to(torch.device(device)), path, content["lstmlab"]["position"]["step"])


def _exported(folder: Path, device: str | torch.device) -> TrainedModel:
    content = read_export(folder)
    module = _rebuilt(folder, content["config"], content["tokenizer"])
    fill_weights(module.model, content["weights"], folder / WEIGHTS)
    return TrainedModel(module.to(torch.device(device)), folder, content["step"], content["figures"])


def _rebuilt(path: Path, config: dict[str, Any], tokenizer: dict[str, Any]) -> LanguageModule:
    try:
        return LanguageModule(config, tokenizer)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UserError(
            f"{path} cannot be rebuilt: its configuration or vocabulary is damaged or of another version"
            f" ({type(error).__name__}: {error})."
        ) from error
