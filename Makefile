# make creates the environment; every target is a call of snakemake, pytest or python that also works without make.
#: CONFIG=FILE      configuration to use; default: config/config.yaml, or the one that the target names
#: DATA=FILE        domains, plan: your section, a file or folder as its platform wrote it
#: N=7              domains, plan: the number of domains; default: that of the labels, or 2 to 12 are compared and one is recommended
#: LABEL=COLUMN     domains, plan: the column of obs with the true domains, if they are known
#: METHOD=ID        compare: the method; DATASETS="BZ5 BZ9": on these, default: three sections that come with the project
#: EXTERNAL=FOLDER  compare: results of the method that were computed elsewhere
#: PROFILE=NAME     slurm: submit to a cluster; local: a workstation with GPUs (see profiles/)
#: CORES=N          cores to use; default: all, for tests 2
#: ARGS="..."       more options for snakemake, pytest or the program, for example ARGS=--dry-run
#: TORCH=cpu        setup: the small CPU build of PyTorch, for a machine without an NVIDIA GPU
#: PYTHON=FILE      setup: a Python 3.11 or newer; default: python3
#: VENV=FOLDER      the environment; default: .venv
#: FORCE=1          train finished fits again whose code or data changed
#: WHEELS=1         bundle: include the Python packages
#: STRICT=1         reproduce, bundle: stop if data are not available
# Not from the environment, where names as common as DATA have another meaning.
$(foreach name,CONFIG DATA N LABEL METHOD DATASETS EXTERNAL PROFILE ARGS, \
  $(if $(filter environment,$(origin $(name))),$(eval $(name) :=)))

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

$(foreach file,$(CONFIG),$(if $(wildcard $(file)),,$(error CONFIG=$(file): no such file; configurations are in config/)))
$(if $(PROFILE),$(if $(wildcard profiles/$(PROFILE)),,$(error PROFILE=$(PROFILE): no such folder in profiles/)))

CONFIGFILE = $(if $(CONFIG),--configfile $(CONFIG))
# The one that names the run, for programs that take one file.
LAST_CONFIG = $(if $(CONFIG),--configfile $(lastword $(CONFIG)))
MACHINE    = $(if $(PROFILE),--profile profiles/$(PROFILE) $(if $(CORES),--cores $(CORES)),--cores $(or $(CORES),all))
OPTIONS    = $(MACHINE) $(CONFIGFILE) $(ARGS)
SNAKEMAKE = $(BIN)/python scripts/preflight.py && $(BIN)/snakemake
# For targets that are used while a run works and make no data: Snakemake would remove the lock of the run when it ends.
BESIDE = --nolock
OWN_SECTION = $(BIN)/python scripts/preflight.py && $(BIN)/python scripts/own_section.py --path '$(DATA)' \
  $(if $(N),--n-domains '$(N)') $(if $(LABEL),--label '$(LABEL)') -- $(BIN)/snakemake
PIP    = $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCKED = $(PIP) install --require-hashes --no-deps -r

CHECK_PYTHON = $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
  { echo "error: $(PYTHON) is not Python 3.11 or newer; name one: make setup PYTHON=python3.12"; exit 1; }

# Not in a lock file: the build depends on the GPU. The CPU build has its own index; the CUDA build includes its libraries.
TORCH_PIN   := torch==2.13.0
TORCH_INDEX := $(if $(filter cpu,$(TORCH)),--index-url https://download.pytorch.org/whl/cpu)
HAS_MCLUST  := $(shell Rscript -e 'cat(requireNamespace("mclust", quietly = TRUE))' 2>/dev/null)
R_STAMP     := $(if $(filter TRUE,$(HAS_MCLUST)),$(VENV)/.rpy2)

.PHONY: run domains compare ship verdict-pages real demo deconvolution reproduce plan status tables retry fetch \
  check-sources bundle test test-unit lint docs doctor bench soak mutants setup lock clean help

run: setup           ## run the benchmark of CONFIG; default: two real and two simulated tissues
	@$(SNAKEMAKE) $(OPTIONS)

# A CONFIG= on the command line takes precedence over these.
domains: CONFIG = config/domains.yaml
domains: setup       ## find the domains of your section DATA= with N= domains, without a configuration
	@$(if $(DATA),,echo "error: name your section: make domains DATA=section.h5ad N=7"; exit 1)
	@$(OWN_SECTION) $(OPTIONS)

real: CONFIG = config/real.yaml
real: run            ## run on the small real datasets

demo: CONFIG = config/demo.yaml
demo: run            ## repeat STAGUE's demonstration and compare it with its published scores

deconvolution: CONFIG = config/deconvolution.yaml
deconvolution: run   ## estimate the cell types of each spot, on simulated and real spots

reproduce: CONFIG = config/paper.yaml
reproduce: setup     ## run every method on the data of the paper (a cluster, or days); lists missing data
	@$(SNAKEMAKE) $(if $(STRICT),fetch,available) $(OPTIONS)
	@$(SNAKEMAKE) $(OPTIONS); code=$$?; $(SNAKEMAKE) available $(OPTIONS) && exit $$code

compare: CONFIG = config/compare.yaml
compare: setup       ## train METHOD= only, and show it beside the results that come with the project
	@$(if $(METHOD),,echo "error: name the method: make compare METHOD=graphst"; exit 1)
	@$(BIN)/python scripts/preflight.py
	@$(BIN)/python scripts/compare.py --method '$(METHOD)' $(if $(DATASETS),--datasets $(DATASETS)) \
	  $(if $(EXTERNAL),--external '$(EXTERNAL)') -- $(BIN)/snakemake $(OPTIONS)

ship: CONFIG = config/verdict.yaml
ship: setup          ## pack what is finished of a run as the results that come with the project
	@$(SNAKEMAKE) ship $(BESIDE) $(OPTIONS)

verdict-pages: setup ## write leaderboard, claims, figures and README's headline from the shipped results
	@$(BIN)/python scripts/verdict_pages.py $(ARGS)

plan: CONFIG := $(if $(DATA),config/domains.yaml,$(CONFIG))
plan: setup          ## show the entries, jobs, disk, hours and memory of a run before it starts
	@$(if $(DATA),$(OWN_SECTION),$(SNAKEMAKE)) plan $(BESIDE) $(OPTIONS)

status:              ## show the progress of the latest run, also while it is running
	@$(BIN)/python scripts/status.py $(LAST_CONFIG) $(ARGS)

tables: setup        ## write partial tables of the current scores, also during a run
	@$(SNAKEMAKE) tables $(BESIDE) $(OPTIONS)

retry: setup         ## list failed entries and reset them, so that the next run retries them
	@$(BIN)/python scripts/retry_failed.py --reset $(LAST_CONFIG) $(ARGS)

fetch: setup         ## download all data of CONFIG; shows licenses, sizes and disk space first
	@$(SNAKEMAKE) fetch_plan $(BESIDE) $(OPTIONS)
	@$(SNAKEMAKE) fetch $(OPTIONS)

check-sources: setup ## check that the files of all URLs in the registry still exist
	@$(BIN)/python scripts/check_sources.py $(ARGS)

bundle: setup        ## pack the data into one tar for a machine without a network; lists what is missing
	@$(SNAKEMAKE) fetch_plan $(BESIDE) $(OPTIONS)
	@$(SNAKEMAKE) $(if $(STRICT),fetch,available) $(OPTIONS)
	@$(BIN)/python scripts/bundle.py --output stbench-bundle.tar $(if $(WHEELS),--wheels $(TORCH_PIN)) results/raw/*/*

# Otherwise the files with few but long tests run last and one core waits for them.
# One worker more than cores: tests of the workflow also wait for processes. Unit tests do not.
UNIT_WORKERS = $(or $(CORES),2)
WORKERS = $$(( $(UNIT_WORKERS) + 1 ))
LONGEST_FIRST = --no-loadscope-reorder tests/slurm tests/workflow tests/processes tests/programs tests/unit tests/gpu
# Tests start thousands of programs; without .pyc files each would compile its modules again.
PYTEST = env -u PYTHONDONTWRITEBYTECODE OMP_NUM_THREADS=1 $(BIN)/python -m pytest

test: setup $(VENV)/.dev       ## run all tests
	@$(PYTEST) -n $(WORKERS) --dist loadfile $(LONGEST_FIRST) $(ARGS)

test-unit: setup $(VENV)/.dev  ## run the unit tests only
	@$(PYTEST) -n $(UNIT_WORKERS) --dist loadfile tests/unit $(ARGS)

lint: setup $(VENV)/.dev       ## run ruff, snakefmt, snakemake --lint and mypy
	@$(BIN)/ruff check scripts tests benchmarks docs/site.py setup.py
	@$(BIN)/ruff format --check scripts tests benchmarks docs/site.py setup.py
	@$(BIN)/snakefmt --check Snakefile workflow rules
	@$(BIN)/snakemake --lint
	@$(BIN)/mypy scripts

docs: setup $(VENV)-docs/.ready  ## build the documents as a site: build/site/index.html
	@$(BIN)/python scripts/verdict_report.py --output build/report.html
	@$(VENV)-docs/bin/python docs/site.py build/docs build/report.html
	@NO_MKDOCS_2_WARNING=1 $(VENV)-docs/bin/mkdocs build --strict --quiet

doctor:              ## show what is missing on this machine, and how to fix it
	@$(if $(wildcard $(BIN)/python),,$(CHECK_PYTHON))
	@$(firstword $(wildcard $(BIN)/python) $(PYTHON)) scripts/doctor.py $(ARGS)

bench: setup         ## measure speed and memory: benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/run.py $(ARGS)

soak: setup $(VENV)/.dev       ## run a small benchmark with 50 random failures and changes; nothing may be lost
	@STBENCH_SOAK=50 $(PYTEST) -s --timeout 0 tests/workflow/test_soak.py $(ARGS)

mutants: setup $(VENV)/.dev    ## put 100 faults in the core, one at a time; the tests must notice 90
	@PYTHONPATH=tests nice $(BIN)/python -m mutants $(ARGS)

setup: $(VENV)/.ready $(R_STAMP)  ## create the environment

setup-%: $(VENV)-%/.ready         ## create the environment of envs/%.yaml, for methods that need their own
	@:

$(VENV)/.ready: requirements.lock
	@$(CHECK_PYTHON)
	@echo "setting up $(VENV) (a few minutes, once)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install $(TORCH_PIN) $(TORCH_INDEX)
	@$(LOCKED) requirements.lock
	@touch $@

$(VENV)/.rpy2: requirements-r.lock | $(VENV)/.ready
	@$(LOCKED) requirements-r.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(VENV)/.ready
	@$(LOCKED) requirements-dev.lock
	@touch $@

# The complete pip section of envs/<name>.yaml defines the environment for conda and for make.
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

$(VENV)-docs/.ready: BIN = $(VENV)-docs/bin
$(VENV)-docs/.ready: requirements-docs.lock
	@$(PYTHON) -m venv $(VENV)-docs
	@$(LOCKED) requirements-docs.lock
	@touch $@

UV = $(VENV)-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
  --custom-compile-command "make lock" $(ARGS)

lock:                ## pin the dependencies of pyproject.toml again; ARGS=--upgrade takes new versions
	@$(PYTHON) -m venv $(VENV)-lock
	@$(VENV)-lock/bin/python -m pip --disable-pip-version-check --quiet install uv==0.13.9
	@$(UV) --no-emit-package torch --output-file requirements.lock --all-extras --group workflow pyproject.toml
	@$(UV) --group r --constraints requirements.lock --output-file requirements-r.lock
	@$(UV) --group dev --constraints requirements.lock --output-file requirements-dev.lock
	@$(UV) --no-config --group docs --constraints requirements.lock --output-file requirements-docs.lock

clean:               ## remove everything computed
	rm -rf results .snakemake build

help:                ## show this list
	@echo 'make TARGET [VARIABLE=VALUE ...]'
	@echo
	@sed -nE 's/^([a-z%-]+):.*## */\1\t/p' $(MAKEFILE_LIST) | expand -t 16 | sed 's/^/  /'
	@echo
	@sed -nE 's/^#: ([A-Z]+=[^ ]+) +/\1\t/p' $(MAKEFILE_LIST) | expand -t 16 | sed 's/^/  /'
