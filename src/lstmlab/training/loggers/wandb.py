"""Weights & Biases: offline unless a key is configured, never a prompt, never a reason to stop."""

import logging
import os
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import WandbLogger

log = logging.getLogger(__name__)


def make_wandb_logger(
    spec: dict[str, Any], config: dict[str, Any], directory: Path, run_id: str | None = None
) -> WandbLogger:
    """A logger whose W&B run is started here, its files inside the run directory.

    ``logger.mode`` "auto" means online where a key is configured, else offline. Where the server does not answer within
    ``logger.init_timeout`` seconds training goes on offline and says so.
    """
    import wandb

    os.environ.setdefault("WANDB_SILENT", "true")
    mode = spec["mode"]
    if mode == "auto":
        mode = os.environ.get("WANDB_MODE") or ("online" if _key_is_configured() else "offline")
    options: dict[str, Any] = {
        "project": spec["project"],
        "entity": spec["entity"],
        "name": spec["run_name"] or directory.name,
        "group": spec["group"],
        "tags": list(spec["tags"]),
        "dir": str(directory),
        "config": config,
        "reinit": "finish_previous",  # a second run in this process must not write into the first one's
    }
    if run_id is not None:
        options |= {"id": run_id, "resume": "allow"}
    settings = wandb.Settings(init_timeout=spec["init_timeout"], console="off")
    try:
        run = wandb.init(mode=mode, settings=settings, **options)
    except (
        wandb.errors.CommError,
        wandb.errors.AuthenticationError,
        wandb.errors.UsageError,
        TimeoutError,
    ) as error:
        if mode == "offline":
            raise
        log.warning("W&B cannot be reached (%s); this run is logged offline.", str(error).splitlines()[0])
        wandb.teardown()
        run = wandb.init(mode="offline", settings=wandb.Settings(console="off"), **options)
    run.define_metric("*", step_metric="trainer/global_step")
    return WandbLogger(experiment=run, save_dir=str(directory))


def _key_is_configured() -> bool:
    """In the environment or in the netrc file; looked up without asking anybody."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    import netrc

    host = os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai").split("://")[-1].split("/")[0].split(":")[0]
    for name in (os.environ.get("NETRC"), "~/.netrc", "~/_netrc"):
        if name and (path := Path(name).expanduser()).is_file():
            try:
                return netrc.netrc(str(path)).authenticators(host) is not None
            except (netrc.NetrcParseError, OSError):
                continue
    return False
