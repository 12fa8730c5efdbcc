"""The callback that reports a trial and ends it: once, whatever kills the process in between."""

import json
import shutil
from pathlib import Path
from typing import Any

import optuna
import pytest

import lstmlab
from lstmlab.training.study_journal import journal_storage, make_pruner

WORDS = [
    "data=synthetic", "data.characters=3000", "data.seq_length=16", "data.batch_size=8", "model.hidden_size=16",
    "model.embedding_size=16", "trainer.max_epochs=3", "callbacks.samples.tokens=0", "logger=csv", "hydra.run.dir=run",
    "+callbacks.pruning._target_=lstmlab.training.callbacks.Pruning", "+callbacks.pruning.journal=../study.journal",
    "+callbacks.pruning.study=s", "+callbacks.pruning.trial=3",
]  # fmt: skip


def steps() -> int:
    found: int = json.loads(Path("run/summary.json").read_text())["steps"]
    return found


def killed() -> None:
    """The run as a process leaves it that was killed before its summary."""
    status = json.loads(Path("run/status.json").read_text())
    Path("run/status.json").write_text(json.dumps(status | {"status": "running"}))
    Path("run/summary.json").unlink()


def test_a_trial_is_reported_and_pruned_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    study = optuna.create_study(
        study_name="s", storage=journal_storage(Path("study.journal")), pruner=make_pruner(1, 2), direction="minimize"
    )
    for _ in range(3):  # better than anything that three epochs bring
        trial = study.ask()
        trial.report(0.1, 1)
        assert not trial.should_prune()
        study.tell(trial, 0.1)
    number = study.ask().number

    def told() -> tuple[dict[int, float], Any]:
        trial = study.get_trials()[number]
        return trial.intermediate_values, trial.user_attrs["pruned"]

    lstmlab.train(WORDS)
    first = told()
    assert steps() == 22 and list(first[0]) == [1] and first[1] == {"epoch": 1, "step": 22}
    assert json.loads(Path("run/status.json").read_text())["status"] == "completed"

    killed()  # behind its last checkpoint: nothing is left to train
    lstmlab.train(["run=run"])
    assert steps() == 22 and told() == first

    killed()  # before its first checkpoint: the validation is made again
    shutil.rmtree("run/checkpoints")
    lstmlab.train(["run=run"])
    assert steps() == 22 and told() == first

    study.tell(number, state=optuna.trial.TrialState.PRUNED)
    lstmlab.train(["run=run", "trainer.max_epochs=2"])  # the search is over for it, the training need not be
    assert steps() == 44 and study.get_trials()[number].intermediate_values == first[0]
    Path("study.journal").rename("elsewhere")
    lstmlab.train(["run=run", "trainer.max_epochs=3"])
    assert steps() == 66
