"""The optimiser of a configuration."""

import inspect
from typing import Any

import torch
from torch import nn

from lstmlab.targets import build


def make_optimizer(spec: dict[str, Any], model: nn.Module, *, fused: bool = True) -> torch.optim.Optimizer:
    """``optim._target_`` over the model's parameters; weight decay on matrices alone, not on biases and gains."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in parameters if p.dim() >= 2]},
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ]
    given: dict[str, Any] = {}
    if fused and spec["_target_"].startswith("torch.optim.") and "fused" not in spec:
        optimizer = getattr(torch.optim, spec["_target_"].rpartition(".")[2], None)
        if optimizer and "fused" in inspect.signature(optimizer).parameters:
            given["fused"] = True  # one kernel a step; the same formulas
    made = build(spec, torch.optim.Optimizer, "optim", params=[g for g in groups if g["params"]], **given)
    for group in made.param_groups:
        group["initial_lr"] = group["lr"]
    return made
