# Everything a developer types. `make` alone lists it.
# The command of the product itself is .venv/bin/patron, ready after `make install`.

PY := .venv/bin/python
RUN := .venv/bin
PYTEST := $(PY) -m pytest
WORKERS ?= 2
PORT ?= 8000
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install install-dev demo serve check test coverage proof bench lint types imports format docs lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

# --- install -------------------------------------------------------------------------------------
# The stamps make a second run instant; tools/install.py says in plain words what is missing.

install: .venv/.installed .venv/.frontend ## make .venv with the newest python found, the front-end packages, and the command .venv/bin/patron
install-dev: .venv/.installed-dev .venv/.frontend-dev ## the same, with everything that checks, tests and measures

.venv/.installed: requirements.txt tools/install.py
	@command -v python3 >/dev/null || { echo "Patron needs Python 3.11 or newer, and there is no python3 here. Install it (Debian: apt-get install python3 python3-venv) and run make again."; exit 1; }
	@python3 tools/install.py requirements.txt
	@touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.txt
	@python3 tools/install.py requirements.txt requirements-dev.txt
	@$(PY) -m tools.browser
	@$(PY) -m tools.redis
	@$(PY) -m tools.rabbitmq
	@touch $@

# These two touch their stamps themselves, once it has worked: without a registry the next run tries again.
.venv/.frontend: package.json package-lock.json | .venv/.installed
	@$(PY) -m tools.frontend

.venv/.frontend-dev: package.json package-lock.json | .venv/.installed-dev .venv/.frontend
	@$(PY) -m tools.frontend --dev

# --- run -----------------------------------------------------------------------------------------

demo: install ## a production and a sandbox with sample data: prints the address and the logins
	@$(RUN)/patron demo --port $(PORT) $(ARGS)

serve: install ## serve what PATRON_HOME holds
	@$(RUN)/patron serve --port $(PORT) $(ARGS)

# --- check, test, measure ------------------------------------------------------------------------

check: lint types imports ## lint, types, layers, unit and conformance tests: under a minute when warm
	$(PYTEST) -q -n $(WORKERS) -m "not slow and not proof and not browser" tests/test_map.py tests/house tests/unit tests/conformance $(ARGS)

test: lint types imports ## everything, on SQLite and PostgreSQL: at most 15 minutes
	$(PYTEST) -q -n $(WORKERS) -m "not proof" $(ARGS)

coverage: install-dev ## the same tests with branch coverage (half as long again): engine at least 95 %, the rest 90 %
	$(PYTEST) -q -n $(WORKERS) -m "not proof" --cov --cov-report= $(ARGS)
	$(RUN)/coverage report --include="engine/*" --fail-under=95
	$(RUN)/coverage report --omit="engine/*" --fail-under=90

proof: install-dev ## every figure the product promises, at full length, into docs/explanation/proof.md
	PATRON_PROOF=1 $(PYTEST) -q -m "slow or proof" tests $(ARGS)

bench: install-dev ## seconds: Patron beside a hand-written application, into docs/explanation/speed.md
	$(PY) -m bench.run $(ARGS)

lint: install-dev ## style, spelling, templates, dangerous calls
	$(RUN)/ruff check --quiet .
	$(RUN)/ruff format --check --quiet .
	$(RUN)/codespell
	$(RUN)/bandit --quiet --recursive --configfile pyproject.toml engine sandbox deploy_tool web api ui admin
	@if [ -n "$$(git ls-files '*.html')" ]; then $(RUN)/djlint --quiet --lint $$(git ls-files '*.html'); fi

types: install-dev ## mypy --strict
	$(RUN)/mypy

imports: install-dev ## who may import whom
	@$(RUN)/lint-imports --no-logo

format: install-dev ## let the formatter and the safe fixes of the linter work
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .

docs: install-dev ## renew the pages of docs/reference that are made from the source
	$(PY) -m tools.reference

lock: install-dev ## pin what requirements*.in ask for, with hashes and no host
	$(PY) tools/lock.py

clean: ## remove caches; .venv and var stay
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage* htmlcov build
