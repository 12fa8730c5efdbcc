"""The files for programs and papers say what the report says."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from lstmlab.reports.sweep import find, load_sweep, write_report
from lstmlab.reports.sweep.choices import choices_of
from lstmlab.reports.sweep.exports import latex
from lstmlab.reports.sweep.tables import duration


def write(path: Path, out: Path) -> Path:
    write_report(find(load_sweep(path)), out)
    return out


def test_csv_has_a_row_for_every_trial(seq_sweep: Path, tmp_path: Path) -> None:
    with (write(seq_sweep, tmp_path / "out") / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 32
    assert {row["role"] for row in rows} == {"trial", "choice"}
    one = next(row for row in rows if row["trial"] == "seq_length=64,seed=2")
    summary = json.loads((seq_sweep / "seq_length=64,seed=2" / "summary.json").read_text())
    assert (one["data.seq_length"], one["optim.lr"], one["seed"], one["steps"]) == ("64", "0.004", "2", "40")
    assert float(one["val/bits_per_char"]) == summary["val/bits_per_char"]
    failed = next(row for row in rows if row["state"] == "failed")
    assert failed["reason"] == "OutOfMemoryError: <4 GB> & more" and failed["val/bits_per_char"] == ""


def test_json_has_everything(seq_sweep: Path, tmp_path: Path) -> None:
    findings = find(load_sweep(seq_sweep))
    write_report(findings, tmp_path)
    found = json.loads((tmp_path / "results.json").read_text(), parse_constant=pytest.fail)  # no NaN
    assert found["sentences"] == list(findings.sentences)
    assert [arm["options"]["data.seq_length"] for arm in found["arms"]] == [16, 32, 64, 128]
    assert [len(arm["seeds"]) for arm in found["arms"]] == [4, 5, 5, 4]
    (effect,) = found["effects"]
    assert len(effect["comparisons"]) == 6
    one = effect["comparisons"][0]
    a, b = (next(level for level in effect["levels"] if str(level["value"]) == one[side]) for side in "ab")
    common = a["by_seed"].keys() & b["by_seed"].keys()
    assert len(common) == one["pairs"]
    assert one["difference"] == pytest.approx(sum(a["by_seed"][s] - b["by_seed"][s] for s in common) / len(common))
    assert one["interval"]["low"] < one["difference"] < one["interval"]["high"]
    assert {problem["state"] for problem in found["problems"]} == {"failed", "missing"}


def test_values_that_break_what_is_not_careful(hard_sweep: Path, tmp_path: Path) -> None:
    out = write(hard_sweep, tmp_path / "out")
    tex = (out / "results.tex").read_text(encoding="utf-8")
    assert r"50\% of \$x\_1\$ \& \{y\}|z" in tex and "结巴分词" in tex
    body = [line for line in tex.splitlines() if line.endswith(r"\\")]
    columns = re.search(r"begin\{tabular\}\{([lr]+)\}", tex)
    assert columns and all(len(re.findall(r"(?<!\\)&", line)) == len(columns[1]) - 1 for line in body)
    assert sum(r"\textbf" in line for line in body) == 1
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    text = (out / "report.md").read_text(encoding="utf-8")
    assert r"50% of \$x_1\$ & {y}\|z" in text and "\\<script>" in text
    assert all((out / link).is_file() for link in re.findall(r"!\[.*\]\(<?(.*?)>?\)", text))


def test_latex_of_signs() -> None:
    assert latex(r"a\b~^[x]") == r"a\textbackslash{}b\textasciitilde{}\textasciicircum{}{[}x{]}"


def test_markdown(seq_sweep: Path, tmp_path: Path) -> None:
    findings = find(load_sweep(seq_sweep))
    write_report(findings, tmp_path)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert text.startswith("# seq_length\n\n**data.seq_length") and findings.sentences[0] in text
    assert "OutOfMemoryError" in text and "never started" in text
    assert "| **128** |" in text or "| **64** |" in text
    assert "(report/effect-data.seq_length.png)" in text and "(report/curves-data.seq_length.png)" in text


def test_the_same_again(seq_sweep: Path, tmp_path: Path) -> None:
    """Every file, byte by byte; and pictures of an earlier report that no longer belong there are gone."""
    first, second = write(seq_sweep, tmp_path / "a"), tmp_path / "b"
    (second / "report").mkdir(parents=True)
    (second / "report" / "effect-old.png").write_bytes(b"")
    (second / "report" / "mine.png").write_bytes(b"")
    write(seq_sweep, second)
    files = {path.relative_to(first) for path in first.rglob("*") if path.is_file()}
    assert {path.relative_to(second) for path in second.rglob("*") if path.is_file()} == files | {
        Path("report/mine.png")
    }
    assert [name for name in files if (first / name).read_bytes() != (second / name).read_bytes()] == []


def test_choices(seq_sweep: Path) -> None:
    findings = find(load_sweep(seq_sweep))
    choices = {choice.arm.name: choice for choice in findings.choices}
    assert list(choices) == ["16", "32", "64", "128"]
    tried = [(one.values["optim.lr"], one.chosen) for one in choices["128"].candidates]
    assert tried == [(0.002, True), (0.004, False), (0.008, False)]
    assert choices["128"].edges == {"optim.lr": "lowest"} and choices["64"].edges == {}
    assert choices["128"].chosen is not None and choices["128"].chosen.bits == pytest.approx(1.999)
    (note,) = [note for note in findings.notes if "edge" in note]
    assert "128 took the lowest (0.002)" in note and "64" not in note


def test_trials_for_a_choice_take_no_part(seq_sweep: Path) -> None:
    sweep = load_sweep(seq_sweep)
    assert all(trial.seed != 0 for arm in find(sweep).arms for trial in arm.trials)


def test_nothing_chosen(grid_sweep: Path) -> None:
    sweep = load_sweep(grid_sweep)
    assert choices_of(sweep, find(sweep).arms) == []


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "–"), (3.21, "3.2 s"), (245, "4 min 5 s"), (7380, "2 h 3 min"), (59.97, "60.0 s")]
)
def test_durations(seconds: Any, text: str) -> None:
    assert duration(seconds) == text
