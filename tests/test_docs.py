"""The API reference is built from the docstrings, without a warning."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pdoc")

ROOT = Path(__file__).parent.parent


def test_the_reference_has_a_page_for_each_module(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "build_api.py"), str(tmp_path / "api")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Warn" not in done.stdout + done.stderr
    page = (tmp_path / "api" / "lstmlab" / "trained_model.html").read_text(encoding="utf-8")
    for name in ("TrainedModel.generate", "TrainedModel.complete", "TrainedModel.surprise", "TextScore.table"):
        assert f'id="{name}"' in page
    assert "load_sweep" in (tmp_path / "api" / "lstmlab.html").read_text(encoding="utf-8")
    assert (tmp_path / "api" / "lstmlab" / "decoding.html").is_file()
