"""``lstmlab -sc``: completion in the shell. The job is ours; Hydra completes the overrides behind it."""

import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

from lstmlab.conf_path import conf_directory, config_name
from lstmlab.help import config_directories
from lstmlab.nearest import did_you_mean

_PATHS = ("data.path", "data.root", "out", "run", "prompt_file", "details", "text_file")
SHELLS = ("bash", "zsh", "fish")
_BEFORE = {"zsh": "autoload -Uz compinit bashcompinit && compinit && bashcompinit"}  # it uses bash's


def complete(words: list[str], jobs: list[str]) -> int:
    """Do what follows ``-sc``: ``install=SHELL``, ``uninstall=SHELL``, or ``query=SHELL`` for the line so far."""
    command, _, shell = (words[1] if len(words) == 2 else "").partition("=")
    if command not in ("install", "uninstall", "query") or shell not in SHELLS:
        print(
            f"lstmlab: {words[0]} takes install=SHELL or uninstall=SHELL, SHELL one of {', '.join(SHELLS)}."
            f"{did_you_mean(shell, SHELLS)}",
            file=sys.stderr,
        )
        return 2
    if command == "query":
        print(("\n" if shell == "fish" else " ").join(_candidates(jobs)))
        return 0
    if command == "install" and shell in _BEFORE:
        print(_BEFORE[shell])
    print(_hydra([f"{command}={shell}"], jobs[0]))
    return 0


def _candidates(jobs: list[str]) -> list[str]:
    """What the last word of the line that the shell hands over can become."""
    line = os.environ.get("COMP_LINE", "")
    # In characters, as bash counts in a UTF-8 locale. fish hands over the line up to the cursor.
    typed = line[: int(os.environ.get("COMP_POINT") or len(line))]
    _, *words = [*typed.split(), *([""] if typed[-1:].isspace() else [])] or [""]
    if len(words) < 2:
        return [job for job in jobs if job.startswith("".join(words))]
    job, *before, last = words
    if job not in jobs:
        return []
    key, equal, value = last.partition("=")
    if equal and key in _PATHS:
        return [f"{key}={path}" for path in _paths(value)]
    # A choice of a group changes which options there are; the other words may be such that Hydra refuses the line.
    chosen = [w for w in before if "=" in w and (conf_directory() / w.partition("=")[0].lstrip("+")).is_dir()]
    os.environ["COMP_LINE"] = " ".join(["lstmlab", *chosen, last])
    flags = [f"--config-dir={directory}" for directory in config_directories(before)]
    found = _hydra([*flags, "query=bash"], job).split()
    return [candidate for candidate in found if "=_" not in candidate]  # such as data=_files, which others extend


def _paths(start: str) -> list[str]:
    """The files and directories whose path begins so."""
    directory, slash, name = start.rpartition("/")
    place = Path(directory + slash).expanduser()
    entries = sorted(place.iterdir()) if place.is_dir() else []
    return [f"{directory}{slash}{e.name}{'/' * e.is_dir()}" for e in entries if e.name.startswith(name)]


def _hydra(words: list[str], job: str) -> str:
    """What Hydra prints to ``-sc WORDS`` for a job; nothing where it cannot compose what was typed so far."""
    import hydra

    sys.argv = ["lstmlab", "-sc", *words]
    out = StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(StringIO()):
            name = config_name(job)
            hydra.main(version_base="1.3", config_path=str(conf_directory()), config_name=name)(lambda config: None)()
    except (Exception, SystemExit):
        return ""
    return out.getvalue().strip()
