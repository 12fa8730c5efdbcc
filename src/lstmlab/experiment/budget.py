"""How long a training is to be."""

from typing import Any

from lstmlab.data import TextData


def planned_steps(config: dict[str, Any], data: TextData) -> int | None:
    """Optimiser steps until ``max_steps`` or ``max_epochs``; None where only ``max_time`` ends training."""
    trainer = config["trainer"]
    plan = data.window_plan(data.train_streams().length, config["seed"], trainer["limit_train_windows"])
    limits = [trainer["max_steps"]] if trainer["max_steps"] else []
    if trainer["max_epochs"]:
        limits += [sum(plan.steps(epoch, trainer["accumulate_grad_batches"]) for epoch in range(trainer["max_epochs"]))]
    return min(limits) if limits else None


def max_seconds(max_time: str | None) -> float | None:
    """``trainer.max_time`` in seconds."""
    if max_time is None:
        return None
    days, hours, minutes, seconds = (int(part) for part in max_time.split(":"))
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
