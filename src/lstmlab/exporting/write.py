"""Writing an exported model, whole or not at all."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from lstmlab import __version__
from lstmlab.errors import UserError
from lstmlab.exporting.folder import CARD, CONFIG, FORMAT, TOKENIZER, WEIGHTS, is_export
from lstmlab.exporting.model_card import model_card
from lstmlab.exporting.onnx_graphs import GraphCheck, write_graphs
from lstmlab.exporting.weights import unshared_weights
from lstmlab.trained_model import TrainedModel


def check_destination(out: Path, overwrite: bool) -> None:
    """What can be said of the folder before any time is spent.

    Raises:
        UserError: it would take the place of something.
    """
    if out.is_file():
        raise UserError(f"out={out} is a file; name a folder that does not exist yet.")
    if not out.absolute().parent.is_dir():
        raise UserError(f"out={out} cannot be written: there is no directory {out.parent}.")
    if not out.is_dir() or not any(out.iterdir()):
        return
    if not is_export(out):
        raise UserError(f"out={out} holds files of yours; name a folder that is empty or does not exist yet.")
    if not overwrite:
        raise UserError(f"out={out} holds an exported model; name another folder, or replace it with overwrite=true.")


def write_export(model: TrainedModel, out: Path, *, onnx: bool = False, overwrite: bool = False) -> list[GraphCheck]:
    """Write a model to the folder ``out``: all of it is there in the end, or what was there before.

    Gives what was found when the ONNX graphs were held against the model.

    Raises:
        UserError: as ``check_destination`` and ``write_graphs``, or the disk is full.
    """
    check_destination(out, overwrite)
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir()
        network = model.module.model
        weights = unshared_weights(network)
        save_file(weights, partial / WEIGHTS, metadata={"format": "pt"})
        figures = model.figures()
        _write_json(partial / CONFIG, {
            "format": FORMAT, "version": __version__, "step": model.step, "config": model.config, "figures": figures,
        })  # fmt: skip
        _write_json(partial / TOKENIZER, model.tokenizer.to_dict())
        checks = write_graphs(network, partial) if onnx else []
        card = model_card(model, figures, sum(weight.numel() for weight in weights.values()), checks)
        (partial / CARD).write_text(card, encoding="utf-8")
        _take_place(partial, out)
    except OSError as error:
        raise UserError(f"out={out} cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return checks


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", errors="surrogatepass")


def _take_place(partial: Path, out: Path) -> None:
    """The new folder for the old one, which is gone only when the new one is there."""
    if not out.exists():
        partial.rename(out)
        return
    old = out.with_name(f".{out.name}.{os.getpid()}.old")
    out.rename(old)
    try:
        partial.rename(out)
    except OSError:
        old.rename(out)
        raise
    shutil.rmtree(old)
