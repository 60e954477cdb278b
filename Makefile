# Two commands on a fresh machine with python3 (3.11 or later) and make: `make demo` and `make test`.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
SPEED ?= 60
EXIT ?=
NIGHT ?= demo
CI ?=

.PHONY: demo install test check bench api web maps lock clean

demo: $(VENV)/.runtime  ## serve a live night on http://127.0.0.1:8080
	@$(BIN)/tally replay $(NIGHT) --serve --speed $(SPEED) $(if $(EXIT),--until irreversible --exit)

install: $(VENV)/.runtime  ## the command `tally`, in .venv
	@echo "installed: . $(BIN)/activate, then tally --help"

test: $(VENV)/.tests  ## everything, browser and SDK tests included
	@sh tests/debian.sh
	@CI="$(CI)" $(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

check: $(VENV)/.tests  ## format, lint, types, import contracts, house rules
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo 2>&1 | tail -n 12 | grep -q "0 broken" || { $(BIN)/lint-imports --no-logo; exit 1; }
	@$(BIN)/python -m pytest tests/house
	@echo "check: clean"

bench: $(VENV)/.tests  ## measure; the numbers go to docs/performance.md
	@$(BIN)/python -m tests.bench

api: $(VENV)/.runtime  ## write docs/openapi.json and docs/asyncapi.json anew
	@$(BIN)/python -m deploy.api

lock: $(VENV)/.tests  ## pin what pyproject.toml asks for, with hashes and without host names
	@$(PIP) uv
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header \
	  --extra build pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header \
	  --extra build --extra dev -c requirements.lock pyproject.toml -o tests/requirements.lock

web:  ## bundle ws/web/ into ws/static/; needs node and npm
	@cd ws/web && npm ci --no-audit --no-fund --ignore-scripts --silent && node build.mjs

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "python 3.11 or later is needed; this is $$($(PYTHON) -V)"; exit 69; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null; } \
	  || { echo "Python's venv module is missing: install python3-venv"; exit 69; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "installing into $(VENV): half a minute, once"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.tests: tests/requirements.lock $(VENV)/.runtime
	@$(PIP) --require-hashes -r tests/requirements.lock
	@touch $@

maps:  ## make the shipped maps anew; needs node and npm
	@cd ws/maps && npm ci --no-audit --no-fund --ignore-scripts --silent && node build.mjs

clean:
	@rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .hypothesis .pytest_cache build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
