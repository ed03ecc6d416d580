# make demo: everything from nothing. make help: the rest.
.PHONY: help setup demo repro train published experiments test coverage lint docs ui lock clean
.DEFAULT_GOAL := help

PYTHON ?= python3
# Which build of torch: of CUDA where there is an NVIDIA GPU, else for CPUs. TORCH=cpu or TORCH=cuda decides by hand.
TORCH ?= $(shell nvidia-smi --list-gpus > /dev/null 2>&1 && echo cuda || echo cpu)
BIN := .venv/bin
INSTALLED := .venv/.installed-$(TORCH)
FOR_TESTS := .venv/.installed-for-tests
FOR_DOCS := .venv/.installed-for-docs
JOBS ?= 2
PROFILE ?= cpu

help:  ## what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(INSTALLED)  ## the environment in .venv, with the pinned packages

# An environment runs only where it was made, and with the Python that it was made of: else it is made anew.
ifneq ($(shell $(BIN)/python -c '' 2>&1; cd .venv 2>&1 && pwd -P),$(shell cat .venv/.made-in 2>&1))
BROKEN := broken
.PHONY: $(BROKEN)
$(BROKEN):
endif

# uv makes this faster, and finds torch's builds for CPUs; where it cannot be had, pip installs from the registry alone.
INSTALL = if $(BIN)/python -m uv --version > /dev/null 2>&1; \
	then $(BIN)/python -m uv pip install --quiet --no-deps --python $(BIN)/python --compile-bytecode $(1); \
	else $(BIN)/python -m pip install --quiet --no-deps $(1); fi
# requirements.lock has three parts: what the pipeline needs, what only the tests need, what only the site needs.
PINNED = $(BIN)/python -c 'import re; print(re.split("\n\# For .* alone:\n", open("requirements.lock").read())[$(1)])'

$(INSTALLED): requirements.lock pyproject.toml $(BROKEN)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "needs Python 3.11 or newer: make PYTHON=...")'
	@case $(TORCH) in cpu|cuda) ;; *) echo "TORCH is cpu or cuda; it cannot be $(TORCH)"; exit 2 ;; esac
	@echo "Installing into .venv, for $(TORCH)"
	@test -e $@ || rm -rf .venv
	@$(PYTHON) -m venv $(if $(BROKEN),--clear) .venv
	@$(BIN)/python -m pip install --quiet uv || echo "uv cannot be had: pip takes longer"
	@test $(TORCH) = cuda || { export UV_HTTP_RETRIES=0 UV_HTTP_TIMEOUT=10; \
		$(call INSTALL,--torch-backend cpu $$(grep -E '^torch(vision)?==' requirements.lock)); } 2> /dev/null || \
		echo "torch's builds for CPUs cannot be had: installing the registry's, which needs CUDA's libraries (3 GB)"
	@case $$(echo .venv/lib/*/site-packages/torch-*.dist-info) in \
		*+cpu*) skipped='^(nvidia-|cuda-|triton)';; *) skipped=$(if $(filter cuda,$(TORCH)),'^$$','^(cuda-|triton)');; esac; \
	$(call PINNED,0) | grep -vE "$$skipped" > .venv/requirements.txt
	@$(call INSTALL,--requirement .venv/requirements.txt)
	@$(call INSTALL,--editable .)
	@rm -f .venv/.installed-*; (cd .venv && pwd -P) > .venv/.made-in
	@touch $@

$(FOR_TESTS): $(INSTALLED)
	@$(call PINNED,1) > .venv/requirements.txt
	@$(call INSTALL,--requirement .venv/requirements.txt)
	@touch $@

$(FOR_DOCS): $(INSTALLED)
	@$(call PINNED,2) > .venv/requirements.txt
	@$(call INSTALL,--requirement .venv/requirements.txt)
	@touch $@

# The same as `dvc repro`, with JOBS stages at a time.
demo: $(INSTALLED)  ## run the pipeline with the profile in params.yaml (demo, unless edited), JOBS=2 stages at a time
	@$(BIN)/python -m lookalike run --jobs $(JOBS)
	@echo "The report: reports/$$(sed -n 's/^profile: *\([^ #]*\).*/\1/p' params.yaml)/index.html"

repro: demo  ## the same

train: $(INSTALLED)  ## train every variant of PROFILE=cpu, one at a time, at low priority; goes on after a kill
	nice -n 19 $(BIN)/python -m lookalike train --profile $(PROFILE)

test: $(FOR_TESTS)  ## all tests
	$(BIN)/python -m pytest

coverage: $(FOR_TESTS)  ## all tests; fails if less than 90 % of the lines in src/ are run
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered --cov-fail-under=90

lint: $(FOR_TESTS)  ## style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy src stages

docs: export NO_MKDOCS_2_WARNING = 1
docs: $(FOR_DOCS)  ## the documentation site, in site/index.html; fails if a link leads nowhere
	$(BIN)/python -m mkdocs build --quiet

# Columns of dependencies: their first folder distinguishes files from parameters and metrics.
FILES := checked|costs|data|embeddings|evaluations|explanations|models|photographs|photos|primer|published|results|runs|sprites|src|stages|test_sets
experiments: $(INSTALLED)  ## compare experiments: the parameters and metrics that differ
	$(BIN)/dvc exp show --only-changed --drop '($(FILES))(\.json)?(/.*)?$$|comparisons(/[a-z0-9_-]+)?$$|params.yaml$$'

ui: PORT ?= 5000
ui: $(INSTALLED)  ## browse the training runs in MLflow, at the address that is printed; PORT=5000
	@$(BIN)/python -m lookalike.tracking.ui $(PORT)

published: $(INSTALLED)  ## render results/ to reports/published/
	$(BIN)/dvc repro --force --single-item stages/dvc.yaml:published

lock: $(INSTALLED)  ## pin the newest versions that pyproject.toml allows; what only tests and the site need comes last
	@compile="$(BIN)/python -m uv pip compile --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url"; \
	$$compile --quiet --extra dev --extra docs --upgrade --output-file .venv/all.txt pyproject.toml && \
	for part in "run" "test --extra dev" "docs --extra docs"; do set -- $$part; \
		$$compile --quiet --constraint .venv/all.txt $$2 $$3 --output-file .venv/$$1.txt pyproject.toml || exit 1; done && \
	{ cat .venv/run.txt; \
		echo "# For tests alone:"; grep -vxFf .venv/run.txt .venv/test.txt; \
		echo "# For the site alone:"; grep -vxFf .venv/run.txt .venv/docs.txt; } > requirements.lock

clean:  ## remove what the pipeline wrote (the cache in .dvc/cache and the environment stay)
	rm -rf checked comparisons data dvc_plots focus photos primer costs models runs test_sets sprites evaluations explanations embeddings downloads checkpoints finished published.json
	find reports -mindepth 1 -maxdepth 1 -not -name published -exec rm -rf {} +
