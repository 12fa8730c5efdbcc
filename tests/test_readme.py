"""What the README shows works as it stands there; trainings are only made short."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from lstmlab.cli import JOBS, main
from lstmlab.conf_path import conf_directory
from lstmlab.experiment.compose import compose_job

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
# A sweep compares validation figures, which the debugging configs leave out.
SWEEP = ["trainer.max_steps=2", "logger=csv", "data.seq_length=8", "data.batch_size=4", "callbacks.samples.tokens=0"]
SHORT = ["debug=step", "logger=csv", "model.num_layers=1", "data.seq_length=8", "data.batch_size=4"]


def blocks(language: str) -> list[str]:
    """The code blocks marked so. All blocks are matched, or the end of one would pass for the beginning of another."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    return [text for marked, text in found if marked == language]


def commands() -> list[list[str]]:
    """Every ``lstmlab …`` line of the unmarked code blocks, as a shell splits it."""
    lines = [line.partition("  #")[0] for block in blocks("") for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("lstmlab ")]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a text of one's own and the README's own classes and configs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_novels").mkdir()
    (tmp_path / "my_novels" / "one.txt").write_text("It was a dark night, and the wind rose.\n" * 200, encoding="utf-8")
    (tmp_path / "prompts.txt").write_text("It was\nThe wind\n", encoding="utf-8")
    (tmp_path / "novels").mkdir()
    tale = "　　郭靖道：“话说天下大势，分久必合，合久必分。”\r\n　　黄蓉听了，只是微笑。\r\n" * 40
    for name in ("射雕英雄传", "神雕侠侣"):
        (tmp_path / "novels" / f"{name}.txt").write_bytes(tale.encode("gb18030"))
    (tmp_path / "novels" / "inf.txt").write_bytes("射雕英雄传,神雕侠侣".encode("gb18030"))
    for block in [*blocks("python"), *blocks("yaml")]:
        if match := re.match(r"# (\S+\.(?:py|yaml))\n", block):
            path = tmp_path / match[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block, encoding="utf-8")
    return tmp_path


def test_every_command(workplace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(workplace))
    ran = []
    for words in commands():
        if "…" in " ".join(words) or ("experiment=time_machine" in words and not os.environ.get("LSTMLAB_DATA")):
            continue
        several = words[0] in ("tune", "wandb-sweep") or "-m" in words or "sweep=" in " ".join(words)
        options = SWEEP if several else SHORT if words[0] == "train" else []
        short = [option for option in options if option.partition("=")[0] not in " ".join(words)]
        assert main([*words, *short]) == 0, (words, capsys.readouterr().err)
        ran.append(words[0])
    assert set(ran) == set(JOBS)
    assert len((workplace / "sweeps" / "hidden_size" / "trials.csv").read_text().splitlines()) == 1 + 2 * 2 + 2 * 3
    assert (workplace / "page.txt").is_file() and (workplace / "article.txt").is_file()


def test_the_notebooks_lines(workplace: Path) -> None:
    """The lines for a notebook, in a process of their own, with the training made short."""
    assert main(["train", "data=text", "data.path=my_novels/", "hydra.run.dir=outputs/mine", *SHORT]) == 0
    (code,) = (block for block in blocks("python") if "lstmlab.load(" in block)
    shortened = code.replace('["data=time_machine", ', '["data=sample", "debug=step", "logger=csv", ')
    assert shortened != code
    done = subprocess.run([sys.executable, "-c", shortened], cwd=workplace, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_jobs_choices_and_experiments_are_all_named() -> None:
    for job in JOBS:
        assert f"`lstmlab {job}" in README
    for group in (
        "data",
        "tokenizer",
        "model",
        "attention",
        "averaging",
        "callbacks",
        "head",
        "optim",
        "schedule",
        "trainer",
        "logger",
        "decoding",
        "experiment",
        "debug",
        "sweep",
    ):
        for path in (conf_directory() / group).glob("[!_]*.yaml"):
            assert f"`{path.stem}`" in README, f"{group}={path.stem}"


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("demo", "test", "lint", "install", "notebooks", "docs"):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)


def test_the_picture_and_no_placeholder() -> None:
    assert (ROOT / "docs" / "learning_curve.png").stat().st_size > 10_000
    assert not re.search(r"@[A-Z_]+@|_ROW|@@", README)


def test_constraints_pin_every_dependency_exactly() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==\S+", (ROOT / "constraints.txt").read_text(), flags=re.MULTILINE)
    names = {name.lower().replace("_", "-") for name in pinned}
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    for requirement in wanted:
        assert re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower().replace("_", "-") in names, requirement  # type: ignore[index]


def test_ci_runs_the_tests() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text(encoding="utf-8")


def test_the_studies_are_what_the_readme_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their commands, not run: the arms and what they choose, and that the sweeps differ in what they vary alone."""
    corpora = os.environ.get("LSTMLAB_DATA")
    if not corpora:
        pytest.skip("LSTMLAB_DATA names no folder with the published corpora")
    monkeypatch.chdir(tmp_path)
    lines = [line for block in blocks("sh") for line in block.splitlines() if "time_machine_ablation" in line]
    assert [re.search(r"sweep=(\w+)", line)[1] for line in lines] == ["seq_length", "layers", "dropout"]  # type: ignore[index]
    assert len({re.sub(r"sweep=\w+", "", line) for line in lines}) == 1
    for line in lines:
        composed = compose_job("train", [word for word in shlex.split(line)[2:] if not word.startswith("sweep.choose")])
        assert composed[0].sweep.options.seed == [1, 2, 3, 4, 5]
