"""How the training of a trial stands, by its run directory."""

import json
from typing import Any

from lstmlab.experiment.run_directory import RunDirectory


def standing_of(place: RunDirectory, ended: str | None) -> tuple[str, str | None]:
    """completed, failed with the reason, or open: to be trained, or gone on with. One of which its watcher says how it
    ``ended`` is not open any more, whatever it died of.
    """
    status = place.status
    if place.state() == "completed" and place.summary.is_file():
        return "completed", None
    if place.state() == "failed" or ended:
        return "failed", status.get("reason") or ended or "it ended without saying why"
    return "open", None


def figure_of(place: RunDirectory) -> dict[str, Any]:
    """The summary of a training that is complete."""
    content: dict[str, Any] = json.loads(place.summary.read_text(encoding="utf-8"))
    return content
