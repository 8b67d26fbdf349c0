# make only creates the environment; every target is one snakemake or pytest call that works without it.
PYTHON ?= python3
VENV   ?= .venv
CORES  ?= $(shell nproc)
BIN    := $(VENV)/bin
SNAKEMAKE = $(BIN)/snakemake --cores $(CORES) $(ARGS)
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

# TORCH=cpu takes the small CPU build (a laptop without an NVIDIA GPU).
TORCH_INDEX := $(if $(filter cpu,$(TORCH)),--index-url https://download.pytorch.org/whl/cpu)
HAS_MCLUST  := $(shell Rscript -e 'cat(requireNamespace("mclust", quietly = TRUE))' 2>/dev/null)
R_STAMP     := $(if $(filter TRUE,$(HAS_MCLUST)),$(VENV)/.rpy2)

.PHONY: run real reproduce setup test lint retry clean help

run: setup           ## default benchmark: two real and two simulated tissues, STAGUE and the controls
	@$(SNAKEMAKE)

real: setup          ## STAGUE and the controls on the small real datasets
	@$(SNAKEMAKE) --configfile config/real.yaml

reproduce: setup     ## the whole matrix of the paper; stops with a list where data cannot be had
	@$(SNAKEMAKE) fetch --configfile config/paper.yaml
	@$(SNAKEMAKE) --configfile config/paper.yaml

retry: setup         ## list the failed cells and reset them, so that the next run tries them again
	@$(BIN)/python scripts/retry_failed.py --reset

setup: $(VENV)/.ready $(R_STAMP)  ## create the environment in .venv

test: setup $(VENV)/.dev  ## all tests
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile tests

lint: setup $(VENV)/.dev  ## ruff, snakefmt, snakemake --lint, mypy
	@$(BIN)/ruff check scripts tests
	@$(BIN)/ruff format --check scripts tests
	@$(BIN)/snakefmt --check Snakefile rules
	@$(BIN)/snakemake --lint
	@$(BIN)/mypy scripts

$(VENV)/.ready: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: $(PYTHON) is older than 3.11; name a newer one: make setup PYTHON=python3.12"; exit 1; }
	@echo "setting up $(VENV) (a few minutes, once)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install torch==2.13.0 $(TORCH_INDEX)
	@$(PIP) install --no-deps -r requirements.lock
	@touch $@

$(VENV)/.rpy2: requirements-r.lock | $(VENV)/.ready
	@$(PIP) install --no-deps -r requirements-r.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(VENV)/.ready
	@$(PIP) install --no-deps -r requirements-dev.lock
	@touch $@

clean:               ## remove everything computed
	rm -rf results .snakemake

help:                ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */\1\t/' | expand -t 12
