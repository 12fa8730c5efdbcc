"""lstmlab report: what a sweep found, as pages, tables and pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig
from rich.console import Console

from lstmlab.errors import UserError
from lstmlab.experiment.configuration import plain_config
from lstmlab.reports.sweep import Findings, find, load_sweep, write_report
from lstmlab.reports.sweep.tables import arms_table
from lstmlab.reports.sweep.terminal import print_findings
from lstmlab.reports.wandb_report import build_wandb_report, publish

if TYPE_CHECKING:
    from wandb_workspaces.reports.v2.interface import Report


def run(composed: DictConfig) -> Findings:
    """The job. Writes into ``out``, or into the one directory that was named.

    Raises:
        UserError: ``path`` names nothing, or nothing finished; several were named without ``out``.
    """
    config = plain_config("report", composed)
    paths = _paths(config["path"])
    out = Path(config["out"]).expanduser() if config["out"] else _own_place(paths)
    findings = find(load_sweep(paths))
    written = write_report(findings, out)
    console = Console(highlight=False)
    print_findings(findings, console)
    console.print(f"Report: {written.html}", markup=False, soft_wrap=True)
    if config["publish"]:
        console.print(f"On W&B: {publish(wandb_report_of(findings))}", markup=False, soft_wrap=True)
    return findings


def wandb_report_of(findings: Findings) -> "Report":
    """The findings as a W&B Report on the runs they are from.

    Raises:
        UserError: none of them was logged to W&B, or they are in several projects.
    """
    loggers = [dict(trial.config.get("logger", {})) for trial in findings.sweep.trials]
    logged = [logger for logger in loggers if logger.get("name") == "wandb"]
    places = {(logger["entity"], logger["project"]) for logger in logged}
    if len(places) != 1:
        raise UserError(
            "publish=true needs runs of one W&B project; "
            + ("none of these was logged with logger=wandb." if not places else "these are in several: report on each.")
        )
    (entity, project) = places.pop()
    table = arms_table(findings)
    return build_wandb_report(
        title=findings.sweep.name,
        sentences=findings.sentences,
        rows=[dict(zip(table.headers, row, strict=True)) for row in table.rows],
        project=project,
        entity=entity,
        groups=sorted({logger["group"] for logger in logged if logger.get("group")}),
        options=list(findings.sweep.options),
    )


def _paths(named: Any) -> list[Path]:
    """The directories behind ``path=``. A run's name has commas, which separate the entries of a list as well."""
    if not named:
        there = sorted(str(place.parent) for place in Path("sweeps").glob("*/sweep.yaml"))
        hint = f" There is {', '.join(there[:8])}." if there else ""
        raise UserError(f"path is missing: name a sweep's directory or a run's, or a list of them, path=[a,b].{hint}")
    parts = [part for one in (named if isinstance(named, list) else [named]) for part in _parts(str(one))]
    found: list[Path] = []
    while parts:
        lengths = range(len(parts), 0, -1)  # the longest that is there
        count = next((n for n in lengths if _place(parts[:n]).exists()), 1)
        found.append(_place(parts[:count]))
        parts = parts[count:]
    return found


def _parts(text: str) -> list[str]:
    return text.split(",") if "," in text and not Path(text).expanduser().exists() else [text]


def _place(parts: list[str]) -> Path:
    return Path(",".join(parts)).expanduser()


def _own_place(paths: list[Path]) -> Path:
    if len(paths) > 1:
        raise UserError("path names several directories, and the report needs one of its own: set out=DIRECTORY.")
    return paths[0] if not paths[0].is_file() else paths[0].parent
