# Overread. A newcomer needs two of these: `make demo` and `make test`.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
ENV ?= dev
# npm's `latest` of the CDK CLI is older than it says and refuses this library's schema; so it is pinned
CDK_CLI := 2.1148.1
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo test lint synth pictures clean

help: ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

setup: $(VENV)/.ready ## the virtual environment: Python packages, Node, the CDK CLI

$(VENV)/.ready: pyproject.toml constraints.txt Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3"; exit 1; }
	@echo "== setting up $(VENV) (once) =="
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[train,cdk,films,dev]'
	$(BIN)/npm install --silent --no-audit --no-fund --prefix $(VENV)/cdk aws-cdk@$(CDK_CLI)
	ln -sf ../cdk/node_modules/.bin/cdk $(BIN)/cdk
	@touch $@

demo: setup ## everything at once, on phantoms and a real film: data, model, reading, server, synthesized stacks
	@$(BIN)/python demo.py

test: setup ## the tests
	@$(BIN)/python -m pytest

lint: setup ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

synth: setup ## the stacks of one environment (ENV=dev|staging|prod), with HIPAA checks
	@$(BIN)/cdk synth --quiet -c env=$(ENV)

pictures: setup ## the pictures of the README, from the demo's result and the synthesized stacks
	$(BIN)/python -m stacks.diagram docs/architecture.svg
	$(BIN)/python -c "from PIL import Image; Image.open('demo/overlay.png').save('docs/overlay.jpg', quality=85)"

clean: ## remove what was made here, but the virtual environment
	rm -rf demo cdk.out .pytest_cache .mypy_cache .ruff_cache
