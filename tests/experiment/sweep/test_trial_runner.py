"""When a trial is told to stop."""

import subprocess
import sys
from pathlib import Path

OUTLIVES = """
import os, pathlib, time
from lstmlab.experiment.sweep.trial_runner import Asked
before = os.getppid()
pathlib.Path("ready").touch()
while os.getppid() == before:
    time.sleep(0.01)
print(Asked(worker=False).orphaned(), Asked(worker=True).orphaned(), flush=True)
"""


def test_a_sweep_outlives_its_shell_and_a_worker_does_not_outlive_its_sweep(tmp_path: Path) -> None:
    """As under nohup; and a worker that has trials in its queue yet trains none of them."""
    (tmp_path / "outlives.py").write_text(OUTLIVES)
    shell = f"'{sys.executable}' outlives.py & until [ -e ready ]; do sleep 0.05; done"
    said = subprocess.run(["sh", "-c", shell], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120)
    assert said.stdout == "False True\n", said.stderr
