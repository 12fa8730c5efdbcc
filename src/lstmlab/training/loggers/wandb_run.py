"""A W&B run: offline unless a key is configured, never a prompt, never a reason to stop."""

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lstmlab.training.loggers.wandb_pieces import STEP, mend, offline_pieces, rows_not_logged

if TYPE_CHECKING:
    import wandb

log = logging.getLogger(__name__)

_FLUSH_SECONDS = 2.0  # what a kill can take from an offline run; W&B's own 15 s hold all of a short one


def start_run(spec: dict[str, Any], config: dict[str, Any], directory: Path, run_id: str | None = None) -> "wandb.Run":
    """Start a W&B run with its files inside the run directory, or go on with the one that has this id.

    ``logger.mode`` "auto" means online where a key is configured, else offline. Where the server does not answer within
    ``logger.init_timeout`` seconds the run is offline, and that is said. Offline, a run that goes on is a second piece
    with the same id; what the first one lost to a kill is logged again from metrics.csv.

    Args:
        spec: ``config["logger"]``.
        config: the whole resolved configuration.
        directory: the run directory.
        run_id: of the W&B run to go on with.
    """
    import wandb

    os.environ.setdefault("WANDB_SILENT", "true")
    mode = spec["mode"]
    if mode == "auto":
        mode = os.environ.get("WANDB_MODE") or ("online" if key_is_configured() else "offline")
    options: dict[str, Any] = {
        "project": spec["project"],
        "entity": spec["entity"],
        "name": spec["run_name"] or _drawn_by_a_sweep() or directory.name,
        "group": spec["group"],
        "tags": list(spec["tags"]),
        "dir": str(directory),
        "config": config,
        "reinit": "finish_previous",  # a second run in this process must not write into the first one's
    }
    before: list[Path] = []
    if run_id is not None:
        options |= {"id": run_id, "resume": "allow"}  # kept in the piece: uploading it appends to the run
        before = [piece for piece in offline_pieces(directory) if piece.stem == f"run-{run_id}"]
        for piece in before:
            mend(piece)
    more: dict[str, Any] = {"console": "off"}
    if "x_transaction_log_flush_interval" in wandb.Settings.model_fields:
        more["x_transaction_log_flush_interval"] = _FLUSH_SECONDS
    try:
        run = wandb.init(mode=mode, settings=wandb.Settings(init_timeout=spec["init_timeout"], **more), **options)
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
        run = wandb.init(mode="offline", settings=wandb.Settings(**more), **options)
    run.define_metric("*", step_metric=STEP)
    if run.offline and before and not any(directory.glob(f"wandb/run-*-{run_id}")):  # none of it was online
        for step, figures in rows_not_logged(directory / "metrics.csv", before):
            run.log({**figures, STEP: step})
    return run


def key_is_configured() -> bool:
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


def _drawn_by_a_sweep() -> str | None:
    """``seq_length=16,seed=1`` from what a W&B sweep's agent drew for this run; None outside a sweep."""
    drawn = os.environ.get("WANDB_SWEEP_PARAM_PATH")
    if not os.environ.get("WANDB_SWEEP_ID") or not drawn or not Path(drawn).is_file():
        return None
    import yaml

    values = yaml.safe_load(Path(drawn).read_text(encoding="utf-8"))
    named = {name.rpartition(".")[2]: entry["value"] for name, entry in values.items() if isinstance(entry, dict)}
    return ",".join(f"{name}={value}" for name, value in named.items()) or None
