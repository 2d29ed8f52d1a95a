# Turnwise. `make demo` and `make test` do all their own set-up: a virtual environment in .venv, no sudo, no apt.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test lint suite check bench clean

demo: $(VENV)/.ready
	$(BIN)/turnwise demo

test: lint suite

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

suite: $(VENV)/.ready-dev
	$(BIN)/pytest -q --numprocesses 2 --dist loadscope --no-loadscope-reorder

bench: $(VENV)/.ready-dev
	$(BIN)/python bench/demo.py
	$(BIN)/python bench/turns.py
	$(BIN)/python bench/barge_in.py
	$(BIN)/python bench/core.py
	$(BIN)/python bench/footprint.py

# Formats and fixes what can be fixed by a tool.
check: $(VENV)/.ready-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else f"Turnwise needs Python 3.11 to 3.13; {sys.executable} is {sys.version.split()[0]}. Name another with: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

# The espeak extra is a GPL-3 library (the voice); it runs in a process of its own and is installed here on purpose.
$(VENV)/.ready: pyproject.toml | $(VENV)/bin/python
	@echo "Installing Turnwise into $(VENV), with the extra [espeak]: a GPL-3 voice that runs in its own process."
	$(BIN)/python -m pip install --quiet --editable '.[espeak]'
	@touch $@

$(VENV)/.ready-dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@ $(VENV)/.ready

clean:
	rm -rf $(VENV) build dist runs .mypy_cache .pytest_cache .ruff_cache .hypothesis
