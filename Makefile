# Thin over `python -m`: everything works on a machine with only Python 3.11+ and make.
# The first that works, and the one that constraints.txt was tested with before the others.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	$$python -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Some shells set this; it would triple every start by compiling the libraries anew each time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check bench pictures wheel clean

demo: $(STAMP)
	$(BIN)/python -m migrator_tui demo --output demo

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer, with venv, is needed" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(STAMP)

# Without a network namespace the tests still refuse to leave loopback by themselves; with one, so does the worker.
# Four processes, since much of the time is spent waiting for screens and workers; a file's tests stay together, and the
# files that take longest begin (tests/conftest.py names them).
NAMESPACE = $(shell unshare -rn sh -c 'ip link set lo up' 2>/dev/null && echo yes)

test: $(STAMP)
	$(if $(NAMESPACE),unshare -rn sh -c 'ip link set lo up && exec "$$@"' sh) $(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

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
	$(BIN)/python -m build --no-isolation

clean:
	rm -rf $(VENV) build dist
