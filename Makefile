# Everything that this project does from a clean checkout, with only Python 3.10+ and make.
#
#   make demo       load real data and build the bundled project
#   make test       the test suite; make test-exhaustive has the rest of its cases
#   make test-fast  without the slow tests
#   make lint types docs check
#
# PYTHON=python3.13 make demo   picks another interpreter.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Made again when what it is made of changes.
INSTALLED := $(VENV)/.installed

.PHONY: demo test test-fast test-exhaustive lint types docs docs-check check constraints clean

demo: $(VENV)/.demo
	$(BIN)/dango-dbt sync-and-build

test: $(INSTALLED)
	$(BIN)/pytest -n 3 --dist worksteal -m "not exhaustive"

# What `make test` leaves out to stay below half an hour.
test-exhaustive: $(INSTALLED)
	$(BIN)/pytest -n 3 --dist worksteal -m exhaustive

test-fast: $(INSTALLED)
	$(BIN)/pytest -n 3 --dist worksteal -m "not slow and not exhaustive"

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(INSTALLED)
	$(BIN)/mypy

# The CLI reference, the connectors' page and the JSON Schema of sources.yml are generated.
docs: $(INSTALLED)
	$(BIN)/python scripts/cli_reference.py
	$(BIN)/python scripts/connector_pages.py
	$(BIN)/python scripts/sources_schema.py

docs-check: $(INSTALLED)
	$(BIN)/python scripts/cli_reference.py --check
	$(BIN)/python scripts/connector_pages.py --check

check: lint types docs-check test

# Pins for all supported Pythons, from the newest versions that pyproject.toml allows.
constraints:
	$(PYTHON) scripts/constraints.py

clean:
	rm -rf $(VENV) data dbt_project/target dbt_project/logs .dango/state

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo]'
	touch $@

$(INSTALLED): $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo,dev]'
	touch $@ $(VENV)/.demo
