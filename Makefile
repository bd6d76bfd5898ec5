# Everything a person or CI runs. Asks for python3 (3.11 to 3.13, with venv) and make, nothing else.
# The environment is in .venv; servers and jars are cached in the XDG cache, for every checkout.

PYTHON ?= python3
UV_HOME := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/case-escalation/uv
UV := $(or $(shell command -v uv 2>/dev/null),$(UV_HOME)/bin/uv)
RUN := .venv/bin
export UV_PYTHON_PREFERENCE ?= system

.DEFAULT_GOAL := help
.PHONY: help setup servers browser generate check format test test-loaded test-long test-fast test-docker demo up bench mutants fields clean

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/.ready ## install everything the project needs into .venv

.venv/.ready: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else "python3 is %d.%d; this project needs 3.11 to 3.13: make PYTHON=/path/to/python3.12" % v)'
	@command -v "$(UV)" >/dev/null 2>&1 || { echo "installing uv into $(UV_HOME)"; $(PYTHON) -m venv "$(UV_HOME)" && "$(UV_HOME)/bin/python" -m pip install --quiet uv; }
	$(UV) sync --locked --extra embedded --compile-bytecode --python "$$(command -v $(PYTHON))"
	@$(RUN)/python -m compileall -q schemas policies services infra
	@touch $@

servers: setup ## download the embedded servers (once)
	@$(RUN)/python -m infra.workbench.downloads

browser: setup ## Debian's chromium for the browser tests, where it can be installed
	@$(RUN)/python -m tests.board.browser

generate: setup ## write what is computed from the models: JSON Schemas, policy table
	$(RUN)/python -m tests.generated --write

check: setup ## format, lint, types, import law, generated files current
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/mypy
	$(RUN)/lint-imports
	$(RUN)/python -m tests.generated

format: setup ## put code into shape
	$(RUN)/ruff format .
	$(RUN)/ruff check --fix .

test: servers browser ## the tests, on real servers (at most 12 minutes on two quiet cores)
	$(RUN)/python -m pytest -m "not long"

test-long: servers ## the tests that take longer: many kills, many random histories
	$(RUN)/python -m pytest -m long

test-fast: setup ## what needs no broker (some of it starts a Postgres)
	$(RUN)/python -m pytest tests/schemas tests/policies tests/runtime tests/escalation tests/intake tests/notifier/planning tests/notifier/directory tests/projections tests/architecture

test-loaded: servers browser ## make test ten times while one core is busy; TIMES=3 for fewer; prints how many passed
	$(RUN)/python -m tests.repeat_loaded --times $(or $(TIMES),10)

test-docker: servers ## the journeys on containers (needs a Docker engine)
	ESCALATION_TESTS=docker $(RUN)/python -m pytest tests/journeys tests/contracts

demo: servers ## a day of support, played through everything, and the review of it; on a terminal until Ctrl-C
	$(RUN)/escalation demo

up: servers ## every service on embedded servers, until Ctrl-C
	$(RUN)/escalation up

bench: servers ## measure beside the peers; writes bench.json
	$(RUN)/python -m tests.benchmarks

mutants: setup ## break the core in every small way and count what no test notices (10 minutes)
	ulimit -v 8000000; $(UV) run --with mutmut==3.8.1 mutmut run  # some mutants only ever grow
	@$(UV) run --with mutmut==3.8.1 mutmut results | tail -n +1 > mutants/survivors.txt; echo "survivors: mutants/survivors.txt"

fields: servers ## drop each field of the reported events and name a test that fails (an hour)
	$(RUN)/python -m tests.fields

clean: ## remove the environment
	rm -rf .venv
