"""The examples in docstrings run as they stand, with ``run``, a run directory, and ``model``, what it holds."""

import doctest
from pathlib import Path

import pytest

import lstmlab
from lstmlab import loading, overrides, trained_model
from lstmlab.reports.sweep import loading as sweep_loading

MODULES = (loading, overrides, sweep_loading, trained_model)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_examples(module: object, trained_run: Path) -> None:
    names = {**vars(module), "run": str(trained_run), "model": lstmlab.load(trained_run)}
    tests = [test for test in doctest.DocTestFinder().find(module, extraglobs=names) if test.examples]
    assert tests
    runner = doctest.DocTestRunner()
    for test in tests:
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0
