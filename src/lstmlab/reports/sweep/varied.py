"""What varies among runs, where no single sweep.yaml says it."""

from collections.abc import Mapping, Sequence

from lstmlab.reports.sweep.reading import Run
from lstmlab.reports.sweep.values import Value, at, flat, key

# Where things are written, what is shown and what is generated meanwhile is no part of an experiment.
_IGNORED = (
    "seed", "run", "sweep.", "hydra.", "logger.", "decoding.", "checkpoint.", "data.path", "data.root",
    "tokenizer.user_dict", "callbacks.samples.", "callbacks.inspection.", "trainer.log_every_steps",
    "trainer.profiler", "trainer.threads", "threads",
)  # fmt: skip


def varied_options(
    runs: Sequence[Run], declared: Sequence[str], chosen: Sequence[str]
) -> tuple[dict[str, list[Value]], dict[str, tuple[str, ...]]]:
    """Option → its value in each of the runs, and options that go along with these: they follow from them.

    Args:
        runs: those to compare.
        declared: options that sweeps among them say they vary.
        chosen: options that arms chose for themselves: no part of the comparison.
    """
    found = {option: [_value(run, option, runs) for run in runs] for option in declared}
    flats = [flat(run.config) for run in runs]
    names = dict.fromkeys(name for one in flats for name in one)
    inside = tuple(f"{option}." for option in declared)  # what the choice of a group brings
    candidates = {
        name: [one.get(name) for one in flats]
        for name in names
        if name not in declared
        and name not in chosen
        and not any(name == ignored or (ignored[-1] == "." and name.startswith(ignored)) for ignored in _IGNORED)
    }
    beside: dict[str, list[str]] = {}
    for name, values in candidates.items():
        if len({key(value) for value in values}) < 2:
            continue
        if found and _follows(values, list(found.values())):
            if not name.startswith(inside):
                leader = next((one for one in found if _follows(values, [found[one]])), next(iter(found)))
                beside.setdefault(leader, []).append(name)
            continue
        found[name] = values
    for name in [name for name in found if name not in declared]:
        # It was found before what it follows from.
        above = [one for one, values in found.items() if one != name and _follows(found[name], [values])]
        if above:
            leader = above[0]
            del found[name]
            beside.setdefault(leader, []).extend([name, *beside.pop(name, [])])
    return found, {leader: tuple(names) for leader, names in beside.items()}


def _follows(values: Sequence[Value], others: Sequence[Sequence[Value]]) -> bool:
    """Whether each value is known once those of the others at the same place are."""
    known: dict[tuple[str, ...], str] = {}
    for value, *rest in zip(values, *others, strict=True):
        if known.setdefault(tuple(key(one) for one in rest), key(value)) != key(value):
            return False
    return True


def _value(run: Run, option: str, runs: Sequence[Run]) -> Value:
    """The option's value in a run; of a whole group, the choice of another run whose group is equal."""
    if option in run.options:
        return run.options[option]
    there, value = at(run.config, option)
    if not there or not isinstance(value, Mapping):
        return value
    for other in runs:
        if option in other.options and key(at(other.config, option)[1]) == key(value):
            return other.options[option]
    return value.get("name") or value.get("_target_") or key(value)
