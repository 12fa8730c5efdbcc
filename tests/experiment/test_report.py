"""lstmlab report as it is called, on trainings that were really made."""

import csv
import json
import shutil
from pathlib import Path

import pytest
import yaml

from lstmlab.cli import main
from lstmlab.errors import UserError
from lstmlab.experiment.report import wandb_report_of
from lstmlab.overrides import as_typed
from lstmlab.reports.sweep import find, load_sweep


@pytest.fixture(scope="module")
def sweep(trained_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep.yaml over copies of one finished training and of one that failed."""
    root = tmp_path_factory.mktemp("report") / "sweeps" / "dropout"
    config = yaml.safe_load((trained_run / "config.yaml").read_text())
    trials = []
    for dropout in (0.0, 0.5):
        for seed in (1, 2):
            name = f"dropout={dropout},seed={seed}"
            shutil.copytree(trained_run, root / name)
            config["model"]["dropout"], config["seed"] = dropout, seed
            (root / name / "config.yaml").write_text(yaml.safe_dump(config))
            trials.append({"name": name, "options": {"model.dropout": dropout, "seed": seed}, "path": name})
    failed = root / "dropout=0.5,seed=2"
    status = json.loads((failed / "status.json").read_text())
    (failed / "status.json").write_text(json.dumps(status | {"status": "failed", "reason": "MemoryError: no more"}))
    content = {
        "lstmlab": "0.1.0", "name": "dropout", "options": {"model.dropout": [0.0, 0.5], "seed": [1, 2]}, "choose": {},
        "base": config, "trials": trials,
    }  # fmt: skip
    (root / "sweep.yaml").write_text(yaml.safe_dump(content))
    return root


def test_a_report(sweep: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(sweep.parent.parent)
    assert main(["report", "path=sweeps/dropout"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "model.dropout: " in said and "one pair tells nothing of chance" in said
    assert "dropout=0.5,seed=2: failed, MemoryError: no more" in said
    assert said.endswith("Report: sweeps/dropout/report.html")
    for name in ("report.html", "report.md", "results.csv", "results.json", "results.tex"):
        assert (sweep / name).stat().st_size > 500, name
    assert {path.name for path in (sweep / "report").iterdir()} >= {"effect-model.dropout.png", "curves.png"} or {
        path.name for path in (sweep / "report").iterdir()
    } >= {"effect-model.dropout.png", "curves-model.dropout.png"}
    summary = json.loads((sweep / "dropout=0.0,seed=1" / "summary.json").read_text())
    with (sweep / "results.csv").open(encoding="utf-8") as file:
        first = next(csv.DictReader(file))
    assert float(first["test/bits_per_char"]) == summary["test/bits_per_char"]
    assert {path.name for path in Path("sweeps").iterdir()} == {"dropout"} and not Path("outputs").exists()


def test_a_run_of_its_own_and_a_list(
    trained_run: Path, sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names of runs hold commas and equal signs."""
    run = sweep / "dropout=0.5,seed=1"
    assert main(["report", f"path={run}", f"out={tmp_path / 'one'}"]) == 0
    assert "with one seed" in " ".join(capsys.readouterr().out.split())
    assert (
        main(["report", f"path=[{trained_run},{run},{sweep / 'dropout=0.0,seed=1'}]", f"out={tmp_path / 'all'}"]) == 0
    )
    found = json.loads((tmp_path / "all" / "results.json").read_text())
    assert found["options"] == {"model.dropout": [0.0, 0.5]} and len(found["trials"]) == 3


def test_path_is_text_or_a_list() -> None:
    assert as_typed(["path=sweeps/a=1,b=2"]) == ["path='sweeps/a=1,b=2'"]
    assert as_typed(["path=[sweeps/a,outputs/b]"]) == ["path=[sweeps/a,outputs/b]"]


def refusal(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["report", *words]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("lstmlab: ") and len(said.err.splitlines()) == 1
    return said.err


def test_bad_input(
    sweep: Path, trained_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sweep.parent.parent)
    assert "path is missing" in (said := refusal([], capsys)) and "There is sweeps/dropout." in said
    assert "Did you mean sweeps/dropout?" in refusal(["path=sweeps/dropuot"], capsys)
    assert "neither a sweep nor a run" in refusal([f"path={tmp_path}"], capsys)
    assert "set out=DIRECTORY" in refusal([f"path=[sweeps/dropout,{trained_run}]"], capsys)
    assert "path" in refusal(["pathh=sweeps/dropout"], capsys)
    (tmp_path / "sweep.yaml").write_text("method: bayes\n")
    assert "no sweep of lstmlab's" in refusal([f"path={tmp_path}"], capsys)


def test_nothing_heavy_before_the_job_is_known() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from lstmlab.cli import main; main(['report', '--help']);"
        "print([name for name in ('plotly', 'scipy', 'optuna', 'matplotlib', 'torch') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.endswith("[]\n") and "path=null # a sweep's directory" in said


def test_the_w_and_b_report_is_of_the_runs_of_the_sweep(sweep: Path, tmp_path: Path) -> None:
    """Built without a server, to what would be sent."""
    place = tmp_path / "logged"
    shutil.copytree(sweep, place)
    for path in place.glob("*/config.yaml"):
        config = yaml.safe_load(path.read_text())
        config["logger"] = {"name": "wandb", "project": "novels", "entity": "us", "group": "dropout"}
        path.write_text(yaml.safe_dump(config))
    report = wandb_report_of(find(load_sweep([place])))
    told = json.dumps(report._to_model().model_dump(mode="json"), ensure_ascii=False)
    assert report.project == "novels" and report.entity == "us" and report.title == "dropout"
    assert "model.dropout" in told and "bits a character" in told and '"dropout"' in told
    with pytest.raises(UserError, match="none of these was logged with logger=wandb"):
        wandb_report_of(find(load_sweep([sweep])))


def test_publishing_without_a_key_is_a_sentence(
    sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", f"path={sweep}", f"out={tmp_path}", "publish=true"]) == 2
    assert "publish=true needs runs of one W&B project" in capsys.readouterr().err
    assert (tmp_path / "report.html").is_file()
