"""The API reference, from the docstrings: ``python docs/build_api.py DIRECTORY``."""

import sys
from pathlib import Path

import pdoc

import lstmlab

MODULES = [
    "lstmlab", "lstmlab.loading", "lstmlab.trained_model", "lstmlab.generation", "lstmlab.decoding", "lstmlab.nn",
    "lstmlab.models", "lstmlab.text", "lstmlab.text.tokenizer", "lstmlab.data", "lstmlab.training.module",
    "lstmlab.evaluation.dynamic", "lstmlab.evaluation.neural_cache", "lstmlab.evaluation.scoring",
    "lstmlab.exporting.write", "lstmlab.reports.sweep", "lstmlab.reports.inspection", "lstmlab.errors",
]  # fmt: skip


def build(directory: Path) -> list[Path]:
    """Write a page for each module; gives the pages."""
    for name in lstmlab.__all__:  # imported when first used, which the reference must not wait for
        setattr(lstmlab, name, getattr(lstmlab, name))
    pdoc.render.configure(docformat="google", footer_text=f"lstmlab {lstmlab.__version__}")
    pdoc.pdoc(*MODULES, output_directory=directory)
    return sorted(directory.rglob("*.html"))


if __name__ == "__main__":
    print(f"{len(build(Path(sys.argv[1])))} pages: {Path(sys.argv[1]) / 'index.html'}")
