# make demo: everything from nothing. make help: the rest.
.PHONY: help setup demo repro train published test coverage lint ui lock clean
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
JOBS ?= 2
PROFILE ?= cpu

help:  ## what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(INSTALLED)  ## the environment in .venv, with the pinned packages

# uv only makes this faster: where it cannot be had, pip does the same.
$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "needs Python 3.11 or newer: make PYTHON=...")'
	$(PYTHON) -m venv .venv
	if $(BIN)/python -m pip install --quiet uv; then \
		$(BIN)/uv pip install --quiet --no-deps --compile-bytecode --python $(BIN)/python --requirement requirements.lock && \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .; \
	else \
		$(BIN)/python -m pip install --quiet --no-deps --requirement requirements.lock && \
		$(BIN)/python -m pip install --quiet --no-deps --editable .; \
	fi
	@touch $@

# `dvc repro` runs one stage at a time. Here stages that do not need each other are shared between JOBS processes: after
# the check of params.yaml come data and photographs, then training in three rounds (a process takes seconds to begin),
# then the studies, each from evaluation to embedding. The last line runs what comes after them, and anything stale.
# Threads that wait for work sleep instead of spinning, so that processes do not slow each other down; the numbers stay the
# same.
#
# DVC reads and writes dvc.lock as a whole after every stage. Without a cache its hashes are of no use: the file then
# begins with the names of the stages alone, which keeps their order.
demo: export OMP_WAIT_POLICY = passive
demo: $(INSTALLED)  ## run the pipeline with the profile in params.yaml (demo, unless edited), JOBS=2 stages at a time
	@$(BIN)/python stages/check.py
	@test -d .dvc/cache || { sed -n '/^[a-z]/p;/^  [^ ]/p;/^    cmd/p' dvc.lock > dvc.lock.short && mv dvc.lock.short dvc.lock; }
	@set -e; stages=$$($(BIN)/dvc stage list --name-only); at_once="xargs -P $(JOBS)"; \
	run="$(BIN)/dvc --wait-for-lock repro --single-item"; $$run check; \
	echo "$$stages" | grep -E '^(fetch@|photos$$|primer$$)' | sort -r | $$at_once -n 1 $$run; \
	set -- $$(echo "$$stages" | grep ^train@); round=$$((3 * $(JOBS))); \
	echo "$$@" | $$at_once -n $$((($$# + round - 1) / round)) $$run; \
	{ echo costs; echo "$$stages" | sed -n 's/^embed@\(.*\)/evaluate@\1 explain@\1 embed@\1 test_set@\1 compare@\1/p'; } | sort -r | $$at_once -L 1 $$run
	$(BIN)/dvc repro
	@echo "The report: reports/$$(sed -n 's/^profile: *\([^ #]*\).*/\1/p' params.yaml)/index.html"

repro: demo  ## the same

train: $(INSTALLED)  ## train every variant of PROFILE=cpu, one at a time, at low priority; goes on after a kill
	nice -n 19 $(BIN)/python -m lookalike train --profile $(PROFILE)

test: $(INSTALLED)  ## all tests
	$(BIN)/python -m pytest

coverage: $(INSTALLED)  ## all tests; fails if less than 90 % of the lines in src/ are run
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered --cov-fail-under=90

lint: $(INSTALLED)  ## style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy src stages

ui: $(INSTALLED)  ## browse the runs at http://127.0.0.1:5000
	$(BIN)/mlflow ui

published: $(INSTALLED)  ## render results/ to reports/published/
	$(BIN)/dvc repro --force --single-item published

lock: $(INSTALLED)  ## pin the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile --universal --python-version 3.11 --extra dev --upgrade --no-header --no-annotate \
		--no-emit-index-url --output-file requirements.lock pyproject.toml

clean:  ## remove what the pipeline wrote (the cache in .dvc/cache and the environment stay)
	rm -rf checked data photos primer costs models runs test_sets evaluations explanations embeddings downloads checkpoints finished published.json
	find reports -mindepth 1 -maxdepth 1 -not -name published -exec rm -rf {} +
