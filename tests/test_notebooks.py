"""The notebooks, from start to end, and what is committed of them."""

import re
import shutil
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty directory: its first cells train what it needs."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    place = Path(shutil.copy(path, tmp_path / path.name))
    notebook = nbformat.read(place, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=200, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()  # raises at the first error
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    committed = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    for cell, kept in zip(cells, committed, strict=True):
        assert [kind(one) for one in cell.outputs] == [kind(one) for one in kept.outputs], cell.source
        assert not any(one.get("name") == "stderr" for one in cell.outputs), cell.outputs


def kind(output: dict) -> tuple[str, ...]:  # type: ignore[type-arg]
    return (output["output_type"], *sorted(output.get("data", {})))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_committed_shows_something_and_no_place(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and not cell.source.startswith("%%capture")]
    assert code and all(cell.outputs or cell.source.startswith(("import", "from")) for cell in code)
    assert not any(one.output_type == "error" for cell in code for one in cell.outputs)
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/(home|root|work|tmp|Users)/", text)
    assert "image/png" in text and "text/html" in text
