# Engage: `make demo` and `make test` need nothing but python3 (3.11 or newer) and make.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
TESTS ?=
export PYTHON
# Where it is set, as in many images, each of the many processes that the demo and the tests start compiles all of Engage for itself.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup demo test chaos lint lock clean

help:  ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup:  ## Make .venv with what Engage needs at run time
	@tools/bootstrap.sh requirements.lock

demo: setup  ## Run the demo company on real parts; ONCE=1 ends by itself after a simulated week
	@$(BIN)/engage demo $(if $(ONCE),--once)

test:  ## Run all tests; TESTS="tests/unit -k birthday" runs some
	@tools/bootstrap.sh requirements-test.lock
	@$(BIN)/pytest --numprocesses auto --dist worksteal $(TESTS)

chaos:  ## Kill, freeze and starve real processes at work, then count; SHORT=1 takes a minute, MESSAGES=, KILLS=, DATABASE=, SEED=
	@tools/bootstrap.sh requirements-test.lock
	@env -u DATABASE $(BIN)/pytest -q -rs tests/chaos --deselect tests/chaos/test_short.py
	@SHORT="$(SHORT)" MESSAGES="$(MESSAGES)" KILLS="$(KILLS)" DATABASE="$(DATABASE)" SEED="$(SEED)" WITHIN="$(WITHIN)" $(BIN)/python -m tests.chaos

lint:  ## Check style, types and the boundaries between the packages
	@tools/bootstrap.sh requirements-dev.lock
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

lock:  ## Write the lock files anew; UPGRADE=1 takes the newest versions
	@tools/bootstrap.sh requirements-dev.lock
	@tools/lock.sh $(if $(UPGRADE),--upgrade)

clean:  ## Remove .venv and every cache; data and databases stay
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
