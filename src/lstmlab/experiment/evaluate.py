"""lstmlab evaluate: a trained model's held-out figures beside what they can be judged by."""

import hashlib
from typing import Any

from omegaconf import DictConfig
from rich.console import Console

from lstmlab.data import Synthetic, TextData
from lstmlab.data.prepared import PreparedPart
from lstmlab.data.progress import progress
from lstmlab.errors import UserError
from lstmlab.evaluation.adaptive import Adapted, cache_figures, dynamic_figures
from lstmlab.evaluation.calibration import Calibration, calibrate
from lstmlab.evaluation.report import Evaluation, ModelRow, reference_rows
from lstmlab.evaluation.scoring import score_part
from lstmlab.experiment.building import checked_device, quieten
from lstmlab.experiment.configuration import plain_config
from lstmlab.experiment.latest import named_run
from lstmlab.experiment.model_corpus import model_corpus
from lstmlab.experiment.run_directory import write_json
from lstmlab.loading import load
from lstmlab.reports.calibration import draw_calibration
from lstmlab.text.document import Part
from lstmlab.trained_model import TrainedModel


def run(composed: DictConfig) -> Evaluation:
    """The job. Writes ``evaluation_SPLIT.json`` into the run directory, where the checkpoint lies in one, and
    ``calibration_SPLIT.png``.

    Raises:
        UserError: a model of ``against`` was held out on another text.
    """
    quieten()
    config = plain_config("evaluate", composed)
    _check_adaptation(config)
    model = load(named_run(config["run"]), checkpoint=config["checkpoint"], device=checked_device(config["device"]))
    data, corpus = model_corpus(model, config["data"])
    split = config["split"]
    part = data.part(split)
    against: list[str] = config["against"]
    text = _digest(part) if against else b""
    found = [_on_the_same_text(place, config, part, text) for place in against]  # before any time is spent
    figures, _ = score_part(model.module.model, part, data.scoring_streams)
    others = [_row(place, other, its_data, split) for place, other, its_data in found]
    rows = (
        reference_rows(corpus, split, config["ngram_order"], config["max_reference_characters"])
        if config["references"]
        else []
    )
    calibration = _calibration(model, data, split) if config["calibration"] else None
    adapted = _adapted(model, data, config)
    source = data.source if isinstance(data, Synthetic) else None
    evaluation = Evaluation(
        split, model.tokenizer.unit, figures, rows, others, model.tokenizer.name,
        floor=source.entropy_rate if source else None,
        floor_interval=source.sampling_interval(figures.characters) if source else None,
        calibration=calibration, adapted=adapted,
    )  # fmt: skip
    console = Console(highlight=False)
    console.print(f"{model.path}, step {model.step:,}", markup=False, soft_wrap=True)
    console.print(evaluation.table())
    for note in evaluation.notes():
        console.print(note, style="dim", markup=False, soft_wrap=True)
    if model.directory:
        write_json(model.directory / f"evaluation_{split}.json", evaluation.to_dict())
        if calibration:
            draw_calibration(calibration, model.directory / f"calibration_{split}.png", split)
    return evaluation


def _on_the_same_text(
    place: str, config: dict[str, Any], part: PreparedPart, text: bytes
) -> tuple[str, TrainedModel, TextData]:
    """Another model and its corpus, whose part is the text of ``part``; ``text`` is the digest of that."""
    try:
        path = named_run(place)
        model = load(path, checkpoint=config["checkpoint"], device=config["device"])
    except UserError as error:
        raise UserError(f"against: {error}") from error
    data, _ = model_corpus(model, config["data"])
    own = data.part(config["split"])
    if _digest(own) != text:
        raise UserError(
            f"against: the {config['split']} part of {place} is another text ({own.figures.characters:,} characters,"
            f" here {part.figures.characters:,}); only models with the same data options can be compared."
        )
    return place, model, data


def _calibration(model: TrainedModel, data: TextData, split: Part) -> Calibration:
    validation = data.part("val").ids if "val" in data.prepare().parts else None
    return calibrate(model.module.model, data.part(split).ids, validation, data.scoring_streams)


def _check_adaptation(config: dict[str, Any]) -> None:
    """No figure is of the part on which its settings were chosen."""
    for kind, names in (("dynamic", ("lr", "decay")), ("cache", ("theta", "share"))):
        if kind in config["adapt"] and config["split"] == "val":
            for name in names:
                if config[kind][name] is None:
                    raise UserError(
                        f"split=val and {kind}.{name}=null exclude each other: it would be chosen on the very part"
                        f" that is reported; give {kind}.{name}, or take split=test."
                    )


def _adapted(model: TrainedModel, data: TextData, config: dict[str, Any]) -> list[Adapted]:
    part, train = data.part(config["split"]), data.part("train")
    validation = data.part("val") if "val" in data.prepare().parts else None
    most, network = config["adapt_tokens"], model.module.model
    found = []
    if "dynamic" in config["adapt"]:
        found.append(dynamic_figures(network, part, train, validation, config["dynamic"], most, progress))
    if "cache" in config["adapt"]:
        found.append(cache_figures(network, part, validation, config["cache"], most, progress))
    return found


def _row(place: str, model: TrainedModel, data: TextData, split: Part) -> ModelRow:
    figures, _ = score_part(model.module.model, data.part(split), data.scoring_streams)
    return ModelRow(place, model.tokenizer.name, model.tokenizer.unit, figures)


def _digest(part: PreparedPart) -> bytes:
    digest = hashlib.blake2b()
    for block in part.blocks():
        digest.update(block.encode("utf-8", "surrogatepass"))
    return digest.digest()
