# Every target sets up .venv by itself. PYTHON names the interpreter that .venv is made with.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
# Where torch's CPU build comes from if no index that pip knows has it (on Linux the default build brings CUDA, several GB).
TORCH_CPU_INDEX ?= https://download.pytorch.org/whl/cpu

.PHONY: demo test lint install notebooks docs clean

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch \
		|| $(BIN)/python -m pip install --quiet --constraint constraints.txt --extra-index-url $(TORCH_CPU_INDEX) torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/pytest --numprocesses 2 --dist worksteal

# About three minutes: learn the bundled tale, compare the held-out figure, write a page.
demo: install
	$(BIN)/lstmlab train experiment=demo
	$(BIN)/lstmlab evaluate run=latest
	$(BIN)/lstmlab generate run=latest prompt="The old man " max_tokens=1500 decoding.temperature=0.6

# Runs the notebooks from start to end and keeps what they show.
notebooks: install
	cd notebooks && ../$(BIN)/jupyter-execute --inplace reload.ipynb ablation.ipynb

# The API reference, from the docstrings, into build/api.
docs: install
	$(BIN)/python docs/build_api.py build/api

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache
