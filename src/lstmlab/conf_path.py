"""Where the configs are."""

from pathlib import Path


def conf_directory() -> Path:
    """``conf/``: inside the installed package, or at the top of a checkout that is installed as editable."""
    installed = Path(__file__).parent / "conf"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "conf"


def config_name(job: str) -> str:
    """The config of a job: several trainings are configured as one is."""
    return "train" if job in ("tune", "wandb-sweep") else job
