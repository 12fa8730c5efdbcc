"""lstmlab report: what a sweep found, as pages, tables and pictures."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console

from lstmlab.errors import UserError
from lstmlab.experiment.configuration import plain_config
from lstmlab.reports.sweep import Findings, find, load_sweep, write_report
from lstmlab.reports.sweep.terminal import print_findings


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
    return findings


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
