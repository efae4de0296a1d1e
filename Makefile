# Everything runs in .venv; `make` alone lists the targets.
PYTHON ?= python3
BIN := .venv/bin
export NUMBA_CACHE_DIR ?= $(CURDIR)/.venv/numba-cache

.PHONY: help setup demo test test-all check golden reference docs package clean

help:
	@echo "make demo      set up, then run the main job on seeds/"
	@echo "make test      set up, then run the fast tests"
	@echo "make test-all  the slow tests, too"
	@echo "make check     lint, format and types"
	@echo "make golden    write the golden files of the tests anew (review the diff)"
	@echo "make reference write docs/reference/ anew from the code"
	@echo "make docs      build the site of docs/ in site/; every broken link fails"
	@echo "make package   build wheel and sdist in dist/"
	@echo "make clean     remove .venv and the runs in out/"

.venv/ready: pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'cleaner needs Python 3.11 or newer: make PYTHON=python3.12 …')"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

setup: .venv/ready

demo: setup
	$(BIN)/cleaner run configs/vi-news.yaml

test: setup
	$(BIN)/python -m pytest -n auto

test-all: setup
	$(BIN)/python -m pytest -n auto -m ''

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

golden: setup
	$(BIN)/python -m pytest --golden=write

reference: setup
	$(BIN)/python -m tools.reference

docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

package: setup
	$(BIN)/python -m build --no-isolation

clean:
	rm -rf .venv out/* site dist
