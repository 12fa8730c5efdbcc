"""The benchmarks start, and what can be tried of them without a GPU works."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def run(tmp_path: Path, *arguments: str) -> str:
    """What a benchmark prints where torch sees no GPU."""
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / arguments[0]), *arguments[1:]],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())
    return done.stdout


@pytest.mark.parametrize("name", sorted(path.name for path in BENCHMARKS.glob("*.py")))
def test_help(tmp_path: Path, name: str) -> None:
    assert "usage:" in run(tmp_path, name, "--help")


def test_gpu_without_one_is_a_sentence(tmp_path: Path) -> None:
    said = run(tmp_path, "gpu.py")
    assert said.startswith("There is no GPU that torch can use here") and said.count("\n") == 1


def test_gpu_on_a_cpu(tmp_path: Path) -> None:
    """Layers of one width, and one of its own for each with a shared head."""
    said = run(tmp_path, "gpu.py", "--device", "cpu", "--tiny", "--sizes", "2x1024", "3x1150")
    assert "fp16 is left out" in said
    lines = [line.split() for line in said.splitlines() if " ratio " in line]
    assert [line[:2] for line in lines] == [[s, p] for s in ("2x1024", "3x1150") for p in ("tf32", "bf16")]
    for line in lines:
        assert float(line[line.index("ratio") + 1]) > 0
        assert line[-1] == "peak" and 0 < float(line[line.index("peak") - 3].rstrip("%")) < 100


@pytest.mark.slow
def test_a_training_killed_once(tmp_path: Path) -> None:
    said = run(tmp_path, "kill_and_resume.py", "--kills", "1", "trainer.max_epochs=2")
    assert said.endswith("1 of 1 equal\n")


@pytest.mark.slow
def test_a_sweep_killed_twice(tmp_path: Path) -> None:
    """The small one of the benchmark's ten kills of nine trials."""
    said = run(tmp_path, "kill_the_sweep.py", "--kills", "2", "--trials", "3", "trainer.max_epochs=2")
    assert "3 of 3 trials equal after 2 kills; finished trials trained again: 0; left behind: nothing" in said
