"""What sweep.yaml lists: where each trial is trained, and what was made before."""

from dataclasses import replace
from pathlib import Path

import pytest

from lstmlab.errors import UserError
from lstmlab.experiment.run_directory import RunDirectory
from lstmlab.experiment.sweep.directory import FIELDS, SweepDirectory, Trial
from lstmlab.experiment.sweep.planning import merged
from lstmlab.experiment.sweep.states import state_of

A = Trial("a=1,seed=0", "trial", "1", {"a": 1, "seed": 0}, "a=1,seed=0")


def complete(place: RunDirectory, bits: float = 2.0) -> None:
    place.path.mkdir(parents=True)
    place.write_summary({"val/bits_per_char": bits})
    place.mark("completed")


def lender(path: Path, trial: Trial) -> SweepDirectory:
    sweep = SweepDirectory(path)
    sweep.path.mkdir(parents=True)
    sweep.write(dict.fromkeys(FIELDS), [trial])
    complete(sweep.run_directory(trial))
    return sweep


def test_a_trial_that_is_refused_for_a_time_is_still_known(tmp_path: Path) -> None:
    """Its text is away, and when it is back it must be the same one."""
    directory = SweepDirectory(tmp_path)
    refused = replace(A, identity=None, problem="there is no such text")
    (kept,) = merged(directory, [A], [refused], [])
    assert kept.identity == "1" and state_of(directory, kept).status == "refused"
    assert merged(directory, [kept], [A], []) == [A]
    with pytest.raises(UserError, match="was trained on another text"):
        merged(directory, [kept], [replace(A, identity="2")], [])


def test_no_two_trainings_share_a_directory(tmp_path: Path) -> None:
    """A trial that is named after more options than before stays where it was trained."""
    directory = SweepDirectory(tmp_path)
    renamed = replace(A, name="a=1,b=2,seed=0", options={"a": 1, "b": 2, "seed": 0})
    (kept,) = merged(directory, [A], [renamed], [])
    assert kept.name == "a=1,b=2,seed=0" and kept.path == "a=1,seed=0"
    with pytest.raises(UserError, match="or with other options than a=1,seed=0 would be now"):
        merged(directory, [kept], [replace(A, identity="2")], [])


def test_two_names_of_the_same_training_keep_their_own_directories(tmp_path: Path) -> None:
    other = replace(A, name="a=1.0,seed=0", path="a=1.0,seed=0")
    assert merged(SweepDirectory(tmp_path), [A, other], [A, other], []) == [A, other]


def test_nothing_is_trained_in_what_another_sweep_has_lent(tmp_path: Path) -> None:
    other = lender(tmp_path / "other", A)
    directory = SweepDirectory(tmp_path / "own")
    (lent,) = merged(directory, [], [A], [other.path])
    assert lent.path == str(other.path / A.path) and state_of(directory, lent).status == "completed"
    assert merged(directory, [lent], [A], []) == [lent]
    other.run_directory(A).mark("failed", "it was trained further")
    assert merged(directory, [lent], [A], []) == [A]


def test_what_a_killed_sweep_was_writing_is_no_file_of_others(tmp_path: Path) -> None:
    directory = SweepDirectory(tmp_path)
    left = tmp_path / ".sweep.yaml.123.partial"
    left.write_text("lstm")
    assert directory.read() is None
    with directory.claimed():
        assert not left.exists()
        directory.write(dict.fromkeys(FIELDS), [])
    assert directory.record.is_file()
