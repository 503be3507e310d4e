# Overread. A newcomer needs two of these: `make demo` and `make test`.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
ENV ?= dev
# npm's `latest` of the CDK CLI is older than it says and refuses this library's schema; so it is pinned
CDK_CLI := 2.1148.1
SAM_CLI := 1.170.0
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo test lint synth judge rehearse toolkit sdk lambda bench evidence cost destroy pictures clean

help: ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

setup: $(VENV)/.ready ## the virtual environment: Python packages, Node, the CDK CLI

$(VENV)/.ready: pyproject.toml constraints.txt Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11, 4))' || { echo "Python 3.11.4 or newer is needed; set PYTHON=/path/to/python3"; exit 1; }
	@echo "== setting up $(VENV) (once) =="
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[train,cdk,films,lambda,openvino,pacs,experiments,notebooks,dev]'
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

synth: setup ## the stacks of one environment (ENV=dev|staging|prod, or delivery), with HIPAA and our own checks
	@$(BIN)/cdk synth --quiet -c env=$(ENV)

evidence: setup ## the HIPAA control matrix of every environment, as pages and tables, into evidence/
	@$(BIN)/python -m operations.evidence --out evidence/

judge: setup $(VENV)/judge/.ready ## what other people's judges say of all templates
	@$(BIN)/python -m operations.judge

$(VENV)/judge/.ready: operations/requirements-judge.txt
	@echo "== setting up the judges' environment (once) =="
	@test -x $(VENV)/judge/bin/python || $(PYTHON) -m venv $(VENV)/judge
	$(VENV)/judge/bin/python -m pip install --quiet --requirement operations/requirements-judge.txt
	$(BIN)/npm install --silent --no-audit --no-fund --legacy-peer-deps --prefix $(VENV)/judge asl-validator@4.0.0 @cdklabs/cdk-validator-cfnguard@0.0.62
	@touch $@

BENCHES := latency gate skin_gate load burned_in_text judging architectures data train

bench: demo ## every benchmark, each with its aims beside what was reached (about 13 minutes after the demo)
	@failed=0; for one in $(BENCHES); do $(BIN)/python -m bench.$$one || failed=1; done; exit $$failed

sdk: setup ## our tables of AWS's images beside those of the SageMaker SDK
	$(BIN)/python -m pip install --quiet --no-deps --upgrade --target $(VENV)/sdk --requirement operations/requirements-sdk.txt
	@$(BIN)/python -m operations.sdk_check

toolkit: setup $(VENV)/sagemaker/.ready ## SageMaker's training toolkit in an environment of its own, for the test of the container's contract

# it sees the project's packages too, for torch
$(VENV)/sagemaker/.ready: operations/requirements-sagemaker.txt
	@echo "== setting up the training toolkit's environment (once) =="
	@test -x $(VENV)/sagemaker/bin/python || $(PYTHON) -m venv $(VENV)/sagemaker
	$(VENV)/sagemaker/bin/python -m pip install --quiet --no-deps --requirement operations/requirements-sagemaker.txt
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > $(VENV)/sagemaker/project.pth
	@mv $(VENV)/sagemaker/project.pth $(VENV)/sagemaker/lib/python3.*/site-packages/
	@touch $@

lambda: setup ## the reader as a zip for Lambda, from wheels, without Docker: build/reader.zip, with a table of its sizes
	@$(BIN)/python -m operations.lambda_zip

rehearse: setup $(VENV)/rehearse/.ready ## deploys ENV to an emulator on this machine with the real CDK CLI, and uses what was deployed
	@$(BIN)/python -m operations.rehearse --env $(ENV)

# of the SAM CLI only the runtime interface emulator is used, a file in its wheel
$(VENV)/rehearse/.ready: operations/requirements-rehearse.txt Makefile
	@echo "== setting up the rehearsal's environment (once) =="
	@test -x $(VENV)/rehearse/bin/python || $(PYTHON) -m venv $(VENV)/rehearse
	$(VENV)/rehearse/bin/python -m pip install --quiet --requirement operations/requirements-rehearse.txt
	$(VENV)/rehearse/bin/python -m pip install --quiet --no-deps aws-sam-cli==$(SAM_CLI)
	@touch $@

cost: setup ## what each environment costs a month, from its templates and an offline price list
	@$(BIN)/python -m operations.cost

destroy: setup ## take an environment down (ENV=dev); says what goes and what stays, and asks for its name
	@$(BIN)/python -m operations.teardown --env $(ENV)

pictures: setup ## the pictures and the cost table of the README, from the demo's result and the synthesized stacks
	$(BIN)/python -m stacks.diagram docs/architecture.svg
	$(BIN)/python -m operations.cost --write README.md
	$(BIN)/python -m operations.cost.training_guide --write docs/training.md
	$(BIN)/python -c "from PIL import Image; Image.open('demo/overlay.png').save('docs/overlay.jpg', quality=85)"

clean: ## remove what was made here, but the virtual environment
	rm -rf demo line cdk.out evidence .pytest_cache .mypy_cache .ruff_cache
