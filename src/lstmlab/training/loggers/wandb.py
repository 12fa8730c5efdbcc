"""The W&B logger that Lightning is given."""

from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import WandbLogger

from lstmlab.training.loggers.wandb_run import start_run


def make_wandb_logger(
    spec: dict[str, Any], config: dict[str, Any], directory: Path, run_id: str | None = None
) -> WandbLogger:
    """A logger whose W&B run is started here; see ``start_run``."""
    return WandbLogger(experiment=start_run(spec, config, directory, run_id), save_dir=str(directory))
