"""The sweeper of ``lstmlab train -m``, ``tune`` and ``wandb-sweep``.

Hydra takes a sweeper from below ``hydra_plugins`` only.
"""

from typing import Any

from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class TrialSweeper(Sweeper):
    """Trials that are never trained twice, in processes of their own: see ``lstmlab.experiment.sweep``.

    Hydra imports every sweeper that it finds at each of its starts, so this one imports nothing before it is used.

    Args:
        params: options and their values, ``{"seed": "1,2,3"}``, as of Hydra's own sweeper.
        max_batch_size: of Hydra's own sweeper, whose options stay beside these; it must be null.
    """

    def __init__(self, max_batch_size: int | None = None, params: dict[str, str] | None = None) -> None:
        self._params = dict(params or {})
        self._max_batch_size = max_batch_size

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self._context, self._config = hydra_context, config

    def sweep(self, arguments: list[str]) -> Any:
        from lstmlab.errors import UserError

        if self._max_batch_size is not None:
            raise UserError(
                "hydra.sweeper.max_batch_size has no use here; sweep.jobs says how many trials run at once."
            )
        typed = [f"{k}={v}" for k, v in self._params.items()] + arguments
        if self._config.hydra.job.name == "tune":
            from lstmlab.experiment.tune import run_tuning

            return run_tuning(self._context, self._config, typed)
        if self._config.hydra.job.name == "wandb-sweep":
            from lstmlab.experiment.wandb_sweep_job import run_wandb_sweep

            return run_wandb_sweep(self._context, self._config, typed)
        from lstmlab.experiment.sweep.sweeping import run_sweep

        return run_sweep(self._context, self._config, typed)
