"""Completion, asked for as a shell asks: each shell runs for real, on a terminal of its own."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lstmlab.cli import main

ENVIRONMENT = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "TERM": "dumb"}

# The installed function called as bash calls it: COMP_WORDS and COMP_CWORD by the words, COMPREPLY printed.
BASH = """
eval "$(lstmlab -sc install=bash)"
complete -p lstmlab >&2
COMP_LINE="$1" COMP_POINT=${#1}
COMP_WORDS=($1)
[[ "$1" == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
hydra_bash_completion
printf '%s\\n' "${COMPREPLY[@]}"
"""


def in_bash(line: str, place: Path) -> list[str]:
    done = subprocess.run(
        ["bash", "--norc", "-c", BASH, "bash", line], env=ENVIRONMENT, cwd=place, text=True, capture_output=True
    )
    assert "-F hydra_bash_completion" in done.stderr and "Traceback" not in done.stderr
    return done.stdout.split()


def test_bash_completes_jobs_groups_options_and_paths(tmp_path: Path) -> None:
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "one.txt").touch()
    assert in_bash("lstmlab tr", tmp_path) == ["train"]
    assert in_bash("lstmlab train data=t", tmp_path) == ["data=text", "data=time_machine", "data=tiny_shakespeare"]
    assert in_bash("lstmlab train model.num_l", tmp_path) == ["model.num_layers="]
    assert in_bash("lstmlab train data=text data.path=bo", tmp_path) == ["data.path=books/"]
    assert in_bash("lstmlab train data=text data.path=books/", tmp_path) == ["data.path=books/one.txt"]


def asked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str) -> list[str]:
    monkeypatch.setenv("COMP_LINE", line)
    monkeypatch.setenv("COMP_POINT", str(len(line)))
    assert main(["-sc", "query=bash"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out.split()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "lstmlab ",
            {
                "prepare",
                "train",
                "tune",
                "wandb-sweep",
                "evaluate",
                "generate",
                "surprise",
                "novelty",
                "export",
                "report",
            },
        ),
        ("lstmlab trian model", set()),
        ("lstmlab train data=text data.p", {"data.path="}),
        ("lstmlab train +nonsense=( prompt=天 data=te", {"data=text"}),  # what Hydra refuses does not stop the rest
        ("lstmlab generate decoding.te", {"decoding.temperature="}),
        ("lstmlab tune sweep.tri", {"sweep.trial=", "sweep.trials="}),
        ("lstmlab generate decoding=greedy decoding.te", set()),
        ("lstmlab train model.dropout=(", set()),
    ],
)
def test_candidates(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str, expected: set[str]
) -> None:
    assert set(asked(monkeypatch, capsys, line)) == expected


def test_configs_that_others_extend_are_no_choices_and_own_ones_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine.yaml").write_text("defaults: [text, _self_]\n")
    found = asked(monkeypatch, capsys, f"lstmlab train --config-dir {tmp_path} data=")
    assert "data=mine" in found and "data=sample" in found and not any("=_" in choice for choice in found)


@pytest.mark.parametrize("words", [["-sc"], ["-sc", "install=bsh"], ["-sc", "instal=bash"]])
def test_misspelt_requests(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main(words) == 2
    assert "bash, zsh, fish" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("shell", "command", "install"),
    [
        ("bash", ["bash", "--norc", "-i"], 'eval "$(lstmlab -sc install=bash)"'),
        ("zsh", ["zsh", "-f", "-i"], 'eval "$(lstmlab -sc install=zsh)"'),
        ("fish", ["fish", "--no-config", "-i"], "lstmlab -sc install=fish | source"),
    ],
)
def test_tab_on_a_terminal(tmp_path: Path, shell: str, command: list[str], install: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    shown = typed(
        command,
        tmp_path,
        (f"{install}; echo rea''dy\n", r"\bready"),  # the quotes: what is typed is shown too
        ("lstmlab tr\t", "lstmlab train"),
        (" model.num_la\t", r"lstmlab train +model\.num_layers="),
    )
    assert re.search(r"lstmlab train +model\.num_layers=", shown), shown


def typed(command: list[str], place: Path, *keys: tuple[str, str]) -> str:
    """What a terminal shows after keys were pressed, each when what was awaited of those before has come."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(place)
        os.execvpe(command[0], command, ENVIRONMENT | {"HOME": str(place), "PS1": "$ "})
    shown = ""
    try:
        for key, awaited in (("", r"[$#%>] *\Z"), *keys):
            os.write(terminal, key.encode())
            deadline = time.monotonic() + 10.0
            while not re.search(awaited, shown) and time.monotonic() < deadline:
                if select.select([terminal], [], [], 0.1)[0]:
                    shown += os.read(terminal, 65536).decode(errors="replace")
                    shown = re.sub(r"\x1b[\[(][0-9;?]*[a-zA-Z]|\x1b[=>]|[\x07\r]|.\x08", "", shown)
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(terminal)
    return shown
