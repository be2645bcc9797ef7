# Thin over `python -m`: everything works on a machine with only Python 3.11+ and make.
PYTHON ?= $(shell command -v python3.13 || command -v python3.12 || command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Some shells set this; it would triple every start by compiling the libraries anew each time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo run test check bench pictures wheel clean

demo: $(STAMP)
	$(BIN)/python -m migrator_tui demo --output demo

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	$(BIN)/python -m compileall -q $(VENV)/lib || true
	touch $(STAMP)

# Without a network namespace the tests still refuse to leave loopback by themselves; with one, so does the worker.
OFFLINE := $(shell unshare -rn true 2>/dev/null && command -v ip >/dev/null && echo "unshare -rn sh -c 'ip link set lo up && exec \"$$@\"' sh")

test: $(STAMP)
	$(OFFLINE) $(BIN)/python -m pytest

check: $(STAMP)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports

bench: $(STAMP)
	$(BIN)/python -m tests.benchmarks

pictures: $(STAMP)
	$(BIN)/python screenshots/make.py

wheel: $(STAMP)
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) build dist
