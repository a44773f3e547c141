# One door for people and for CI. PYTHON=… chooses the interpreter of a new .venv; ARGS=… goes to pytest or benchmarks.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup run test crash-test framer-test api-test ha-test docs check bench bench-long bench-compare clean
MAKEFLAGS += --no-print-directory

VENV := .venv
MADE := $(VENV)/.made
RUN := $(VENV)/.run-installed
DEV := $(VENV)/.dev-installed
PIP := $(VENV)/bin/python -m pip --quiet --disable-pip-version-check

# Version managers put commands on PATH that fail when called, and Debian has a python3 without venv: try, don't look.
PYTHONS := $(or $(PYTHON),python3.13 python3.12 python3.11 python3)
WORKS := -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))'

# Make $(1) unless it is there and fresh. One make at a time writes to .venv, so that `make run` and `make test` may
# start together; whoever waited looks again when it is its turn. Without flock (macOS) a folder is the lock. A .venv
# whose interpreter is gone (upgraded away) is made anew.
define prepare
+@{ [ -x $(VENV)/bin/python ] && $(MAKE) -q $(1) 2>/dev/null; } || { \
	if command -v flock >/dev/null; then \
		exec 9<Makefile; flock 9; \
	else \
		until mkdir .venv.lock 2>/dev/null; do echo "Waiting for .venv.lock (no other make? remove it)"; sleep 2; done; \
		trap 'rmdir .venv.lock' EXIT; trap 'exit 1' INT TERM; \
	fi; \
	[ -x $(VENV)/bin/python ] || rm -rf $(VENV); \
	$(MAKE) -s $(1); }
endef

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

setup: ## Prepare .venv with what the gateway needs to run
	$(call prepare,$(RUN))

run: setup ## Start the gateway and a simulated house; Ctrl-C stops both
	@exec $(VENV)/bin/neasmart-gateway demo

test: setup ## Run the tests, four at a time; ARGS='tests/domain -k zone' for some of them
	$(call prepare,$(DEV))
	@exec $(VENV)/bin/python -m pytest -n 4 --dist worksteal $(ARGS)

crash-test: setup ## Kill daemon and gateway 200 times each; CRASH_TEST_KILLS=20 for fewer, CRASH_TEST_SEED=2 for others
	$(call prepare,$(DEV))
	@CRASH_TEST_KILLS="$${CRASH_TEST_KILLS:-200}" exec $(VENV)/bin/python -m pytest -s -o faulthandler_timeout=0 tests/crash $(ARGS)

framer-test: setup ## Read 1,000,000 generated RTU lines; FRAMER_TEST_STREAMS=1000 for fewer, FRAMER_TEST_SEED=2 for others
	$(call prepare,$(DEV))
	@FRAMER_TEST_STREAMS="$${FRAMER_TEST_STREAMS:-1000000}" \
		exec $(VENV)/bin/python -m pytest -s -o faulthandler_timeout=0 tests/modbus/test_streams.py $(ARGS)

api-test: setup ## 200 generated requests for each operation; API_TEST_EXAMPLES=50 for fewer
	$(call prepare,$(DEV))
	@API_TEST_EXAMPLES="$${API_TEST_EXAMPLES:-200}" \
		exec $(VENV)/bin/python -m pytest -s -o faulthandler_timeout=0 tests/process/test_any_request.py $(ARGS)

ha-test: setup ## Try ha-yaml and MQTT with a real Home Assistant (scripts/install-home-assistant)
	$(call prepare,$(DEV))
	@exec $(VENV)/bin/python -m pytest -v tests/homeassistant $(ARGS)

docs: setup ## Write docs/api.md and docs/errors.md anew, from the code
	@exec $(VENV)/bin/python scripts/make-docs

check: setup ## Lint, formatting and types
	$(call prepare,$(DEV))
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy

bench: setup ## Measure in 5 minutes, and say which targets are met; ARGS=line for something else
	$(call prepare,$(DEV))
	@exec $(VENV)/bin/python -m benchmarks $(ARGS)

bench-long: setup ## Measure everything, longer and more often; ARGS=growth for some of it
	$(call prepare,$(DEV))
	@exec $(VENV)/bin/python -m benchmarks --long $(ARGS)

bench-compare: setup ## What moved since a run: OLD=some.json, NEW=another.json (the newest)
	$(call prepare,$(DEV))
	@exec $(VENV)/bin/python -m benchmarks.compare $(or $(OLD),$(error OLD=FILE, the results of an earlier run)) $(NEW)

clean: ## Remove both .venv, caches and build products; data/ stays
	rm -rf $(VENV) .venv-homeassistant .venv.lock build dist htmlcov .coverage .coverage.* \
		.hypothesis .mypy_cache .pytest_cache .ruff_cache .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(MADE):
	@for python in $(PYTHONS); do \
		if "$$python" $(WORKS) 2>/dev/null; then \
			echo "Making $(VENV) with $$("$$python" --version)"; \
			"$$python" -m venv --clear $(VENV) && touch $@; exit; \
		fi; \
	done; \
	echo "None of '$(PYTHONS)' is a Python 3.11 or newer with venv. Debian: apt install python3-venv." >&2; \
	echo "Or name one: make setup PYTHON=/path/to/python3" >&2; \
	exit 1

$(RUN): requirements.txt pyproject.toml $(MADE)
	@echo "Installing requirements.txt"
	@$(PIP) install -r requirements.txt
	@$(PIP) install --no-deps --editable .
	@touch $@

$(DEV): requirements-dev.txt $(RUN)
	@echo "Installing requirements-dev.txt"
	@$(PIP) install -r requirements-dev.txt
	@touch $@
