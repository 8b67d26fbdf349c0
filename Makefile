# make only creates the environment; every target is one snakemake or pytest call that works without it.
PYTHON ?= python3
VENV   ?= .venv
CORES  ?= $(shell nproc)
BIN    := $(VENV)/bin
# PROFILE=slurm runs on a cluster, PROFILE=local on a workstation with GPUs (see profiles/).
PLATFORM  = $(if $(PROFILE),--profile profiles/$(PROFILE),--cores $(CORES))
SNAKEMAKE = $(BIN)/python scripts/preflight.py && $(BIN)/snakemake $(PLATFORM) $(ARGS)
# CONFIG=config/paper.yaml chooses what fetch and bundle are for.
CONFIGFILE = $(if $(CONFIG),--configfile $(CONFIG))
PIP    = $(BIN)/python -m pip --disable-pip-version-check --quiet

TORCH_PIN  := torch==2.13.0
# TORCH=cpu takes the small CPU build (a laptop without an NVIDIA GPU).
TORCH_INDEX := $(if $(filter cpu,$(TORCH)),--index-url https://download.pytorch.org/whl/cpu)
HAS_MCLUST  := $(shell Rscript -e 'cat(requireNamespace("mclust", quietly = TRUE))' 2>/dev/null)
R_STAMP     := $(if $(filter TRUE,$(HAS_MCLUST)),$(VENV)/.rpy2)

.PHONY: run real deconvolution demo reproduce setup test soak bench lint fetch bundle plan status tables retry doctor clean help

run: setup           ## default benchmark: two real and two simulated tissues, STAGUE and the controls
	@$(SNAKEMAKE)

deconvolution: setup ## which cell types make up each spot: simulated spots and two real sets
	@$(SNAKEMAKE) deconvolution --configfile config/deconvolution.yaml

real: setup          ## STAGUE, four more methods and the controls on the small real datasets
	@$(SNAKEMAKE) --configfile config/real.yaml

demo: setup          ## STAGUE's own demonstration: its published score beside ours, UMAP, PAGA, domain and CCI maps
	@$(SNAKEMAKE) --configfile config/demo.yaml

reproduce: setup     ## the whole matrix of the paper; stops with a list where data cannot be had
	@$(SNAKEMAKE) fetch --configfile config/paper.yaml
	@$(SNAKEMAKE) --configfile config/paper.yaml

fetch: setup         ## all data of the configuration; licences, sizes and disk needed are said first
	@$(SNAKEMAKE) fetch_plan --quiet all $(CONFIGFILE)
	@$(SNAKEMAKE) fetch $(CONFIGFILE)

bundle: fetch        ## data (WHEELS=1: and Python packages) for a machine without a network, in one tar
	@$(BIN)/python scripts/bundle.py --output stbench-bundle.tar $(if $(WHEELS),--wheels $(TORCH_PIN)) results/raw/*

plan: setup          ## what CONFIG= would take: matrix, jobs, disk, hours and memory, and what is done
	@$(SNAKEMAKE) plan --quiet all $(CONFIGFILE)

status:              ## how far the latest run is, also while it goes on
	@$(BIN)/python scripts/status.py

tables: setup        ## partial tables of whatever is scored so far, also while a run goes on
	@$(SNAKEMAKE) tables --quiet all $(CONFIGFILE)

retry: setup         ## list the failed cells and reset them, so that the next run tries them again
	@$(BIN)/python scripts/retry_failed.py --reset

setup: $(VENV)/.ready $(R_STAMP)  ## create the environment in .venv

setup-%: $(VENV)-%/.ready  ## the environment of a method that needs one of its own, in .venv-%
	@:

# Else the files with few but long tests come last and one core waits for them.
LONGEST_FIRST = --no-loadscope-reorder tests/slurm tests/workflow tests/unit tests/gpu

test: setup $(VENV)/.dev  ## all tests
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile $(LONGEST_FIRST)

soak: setup $(VENV)/.dev  ## 50 random faults (kills, a full disk), resumed each time: the same tables
	@OMP_NUM_THREADS=1 STBENCH_SOAK=50 $(BIN)/python -m pytest -s tests/workflow/test_soak.py

bench: setup         ## speed and memory against what the machine allows: benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/run.py

lint: setup $(VENV)/.dev  ## ruff, snakefmt, snakemake --lint, mypy
	@$(BIN)/ruff check scripts tests benchmarks
	@$(BIN)/ruff format --check scripts tests benchmarks
	@$(BIN)/snakefmt --check Snakefile rules
	@$(BIN)/snakemake --lint
	@$(BIN)/mypy scripts

$(VENV)/.ready: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: $(PYTHON) is older than 3.11; name a newer one: make setup PYTHON=python3.12"; exit 1; }
	@echo "setting up $(VENV) (a few minutes, once)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install $(TORCH_PIN) $(TORCH_INDEX)
	@$(PIP) install --no-deps -r requirements.lock
	@touch $@

# Described once, for conda and for us: the pip section of envs/<name>.yaml is complete.
.PRECIOUS: $(VENV)-%/.ready
$(VENV)-%/.ready: BIN = $(VENV)-$*/bin
$(VENV)-%/.ready: envs/%.yaml
	@grep -q '==' $< || { echo "error: $< can only be made by conda: snakemake --sdm conda"; exit 1; }
	@echo "setting up $(VENV)-$* (a few minutes, once)"
	@$(PYTHON) -m venv $(VENV)-$*
	@sed -n 's/^ *- \([^ ]*==[^ ]*\).*/\1/p' $< > $(VENV)-$*/pins.txt
	@grep '^torch==' $(VENV)-$*/pins.txt | xargs -r $(PIP) install $(TORCH_INDEX)
	@$(PIP) install --no-deps -r $(VENV)-$*/pins.txt
	@touch $@

$(VENV)/.rpy2: requirements-r.lock | $(VENV)/.ready
	@$(PIP) install --no-deps -r requirements-r.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(VENV)/.ready
	@$(PIP) install --no-deps -r requirements-dev.lock
	@touch $@

doctor:              ## what this machine has of what is needed, and how to mend what is missing
	@$(firstword $(wildcard $(BIN)/python) $(PYTHON)) scripts/doctor.py

clean:               ## remove everything computed
	rm -rf results .snakemake

help:                ## this list
	@grep -hE '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z%-]+):.*## */\1\t/' | expand -t 12
