"""From paths to a sweep: directories of sweeps, of runs, or both together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lstmlab.errors import UserError
from lstmlab.nearest import did_you_mean
from lstmlab.reports.sweep.reading import SWEEP_FILE, Run, SweepFile, is_run, read_run, read_sweep_file
from lstmlab.reports.sweep.texts import texts_of
from lstmlab.reports.sweep.trials import SEED, Sweep, Trial
from lstmlab.reports.sweep.values import Value, at, key, merged
from lstmlab.reports.sweep.varied import varied_options


@dataclass(frozen=True)
class _Source:
    """One directory that was named: a sweep with its runs, or a single run."""

    directory: Path
    sweep: SweepFile | None
    runs: list[Run]


def load_sweep(paths: str | Path | Iterable[str | Path]) -> Sweep:
    """All trials below these directories, each a sweep's or a run's, with what varies among them.

    Raises:
        UserError: a path is missing, or neither a sweep nor a run.

    Example:
        >>> import lstmlab
        >>> sweep = lstmlab.load_sweep(run)  # of one run, or of the directory of a sweep
        >>> len(sweep.frame())
        1
        >>> sweep.best.load().generate("The", max_tokens=3) != ""
        True
    """
    named = [paths] if isinstance(paths, (str, Path)) else list(paths)
    sources = [_read(Path(path).expanduser()) for path in named]
    if not sources:
        raise UserError("path names nothing: give the directory of a sweep or of a run.")
    directories = tuple(source.directory for source in sources)
    runs = _once(run for source in sources for run in source.runs)
    choose = _union(source.sweep.choose or {} for source in sources if source.sweep)
    if len(sources) == 1 and sources[0].sweep:
        declared = {name: values for name, values in sources[0].sweep.options.items() if name != SEED}
        values = {option: [run.options.get(option, at(run.config, option)[1]) for run in runs] for option in declared}
        beside: dict[str, tuple[str, ...]] = {}
        name = sources[0].sweep.name
    else:
        declared = _union(source.sweep.options for source in sources if source.sweep)
        declared.pop(SEED, None)
        values, beside = varied_options(runs, list(declared), list(choose))
        for option in _not_by_arm(runs, values, list(choose)):  # in one source chosen, in another just so
            values[option] = [run.options.get(option, at(run.config, option)[1]) for run in runs]
            del choose[option]
        name = ", ".join(directory.name or str(directory) for directory in directories)
    compared = [n for n, run in enumerate(runs) if run.role == "trial"]
    options = {
        option: tuple(_distinct([*declared.get(option, []), *(found[n] for n in compared)]))
        for option, found in values.items()
    }
    options = {option: found for option, found in options.items() if len(found) > 1}
    trials, notes = _trials(runs, {option: values[option] for option in options}, choose)
    return Sweep(
        name, directories, options, {option: tuple(tried) for option, tried in choose.items()}, trials,
        {leader: names for leader, names in beside.items() if leader in options}, tuple(notes),
    )  # fmt: skip


def _read(path: Path) -> _Source:
    if path.is_file() and path.name in (SWEEP_FILE, "config.yaml"):
        path = path.parent
    if not path.is_dir():
        siblings = [str(one) for one in path.parent.iterdir() if one.is_dir()] if path.parent.is_dir() else []
        raise UserError(f"path={path} does not exist.{did_you_mean(str(path), siblings)}")
    if (path / SWEEP_FILE).is_file():
        sweep = read_sweep_file(path)
        runs = []
        for entry in sweep.trials:
            if entry.role == "former":
                continue
            run = read_run(path / entry.path, entry.name, options=entry.options, role=entry.role, problem=entry.problem)
            runs.append(run if run.config else _with_config(run, sweep))
        return _Source(path, sweep, runs)
    if is_run(path):
        run = read_run(path)
        if not run.config:
            raise UserError(f"{path / 'config.yaml'} cannot be read as a configuration; leave this run out.")
        return _Source(path, None, [run])
    inside = sorted(one.name for one in path.iterdir() if one.is_dir() and is_run(one))
    hint = f" Its directories {', '.join(inside[:3])}{' …' if len(inside) > 3 else ''} do: name them." if inside else ""
    raise UserError(
        f"path={path} is neither a sweep nor a run: it holds no sweep.yaml and no config.yaml.{hint or ' Name one.'}"
    )


def _with_config(run: Run, sweep: SweepFile) -> Run:
    """A trial that never began has no config.yaml; the sweep knows what it would have said."""
    return Run(**{**vars(run), "config": merged(sweep.base, run.options)})


def _once(runs: Iterable[Run]) -> list[Run]:
    """Runs in their order; one that several sweeps share counts once, as a trial where it is one for any of them."""
    found: dict[Path, Run] = {}
    for run in runs:
        place = run.path.resolve()
        if place not in found or (found[place].role == "choice" and run.role == "trial"):
            found[place] = run
    return list(found.values())


def _trials(
    runs: Sequence[Run], values: dict[str, list[Value]], choose: dict[str, list[Value]]
) -> tuple[tuple[Trial, ...], list[str]]:
    trials: list[Trial] = []
    notes: list[str] = []
    taken: set[tuple[str, ...]] = set()
    twice: list[str] = []
    for index, (run, text) in enumerate(zip(runs, texts_of(runs), strict=True)):
        options = {option: found[index] for option, found in values.items()}
        for option in choose:
            options[option] = run.options.get(option, at(run.config, option)[1])
        seed = run.options.get(SEED, run.config.get(SEED))
        trial = Trial(
            run.name, run.path, options, seed, run.role, run.state, run.reason, run.config, run.summary,
            _seconds(run), text,
        )  # fmt: skip
        if trial.counts:
            place = (*(trial.level(option) for option in values), key(seed), text)
            if place in taken:
                twice.append(str(trial.path))
                continue
            taken.add(place)
        trials.append(trial)
    if twice:
        named = ", ".join(twice[:3]) + (f" and {len(twice) - 3} more" if len(twice) > 3 else "")
        notes.append(f"Left out, for a run with the same options and the same seed is there already: {named}.")
    return tuple(trials), notes


def _not_by_arm(runs: Sequence[Run], values: dict[str, list[Value]], chosen: Sequence[str]) -> list[str]:
    """Those options that were chosen in a sweep and yet differ among trials that are equal in what is varied."""
    found = []
    for option in chosen:
        levels: dict[tuple[str, ...], set[str]] = {}
        for index, run in enumerate(runs):
            if run.role == "trial" and run.state == "completed":
                arm = tuple(key(of[index]) for of in values.values())
                levels.setdefault(arm, set()).add(key(run.options.get(option, at(run.config, option)[1])))
        if any(len(several) > 1 for several in levels.values()):
            found.append(option)
    return found


def _seconds(run: Run) -> float | None:
    seconds: Any = run.summary.get("wall_seconds", run.wall_seconds)
    return float(seconds) if isinstance(seconds, (int, float)) else None


def _union(several: Iterable[dict[str, list[Value]]]) -> dict[str, list[Value]]:
    found: dict[str, list[Value]] = {}
    for options in several:
        for option, values in options.items():
            found[option] = _distinct([*found.get(option, []), *values])
    return found


def _distinct(values: Iterable[Value]) -> list[Value]:
    """Each value once, in order; numbers among themselves from low to high where there are only numbers."""
    once = list({key(value): value for value in values}.values())
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in once):
        return sorted(once)
    return once
