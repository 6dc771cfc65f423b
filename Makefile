# make demo and make test work on a fresh machine with Python 3.11 or newer and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PEERS := benchmarks/data/venv-peers
LAB ?= lab
TRAIN = OMP_NUM_THREADS=1 $(BIN)/omnisearch train --lab $(LAB)
CORES = $(shell nproc)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# FAISS and BLAS would otherwise start a thread per core for each small query.
export OMP_NUM_THREADS ?= 2

.PHONY: install demo demo-vectors test test-fast lint types bench-smoke bench drill train drift arms build clean

install: $(VENV)/dev.stamp

demo: $(VENV)/run.stamp
	$(BIN)/python examples/demo/demo.py

# The same engine with vectors of one's own, compared with an exact search.
demo-vectors: $(VENV)/run.stamp
	$(BIN)/python examples/demo/vectors.py

# One process more than there are cores, since some wait, and four at most: each has an encoder in
# memory. What measures time or memory runs alone.
PROCESSES = $(shell expr $(CORES) + 1)
SIDE_BY_SIDE = OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n $(PROCESSES) --maxprocesses 4 --dist loadgroup
test: $(VENV)/train.stamp
	$(SIDE_BY_SIDE) -m "not alone"
	$(BIN)/python -m pytest -q -m alone $$(grep -rl --include='*.py' mark.alone tests)

test-fast: $(VENV)/train.stamp
	$(SIDE_BY_SIDE) -m "not slow and not gpu and not alone"

lint: $(VENV)/train.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/train.stamp
	$(BIN)/mypy

bench-smoke: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks.run smoke

bench: $(VENV)/dev.stamp $(PEERS)/stamp
	$(BIN)/python -m benchmarks.run all

drill: $(VENV)/dev.stamp
	$(BIN)/python -m tests.drill

# Everything from nothing to the encoder that ships; it goes on where it was cut.
train: $(VENV)/train.stamp
	$(TRAIN) all --threads $(CORES)

# What fusion breaks and what repairs it: both variants with three seeds each, two at a time. The
# one with the controls takes longest, so it comes first, and the shortest comes last.
RUNS := a0 b0 a1 b1 b2 a2
drift: train
	$(MAKE) -j2 $(RUNS:%=drift-%)
	$(TRAIN) report
	cp $(LAB)/report/* docs/drift/

# Following instructions learnt in four ways, with three seeds each.
arms: train
	$(TRAIN) arms --threads $(CORES)

$(RUNS:%=drift-%): drift-%:
	run=$*; for stage in specialists fuse recover drift; do \
	  $(TRAIN) $$stage --variant $${run%?} --seed $${run#?} || exit $$?; done

build: $(VENV)/dev.stamp
	$(BIN)/python -m build --no-isolation --outdir dist

clean:
	rm -rf dist build .demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# pip before 25.1 knows no dependency groups.
$(VENV)/run.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --upgrade "pip>=25.1"
	$(PIP) install --constraint constraints.txt --editable .
	touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	$(PIP) install --constraint constraints.txt --group dev
	touch $@

$(VENV)/train.stamp: pyproject.toml constraints.txt $(VENV)/dev.stamp
	$(PIP) install --constraint constraints.txt --editable ".[train,hub,svg]"
	touch $@

# The stores to compare with pin each other's dependencies, so they live apart.
$(PEERS)/stamp: pyproject.toml
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip --quiet install --upgrade "pip>=25.1"
	$(PEERS)/bin/python -m pip --quiet install --group bench
	touch $@
