# Everything a user or a developer types. `make run` and `make test` set up what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find cosim adapters models launch -name '*.pyx' -o -name '*.pxd' -o -name '*.pxi' -o -name '*.h') \
           $(wildcard models/microcircuit/neurons/*.py models/microcircuit/language/*.py models/language/*.py models/wholebrain/dynamics/*.py \
           models/wholebrain/language/*.py) setup.py pyproject.toml

.PHONY: help run test check validate clean

help:
	@echo "make run       run a spiking column inside a whole brain and write a report"
	@echo "make test      run the tests"
	@echo "make check     run the lint and type checks"
	@echo "make validate  run the slow comparisons with references"
	@echo "make clean     remove everything that was built"

run: $(VENV)/.run
	$(BIN)/cosim run launch/experiments/column_in_brain.yaml

test: $(VENV)/.test
	$(BIN)/pytest -q -n 2 --dist loadfile

validate: $(VENV)/.test
	$(BIN)/pytest -q -m validation

check: $(VENV)/.dev
	$(BIN)/ruff check .
	rm -rf build/typed && mkdir -p build/typed/cosim
	ln -s $(CURDIR)/cosim/* $(CURDIR)/adapters $(CURDIR)/models $(CURDIR)/launch build/typed/cosim/
	cd build/typed && $(CURDIR)/$(BIN)/mypy --config-file $(CURDIR)/pyproject.toml
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/cython-lint --max-line-length=140 cosim adapters models

# The package index brings everything, MPI too; --no-build-isolation builds against the numpy and Cython that will be used.
$(VENV)/.made: $(SOURCES)
	$(PYTHON) -c "import sys; sys.exit('cosim needs Python 3.11 or newer; name one with: make PYTHON=...' if sys.version_info < (3, 11) else 0)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check "setuptools>=77" "cython>=3.1" "numpy>=2.0"
	touch $@

$(VENV)/.run: $(VENV)/.made
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation -e ".[mpi,data]"
	touch $@

$(VENV)/.test: $(VENV)/.made tests/support/stranger/pyproject.toml
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation -e ".[mpi,data,test]"
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation -e tests/support/stranger
	touch $@ $(VENV)/.run

$(VENV)/.dev: $(VENV)/.test
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation -e ".[mpi,data,dev]"
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info tests/support/stranger/*.egg-info
	find cosim adapters models launch -name '*.so' -delete
