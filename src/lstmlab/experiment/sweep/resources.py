"""The cores and GPUs that the trials of a sweep share."""

import os
from dataclasses import dataclass
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from lstmlab.errors import UserError


@dataclass(frozen=True)
class Resources:
    """``jobs`` trials at once, each with so many threads a process; ``gpus`` by the names that CUDA_VISIBLE_DEVICES
    knows, none where trials run on CPUs; ``note`` where that is not what was asked for.
    """

    jobs: int
    threads: int
    gpus: list[str]
    note: str | None = None

    def __str__(self) -> str:
        each = "a GPU" if self.gpus else f"{self.threads} thread{'s' if self.threads > 1 else ''}"
        return f"{self.jobs} at a time, {each} each"


def share(config: DictConfig, jobs: int, before: dict[str, Any] | None) -> Resources:
    """What each trial gets. ``before`` is the sweep as it was begun: its threads are kept, since another number of jobs
    must not make other trials of them.

    Raises:
        UserError: the launcher runs one trial at a time, and several were asked for.
    """
    devices = _count(config, "trainer.devices") or 1
    launcher = str(config.hydra.launcher["_target_"])
    elsewhere = "Slurm" in launcher or "Ray" in launcher  # a scheduler that knows the machines
    given = _count(config, "trainer.threads") or (before["threads"] if before else None)
    own = _asked_for(config) if elsewhere else _limit() or cores() // jobs
    threads = int(given or max(1, own // devices))
    if launcher.endswith("BasicLauncher") and jobs > 1:
        raise UserError(f"sweep.jobs={jobs} needs a launcher that runs several: leave out hydra/launcher=basic.")
    if elsewhere:
        return Resources(jobs, threads, [])
    if gpus := _gpus(config):
        fitting = max(1, len(gpus) // devices)
        note = f"sweep.jobs={jobs} needs more than the {len(gpus)} GPUs here: {fitting} at a time."
    else:
        fitting = max(1, cores() // (threads * devices))
        note = (
            f"sweep.jobs={jobs} with {threads} threads each needs more than the {cores()} cores here: {fitting} at a"
            " time. (A trial's threads are part of it and were set when the sweep began; trainer.threads=… under"
            " another sweep.name changes them.)"
        )
    return Resources(min(jobs, fitting), threads, gpus, note if jobs > fitting else None)


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _count(config: DictConfig, option: str) -> int | None:
    """None for what is no count: that is told when the trials are checked."""
    value = OmegaConf.select(config, option)
    return int(value) if isinstance(value, (int, float)) and value >= 1 else None


def _asked_for(config: DictConfig) -> int:
    """The cores that a scheduler is asked for, a trial."""
    options = ("hydra.launcher.cpus_per_task", "hydra.launcher.ray.remote.num_cpus")
    return next(filter(None, (_count(config, option) for option in options)), 1)


def _limit() -> int | None:
    """Threads a process, where whoever starts the sweep has set them for all that OpenMP computes."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    return int(told) if told.isdecimal() and int(told) > 0 else None


def _gpus(config: DictConfig) -> list[str]:
    if OmegaConf.select(config, "trainer.accelerator") not in ("gpu", "auto") or not torch.cuda.is_available():
        return []
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return visible.split(",") if visible else [str(number) for number in range(torch.cuda.device_count())]
