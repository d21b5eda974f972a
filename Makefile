# make demo    the whole story on a drawn clinic       make test    the whole test suite
# make check   everything CI runs                      make quick   the tests that take seconds
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= 2
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --exclude-newer "$$(date -u -d '7 days ago' +%F)" --custom-compile-command "make lock" --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test quick check lint types contracts docs docs-check wheel-check pictures lock clean

help:
	@sed -n '1,2s/^# //p' Makefile

$(VENV)/run.ready: requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "pairwatch needs Python 3.11 or newer, found " + sys.version.split()[0] + "; name a newer one: make demo PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.ready: requirements/dev.txt $(VENV)/run.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

demo: $(VENV)/run.ready
	$(BIN)/pairwatch demo --out demo

test: $(VENV)/dev.ready
	$(BIN)/python -m pytest -n $(WORKERS)

quick: $(VENV)/dev.ready
	$(BIN)/python -m pytest -n $(WORKERS) -m "not slow and not browser"

check: lint types contracts docs-check test

lint: $(VENV)/dev.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev.ready
	$(BIN)/mypy

contracts: $(VENV)/dev.ready
	$(BIN)/lint-imports

docs: $(VENV)/dev.ready
	$(BIN)/python docs/generate.py

docs-check: $(VENV)/dev.ready
	$(BIN)/python docs/generate.py --check

wheel-check: $(VENV)/dev.ready
	$(BIN)/python tests/wheel.py

pictures: $(VENV)/dev.ready
	$(BIN)/python docs/pictures.py

lock:
	$(LOCK) --group build -o requirements/run.txt
	$(LOCK) --group build --group dev -o requirements/dev.txt

clean:
	rm -rf $(VENV) demo dist .pytest_cache .mypy_cache .ruff_cache
