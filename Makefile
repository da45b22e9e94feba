# Every target sets up what it needs; nothing else has to be installed than Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PORT ?= 3000
export KAIROS_HOME ?= $(CURDIR)/.kairos
# the workers share the cores; threads within one would only wait for each other
ONE_THREAD := POLARS_MAX_THREADS=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo test soak check fix docs ui bench lock clean

help:  ## Show this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

$(STAMP): pyproject.toml requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what requirements.lock names into $(VENV) ..."
	@$(BIN)/python -m pip install -q -c requirements.lock -e '.[dev]' 2>&1 | grep -v '^WARNING: Location' || true
	@$(BIN)/python -c 'import kairos, dagster, polars, deltalake, lightgbm, mlflow, numba'
	@echo "Compiling the loops of features and factors ..."
	@$(BIN)/python -m kairos.features.built
	@$(BIN)/python -m kairos.evaluation.built
	@$(BIN)/python -m kairos.features.alpha158.built
	@touch $@

setup: $(STAMP)  ## Build .venv

demo: $(STAMP)  ## Run the whole path on the embedded market, ending in a table of strategies
	@$(BIN)/kairos demo

test: $(STAMP)  ## Run the tests (FAST=1 leaves out the slow ones)
	@$(ONE_THREAD) $(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder $(if $(FAST),-m "not slow",)

soak: $(STAMP)  ## Kill runs 1,000 times, backfill a year, let writers and readers loose for 5 minutes (KILLS=..., SECONDS=...)
	@$(BIN)/python -m pytest -s tests/journeys/test_backfills.py --sessions 250
	@$(BIN)/python -m pytest -s tests/journeys/test_kills.py --kills $(or $(KILLS),1000)
	@$(BIN)/python -m pytest -s tests/journeys/test_concurrency.py --seconds $(or $(SECONDS),300)

check: $(STAMP)  ## Lint, types, import contracts, sizes, generated docs
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m benchmarks.meter
	@$(BIN)/python -m kairos_dagster.docs --check

fix: $(STAMP)  ## Format, mend what can be mended, regenerate docs
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(BIN)/python -m kairos_dagster.docs

ui: $(STAMP)  ## Open the Dagster UI on http://127.0.0.1:3000 (PORT=...)
	@$(BIN)/kairos ui --port $(PORT)

bench: $(STAMP)  ## Run the benchmarks and write docs/benchmarks.md
	@$(BIN)/python -m benchmarks

lock: $(STAMP)  ## Write requirements.lock from what is installed
	@$(BIN)/python -m benchmarks.lock

clean:  ## Remove the environment and caches; KAIROS_HOME stays
	@rm -rf $(VENV) *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
