# Two commands do everything on a machine with Python 3.10–3.13 and make: `make run` and `make test`. `make test-slow` and
# `make test-engines` take longer: worst cases, and faults on real clusters.
# Each builds what it needs in .venv; nothing is fetched after that.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.10; do \
	$$p -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
OUT ?= out
# A file's tests stay in one process: they share what is costly to make. A test that hangs fails and does not hold up the rest.
PARALLEL := --numprocesses auto --dist loadfile --timeout 900

.PHONY: run test test-slow test-engines test-engines-full lint clean

run: .venv/installed
	$(BIN)/newsbeam run seeds --output $(OUT) --overwrite
	@echo
	@echo "The records are in $(OUT)/documents-*.jsonl, one JSON object a line; $(OUT)/README.md says what each column is."
	@echo "One document, with what was done to it and why:  $(BIN)/newsbeam explain seeds/shipyard-talks-from-korean.txt"

test: lint
	$(BIN)/python -m pytest $(PARALLEL) --durations 20

test-slow: .venv/tested
	$(BIN)/python -m pytest $(PARALLEL) --durations 20 -m "slow and not engines_full"

test-engines: .venv/engines
	$(BIN)/python -m pytest --timeout 1800 --durations 20 -m "engines and not engines_full"

test-engines-full: .venv/engines
	$(BIN)/python -m pytest --timeout 1800 -m "engines or engines_full"

lint: .venv/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --config-file tests/mypy.ini
	$(BIN)/lint-imports
	$(BIN)/codespell pipeline deploy README.md transforms/README.md .github tests/README.md tests/bench/README.md

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "newsbeam needs Python 3.10 to 3.13; found none. Install one, or: make PYTHON=/path/to/python3.12"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/tested: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,compat]'
	@touch $@ .venv/installed

# Flink and Spark from PyPI, Beam's job servers from Maven Central, Prism from Go's modules. What cannot be had is said, and its tests
# are skipped.
.venv/engines: .venv/tested deploy/flink/pom.xml deploy/spark/pom.xml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,compat,gcp,flink,spark]'
	-$(BIN)/python tests/engines/parts.py
	@touch $@

clean:
	rm -rf .venv $(OUT)
