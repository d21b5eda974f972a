# make demo    the whole story on a drawn clinic       make test    the whole test suite
# make check   everything CI runs                      make quick   the tests that take seconds
# make pages   every page by the Nu checker and axe    make browsers  the site in Firefox and WebKit
# make lines   product lines by package                make docstrings  the longest docstring summaries by room
# make evidence-check  bundles by wacz, warcio and pywb, and the verifier alone
# make mutants  what the tests notice of changed rules
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= 2
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --exclude-newer "$$(date -u -d '7 days ago' +%F)" --custom-compile-command "make lock" --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test quick check lint types contracts docs docs-check wheel-check pages browsers pictures lines docstrings evidence-check mutants lock clean

help:
	@sed -n '1,6s/^# //p' Makefile

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

# Every page, also by the Nu HTML checker (needs npm and Java).
NU := $(VENV)/nu/node_modules/vnu-jar/build/dist/vnu.jar
$(NU):
	npm install --silent --no-audit --no-fund --prefix $(VENV)/nu vnu-jar@26.9.27

pages: $(VENV)/dev.ready $(NU)
	PAIRWATCH_NU=$(abspath $(NU)) $(BIN)/python -m pytest -n 0 tests/journeys/test_every_page.py \
		tests/journeys/test_staff_pages.py -k "every or checker"

# The site in Firefox and WebKit (Debian: apt-get install firefox-esr webkit2gtk-driver xvfb).
$(VENV)/browsers.ready: requirements/browsers.txt $(VENV)/dev.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/browsers.txt
	@touch $@

browsers: $(VENV)/browsers.ready
	@for program in firefox-esr WebKitWebDriver xvfb-run; do command -v $$program >/dev/null || { \
		echo "make browsers needs $$program: apt-get install firefox-esr webkit2gtk-driver xvfb" >&2; exit 1; }; done
	xvfb-run -a $(BIN)/python -m pytest -n 0 -p no:randomly -W ignore::DeprecationWarning tests/browsers/check_site.py

pictures: $(VENV)/dev.ready
	$(BIN)/python docs/pictures.py

# Product is what a practice runs; sample_clinic/, tests/ and benchmarks/ are not.
lines:
	@for name in watermark gallery crawler pairwatch.py; do \
		printf '%-12s %6d\n' $$name $$(find $$name -name '*.py' -exec cat {} + | wc -l); done
	@printf '%-12s %6d\n' product $$(find watermark gallery crawler pairwatch.py -name '*.py' -exec cat {} + | wc -l)

docstrings: $(VENV)/dev.ready
	@$(BIN)/python -m tests.docstrings

# Sealed bundles read by other people's tools, whose own dependencies stay away from ours.
EVIDENCE := $(VENV)/evidence
evidence-check: $(VENV)/dev.ready
	@if ! test -e $(EVIDENCE)/ready || test requirements/evidence.txt -nt $(EVIDENCE)/ready; then \
		$(PYTHON) -m venv $(EVIDENCE) && $(EVIDENCE)/bin/python -m pip install --quiet --disable-pip-version-check \
			--require-hashes -r requirements/evidence.txt && touch $(EVIDENCE)/ready || { \
		echo "evidence-check was left out: the registry does not give pywb and wacz for this Python" >&2; \
		test -z "$$CI"; exit; }; fi; \
	rm -rf $(VENV)/bundles && $(BIN)/python -m tests.evidence_bundle $(VENV)/bundles && \
	$(EVIDENCE)/bin/python -W ignore tests/evidence_check.py $(VENV)/bundles

# The rules changed in many small ways: how many changes do the tests notice? (MUTANTS="consent ledger" asks for two rules.)
$(VENV)/mutants.ready: requirements/mutants.txt $(VENV)/dev.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/mutants.txt
	@touch $@

mutants: $(VENV)/mutants.ready
	nice $(BIN)/python -m tests.mutants $(MUTANTS)

lock:
	$(LOCK) --group build -o requirements/run.txt
	$(LOCK) --group build --group dev -o requirements/dev.txt
	$(filter-out pyproject.toml,$(LOCK)) --group mutants -c requirements/dev.txt -o requirements/mutants.txt
	$(filter-out pyproject.toml --universal,$(LOCK)) requirements/browsers.in --python-platform linux \
		-c requirements/dev.txt -o requirements/browsers.txt
	$(filter-out pyproject.toml --universal,$(LOCK)) requirements/evidence.in --python-platform linux \
		-o requirements/evidence.txt

clean:
	rm -rf $(VENV) demo dist mutants .pytest_cache .mypy_cache .ruff_cache
