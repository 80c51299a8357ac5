# Every target makes what it needs in .venv; the second run is quick.
SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
BENCHMARKS := startup signing_cost corpus batch search serving identify hearing alter capture

.PHONY: help demo test lint bench docs clean
.DELETE_ON_ERROR:

help:
	@echo 'make demo   sign real footage, register it, and judge the copies that go round'
	@echo 'make test   linters and all tests'
	@echo 'make lint   linters alone'
	@echo 'make bench  the benchmarks'
	@echo 'make docs   what the documentation takes from real runs (needs Chromium)'
	@echo 'make clean  remove everything the other targets made'

demo: $(VENV)/.demo
	$(PY) -m benchmarks.demo demo-output

test: lint
	$(PY) -m pytest

lint: $(VENV)/.test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: $(VENV)/.bench
	set -e; for name in $(BENCHMARKS); do $(PY) -m benchmarks.$$name; done

docs: $(VENV)/.test
	$(PY) -m benchmarks.docs

clean:
	rm -rf $(VENV) demo-output bench-output dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/.python: .ci/make-venv
	.ci/make-venv $(VENV)
	touch $@

$(VENV)/.demo: $(VENV)/.python pyproject.toml
	$(PIP) --editable '.[demo]'
	touch $@

$(VENV)/.bench: $(VENV)/.test
	$(PIP) --editable '.[demo,test,bench]'
	touch $@

$(VENV)/.test: $(VENV)/.python pyproject.toml
	$(PIP) --editable '.[demo,test]'
	touch $@
