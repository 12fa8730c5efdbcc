"""summary.json: the final figures of a training."""

import logging
from typing import Any

import numpy as np

from lstmlab.data import TextData
from lstmlab.evaluation.scoring import score_part
from lstmlab.experiment.run_directory import RunDirectory
from lstmlab.loading import load
from lstmlab.reports.inspection import draw_inspections
from lstmlab.reports.learning_curve import draw_learning_curve
from lstmlab.text.document import Part
from lstmlab.training.module import LanguageModule, parameter_count

log = logging.getLogger("lstmlab")


def summarise(
    config: dict[str, Any], place: RunDirectory, data: TextData, module: LanguageModule, wall_seconds: float
) -> dict[str, Any]:
    """The final figures, of the best checkpoint where there was a validation, else of the last."""
    taken = load(place.path, device=module.device)
    epoch = module.finished_epoch or module.part_of_epoch or module.epoch_total
    summary: dict[str, Any] = {
        "train/perplexity": epoch.perplexity,
        "train/loss": epoch.loss,
        "train/tokens_per_second": module.trained_tokens / module.trained_seconds if module.trained_seconds else None,
        "checkpoint": taken.path.name,
        "checkpoint_step": taken.step,
        "steps": module.position.step,
        "epochs": module.position.epoch,
        "tokens_trained": module.trained_tokens,
        "parameters": parameter_count(module.parameters()),
        "vocabulary": len(module.tokenizer.vocabulary),
        "perplexity_unit": module.tokenizer.unit,
        "precision": config["trainer"]["precision"],
    }
    for share, found in place.status.get("word_vectors", {}).items():
        summary[f"word_vectors/{share}_found"] = found
    scored: tuple[Part, ...] = ("val", "test")
    for part in scored:
        if part not in data.prepare().parts or config["trainer"]["limit_val_windows"]:
            continue  # a part that does not exist, or a debugging run: no figure rather than a wrong one
        figures, scores = score_part(taken.module.model, data.part(part), data.scoring_streams)
        for name in ("loss", "perplexity", "bits_per_char", "spelling_bits_per_char", "accuracy"):
            summary[f"{part}/{name}"] = getattr(figures, name)
        summary[f"{part}/scoring_streams"] = figures.streams
        if part == "test":
            np.save(place.test_losses, scores.nats)
    summary["wall_seconds"] = round(wall_seconds, 3)
    summary["environment"] = place.status.get("environment")
    place.write_summary(summary)
    log.info("Completed: %s", {name: value for name, value in summary.items() if name != "environment"})
    if place.metrics.is_file():
        draw_learning_curve(place.metrics, place.learning_curve, unit=module.tokenizer.unit)
    draw_inspections(place.inspection)
    return summary
