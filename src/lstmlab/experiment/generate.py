"""lstmlab generate: text from a trained model, as it is written."""

import sys
from pathlib import Path

from omegaconf import DictConfig

from lstmlab.errors import UserError
from lstmlab.experiment.building import checked_device, quieten
from lstmlab.experiment.configuration import plain_config
from lstmlab.experiment.latest import named_run
from lstmlab.files import replacing
from lstmlab.loading import load


def run(composed: DictConfig) -> str:
    """The job. The terminal shows the prompt and what follows; ``out`` gets exactly what was generated."""
    quieten()
    config = plain_config("generate", composed)
    out = Path(config["out"]).expanduser() if config["out"] else None
    if out is not None and out.is_dir():
        raise UserError(f"out={out} cannot be written: it is a directory.")
    if out is not None and not out.absolute().parent.is_dir():
        raise UserError(f"out={out} cannot be written: there is no directory {out.parent}.")
    model = load(named_run(config["run"]), checkpoint=config["checkpoint"], device=checked_device(config["device"]))
    if lacking := model.unknown(config["prompt"]):
        print(
            f"lstmlab: the vocabulary lacks {' '.join(map(repr, lacking))}; the model reads <unk> there.",
            file=sys.stderr,
        )
    pieces = []
    print(config["prompt"], end="", flush=True)
    for piece in model.stream(config["prompt"], config["max_tokens"], seed=config["seed"], **config["decoding"]):
        pieces.append(piece)
        print(piece, end="", flush=True)
    print()
    text = "".join(pieces)
    if out is not None:
        try:
            with replacing(out) as partial:
                partial.write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            raise UserError(f"out={out} cannot be written: {error.strerror}.") from error
    return text
