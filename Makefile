# `make demo` brings the whole product up; `make test` checks it. docs/deploy.md has the rest.
# ARGS are handed on: make test ARGS="-k flood -x". WORKERS=0 runs tests in one process. SIMULATE=0 starts no simulator.

BIN := .venv/bin
ARGS ?=
WORKERS ?= 2
SIMULATE ?= 1
export SIMULATE

.PHONY: help demo install test test-faults bench lint clean-data clean

help:
	@echo "make demo         install everything below this folder and start it (Ctrl-C stops it)"
	@echo "make test         lint, types, unit, integration and browser tests"
	@echo "make test-faults  break processes, broker, database, network and data on purpose, and count what is left"
	@echo "make bench        the measurements of docs/benchmarks.md"
	@echo "make lint         ruff, mypy and the import rules only"
	@echo "make clean-data   empty the database and the broker; programs and passwords stay"
	@echo "make clean        remove everything that make has made"

demo:
	@sh deploy/venv.sh run
	@sh deploy/pango.sh
	@exec $(BIN)/python -m deploy.embedded demo

install:
	@sh deploy/venv.sh dev
	@sh deploy/pango.sh
	@$(BIN)/python -m deploy.embedded install

test: install
	@sh deploy/chromium.sh
	@sh deploy/oracles.sh
	@$(MAKE) --no-print-directory lint
	@exec $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

test-faults: install
	@exec $(BIN)/python -m tests.faults $(ARGS)

bench: install
	@exec $(BIN)/python -m benchmarks $(ARGS)

lint:
	@sh deploy/venv.sh dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean-data:
	@sh deploy/venv.sh run
	@$(BIN)/python -m deploy.embedded clean-data

clean:
	@if [ -e .runtime ] || [ -L .runtime ]; then $${PYTHON:-python3} -m deploy.embedded clean; fi
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
