"""Imports go down only, and the heavy ones stay where the design puts them."""

import ast
import sys
from pathlib import Path

import lstmlab

SOURCE = Path(lstmlab.__file__).parent

# Each package may import from those named; within itself always. errors, targets, nearest are below everything.
ALLOWED = {
    "text": set(),
    "data": {"text"},
    "nn": set(),
    "models": {"nn"},
    "decoding": {"models", "nn"},
    "training": {"data", "text", "models", "decoding", "nn", "evaluation"},
    "evaluation": {"data", "text", "models", "decoding", "nn", "training"},
    "exporting": {"training", "models", "nn", "text"},
    "reports": {"training", "evaluation", "data", "text", "models"},
    "experiment": {"exporting", "reports", "training", "evaluation", "models", "decoding", "nn", "data", "text"},
}
HEAVY = {
    "hydra": {"experiment", "cli", "overrides", "completion"},
    "omegaconf": {"experiment", "cli", "overrides", "completion"},
    "pytorch_lightning": {"training", "data", "experiment"},
    "lightning_fabric": {"training", "experiment"},
    "wandb": {"training", "reports"},
    "torch": {
        "data",
        "nn",
        "models",
        "decoding",
        "training",
        "evaluation",
        "experiment",
        "exporting",
        "loading",
        "trained_model",
    },
}


def imports_of(path: Path) -> set[str]:
    """Dotted names of everything that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def place_of(path: Path) -> str:
    """The package that a file is in, or its own name at the top."""
    relative = path.relative_to(SOURCE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def test_imports_go_down_only() -> None:
    packages = {folder.name for folder in SOURCE.iterdir() if folder.is_dir()}
    wrong = []
    for path in SOURCE.rglob("*.py"):
        place = place_of(path)
        if place not in ALLOWED:
            continue
        for name in imports_of(path):
            parts = name.split(".")
            if parts[0] != "lstmlab" or len(parts) < 2 or parts[1] not in packages:
                continue
            if parts[1] != place and parts[1] not in ALLOWED[place]:
                wrong.append(f"{path.relative_to(SOURCE)} imports {name}")
    assert not wrong, wrong


def test_every_package_is_placed() -> None:
    folders = {folder.name for folder in SOURCE.iterdir() if folder.is_dir() and any(folder.glob("*.py"))}
    assert folders == set(ALLOWED)


def test_heavy_libraries_stay_in_their_places() -> None:
    wrong = [
        f"{path.relative_to(SOURCE)} imports {name}"
        for path in SOURCE.rglob("*.py")
        for name in imports_of(path)
        if (library := name.split(".")[0]) in HEAVY and place_of(path) not in HEAVY[library]
    ]
    assert not wrong, wrong


def test_lightning_and_hydra_have_no_part_in_the_model() -> None:
    for package in ("nn", "models", "decoding"):
        for path in (SOURCE / package).rglob("*.py"):
            roots = {name.split(".")[0] for name in imports_of(path)}
            assert roots - sys.stdlib_module_names <= {"torch", "lstmlab"}, path
