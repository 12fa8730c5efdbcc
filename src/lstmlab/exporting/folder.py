"""The files of an exported model, and reading them back."""

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file

from lstmlab.errors import UserError
from lstmlab.training.checkpoint_io import check_format

WEIGHTS = "model.safetensors"
CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
CARD = "README.md"
PREFILL = "prefill.onnx"
STEP = "step.onnx"

FORMAT = 1  # of the folder; a folder of a higher number is of a later version


def is_export(place: Path) -> bool:
    """Whether a directory is, or was, an exported model."""
    return place.is_dir() and any((place / name).is_file() for name in (WEIGHTS, CONFIG))


def read_export(place: Path) -> dict[str, Any]:
    """An exported model: ``format``, ``version``, ``step``, ``config``, ``figures``, ``tokenizer`` and ``weights``.

    Raises:
        UserError: a file is missing or damaged, or the folder is of a later version.
    """
    for name in (CONFIG, TOKENIZER, WEIGHTS):
        if not (place / name).is_file():
            raise UserError(f"{place} is no whole exported model: {name} is missing; export it again.")
    content = _json(place / CONFIG)
    missing = {"format", "version", "step", "config", "figures"} - content.keys()
    if missing:
        raise UserError(f"{place / CONFIG} is no exported configuration: it lacks {', '.join(sorted(missing))}.")
    check_format(place, content, FORMAT)
    content["tokenizer"] = _json(place / TOKENIZER)
    try:
        content["weights"] = load_file(place / WEIGHTS)
    except (SafetensorError, OSError) as error:
        raise UserError(f"{place / WEIGHTS} is damaged: {error}; export the model again.") from error
    return content


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise UserError(f"{path} is damaged: {error}; export the model again.") from error
    if not isinstance(content, dict):
        raise UserError(f"{path} is damaged: it holds no table of values; export the model again.")
    return content
