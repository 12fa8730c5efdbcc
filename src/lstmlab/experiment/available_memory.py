"""How much memory is free, here and now."""

from pathlib import Path
from typing import Any

import psutil
import torch


def available_memory(accelerator: str) -> float | None:
    """Free bytes where ``trainer.accelerator`` puts a model: of the GPU, else of this machine or of what its control
    group leaves of it. None where nobody can tell (Apple's GPUs share the memory with all).
    """
    if accelerator != "cpu" and torch.cuda.is_available():
        return float(torch.cuda.mem_get_info()[0])
    if accelerator != "cpu" and torch.backends.mps.is_available():
        return None
    return min(float(psutil.virtual_memory().available), _left_by_control_groups())


def _left_by_control_groups(processes: Path = Path("/proc/self/cgroup"), root: Path = Path("/sys/fs/cgroup")) -> float:
    """What the control groups of this process, those of containers and batch systems, still allow; else infinity."""
    left = [float("inf")]
    try:
        lines = processes.read_text(encoding="utf-8").splitlines()
    except OSError:
        return left[0]
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if controllers == "":  # version 2
            place, names = root, ("memory.max", "memory.current", "")
        elif "memory" in controllers.split(","):
            place, names = root / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_")
        else:
            continue
        folder = Path(group.strip("/"))
        left += [_left_in(place / above, *names) for above in (folder, *folder.parents)]  # each limits those below it
    return min(left)


def _left_in(group: Path, limit: str, usage: str, prefix: str) -> float:
    try:
        most = float((group / limit).read_text())
        used = float((group / usage).read_text())
        stat: dict[str, Any] = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):  # no such group in this container, or "max": no limit
        return float("inf")
    # The cache of files gives way, also where it was read twice and counts as active.
    return most - used + sum(float(stat.get(f"{prefix}{kind}_file", 0)) for kind in ("inactive", "active"))
