"""About how long the trials of a sweep take."""

import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from statistics import fmean
from typing import Any

import torch

from lstmlab.experiment.budget import max_seconds, planned_steps
from lstmlab.experiment.building import build_data
from lstmlab.experiment.sweep.directory import Trial
from lstmlab.experiment.sweep.states import State
from lstmlab.models import resolve_head
from lstmlab.training.module import LanguageModule

_START_SECONDS = 5.0  # a process, its imports, its summary
_WINDOWS = 4  # that are timed; one before them warms up


def estimated_seconds(
    trials: Sequence[Trial],
    left: Sequence[Trial],
    states: Mapping[str, State],
    configs: Mapping[str, dict[str, Any]],
) -> float:
    """Of the trials that are left, one after another: an arm's finished trials tell, else a few of its windows are
    trained here. Validations and samples are not timed.
    """
    took: dict[str, list[float]] = {}
    for trial in trials:
        if states[trial.name].status == "completed":
            took.setdefault(_arm(trial), []).append(states[trial.name].seconds)
    timed: dict[str, float] = {}
    total = 0.0
    for trial in left:
        arm = _arm(trial)
        if arm not in took and arm not in timed:
            timed[arm] = _measured(configs[trial.name])
        whole = fmean(took[arm]) if arm in took else timed[arm]
        total += max(0.0, whole - states[trial.name].seconds)
    return total


def _arm(trial: Trial) -> str:
    return repr(sorted((option, value) for option, value in trial.options.items() if option != "seed"))


def _measured(config: dict[str, Any]) -> float:
    """Seconds of one training, from a few windows there and back."""
    data = build_data(config)
    tokenizer = data.prepare().tokenizer.to_dict()
    config, _ = resolve_head(config, len(data.tokenizer.vocabulary))
    streams = data.train_streams()
    steps = planned_steps(config, data)
    if steps is None:  # only max_time ends it
        return (max_seconds(config["trainer"]["max_time"]) or 0.0) + _START_SECONDS
    before = torch.get_num_threads()
    torch.set_num_threads(config["trainer"]["threads"])
    try:
        with torch.random.fork_rng([]):
            model = LanguageModule(config, tokenizer).model
            edges = data.window_plan(streams.length, config["seed"]).edges(0)
            begun = 0.0
            mixed = config["trainer"]["precision"] == "bf16-mixed"
            count = min(_WINDOWS, len(edges) - 1)
            for number in range(count + 1):
                window = streams.window(*edges[min(number, len(edges) - 2) :][:2])
                with torch.autocast("cpu", torch.bfloat16) if mixed else nullcontext():
                    loss, *_ = model.total(window.inputs, window.targets)
                torch.autograd.backward(loss)
                if number == 0:
                    begun = time.perf_counter()
            seconds = (time.perf_counter() - begun) / count
    finally:
        torch.set_num_threads(before)
    windows: int = steps * config["trainer"]["accumulate_grad_batches"]
    return seconds * windows + _START_SECONDS
