# Everything a person types here. `make` alone lists it.
SHELL := /bin/bash
BIN := .venv/bin
INSTALLED := .venv/installed
# A test process for each core, or as many as `make test WORKERS=4` says; the tests of one file stay together.
WORKERS ?= auto
# The longest files first (`tests/conftest.py`), not those with the most tests: one long test must not begin when all else is over.
PYTEST := $(BIN)/pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# Left to `make check`: hostile inputs by the thousand, killed processes, real training, real models, a real browser, and what
# else takes long (`tests/slow_tests.py` says how that list is written).
FAST := -m "not slow and not fuzz and not chaos and not training and not model and not browser and not nightly"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check nightly again coverage mutants gpu-check format lock docs clean .venv

help: ## list what can be typed here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv ## run everything on this machine and open a page to try it
	@$(BIN)/beagle demo $(ARGS)

test: .venv ## run the fast tests; ARGS="-k words" chooses some
	@$(PYTEST) $(FAST) $(ARGS)

check: .venv ## the gate: format, lint, types, import contracts, all tests but the nightly
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) -m "not nightly" $(ARGS)

nightly: .venv ## what `make check` does by the dozen, by the thousand: an hour
	$(PYTEST) -m nightly $(ARGS)

again: .venv ## run once more, one after the other, the tests that failed
	@$(BIN)/pytest -v -n 0 --last-failed --last-failed-no-failures none $(ARGS)

coverage: .venv ## the fast tests, with the lines and branches that they reach
	@$(PYTEST) $(FAST) --cov --cov-report=term:skip-covered $(ARGS)

mutants: .venv ## break the core modules in small ways and count what the tests notice; ARGS="llm.gateway --sample 0"
	@$(BIN)/python -m tests.mutants $(ARGS)

gpu-check: .venv ## train a model in 4 bits and reinforce it on a rented graphics card: BASE=folder
	@$(BIN)/beagle eval gpu_check $(BASE) $(ARGS)

format: .venv ## put the code into its one form
	@$(BIN)/ruff check --fix --select I . && $(BIN)/ruff format .

lock: .venv ## choose newer packages: move the date in deploy/lock.sh first
	@deploy/lock.sh

docs: .venv ## write .env.example, the table of settings and those of docs/slack-emulator.md again
	@$(BIN)/python deploy/settings_pages.py
	@$(BIN)/python deploy/emulator_page.py

clean: ## remove the environment and what tools left behind; data in .beagle stays
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv: $(INSTALLED)

$(INSTALLED): requirements/lock.txt requirements/uv.txt pyproject.toml deploy/install.sh deploy/index-settings.sh
	@deploy/install.sh
	@touch $@
