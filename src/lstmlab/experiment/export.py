"""lstmlab export: a trained model as a folder of its own."""

from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console

from lstmlab.errors import UserError
from lstmlab.experiment.building import quieten
from lstmlab.experiment.configuration import plain_config
from lstmlab.experiment.latest import named_run
from lstmlab.exporting.onnx_graphs import onnx_packages
from lstmlab.exporting.write import check_destination, write_export
from lstmlab.loading import load


def run(composed: DictConfig) -> Path:
    """The job. Gives the folder."""
    quieten()
    config = plain_config("export", composed)
    if config["out"] is None:
        raise UserError("out is missing: name the folder that the model is exported to.")
    out = Path(config["out"]).expanduser()
    check_destination(out, config["overwrite"])
    if config["onnx"]:
        onnx_packages()
    model = load(named_run(config["run"]), checkpoint=config["checkpoint"])
    checks = write_export(model, out, onnx=config["onnx"], overwrite=config["overwrite"])
    console = Console(highlight=False)
    for path in sorted(out.iterdir()):
        console.print(f"{path}  {path.stat().st_size / 1e6:,.2f} MB", markup=False, soft_wrap=True)
    for check in checks:
        console.print(f"largest difference of a logit, {check.sentence()}", style="dim", markup=False, soft_wrap=True)
    return out
