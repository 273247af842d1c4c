# Everything below runs in $(VENV), which is made and filled on first use.
# Another interpreter or environment:  make test PYTHON=python3.12 VENV=/tmp/pearl

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(abspath $(VENV))/bin

# Jupyter finds its subcommands and its kernel through PATH; an active virtualenv or a user's kernel must not win.
export PATH := $(BIN):$(PATH)
export JUPYTER_PREFER_ENV_PATH := 1
unexport PYTHONHOME

# Tests are many and small: a process for each core is faster than several threads in each operation.
CORES    ?= $(shell getconf _NPROCESSORS_ONLN)
PARALLEL := OMP_NUM_THREADS=1

# What papermill is given for each, at its smallest size: a curve is measured on whole batches of four. A notebook
# refuses a parameter that it does not have, and those of single pictures have no `images`. (A blank at the end of a
# line would make xargs take the next line with it.)
IMAGES = $(if $(shell grep -l '"images = ' $(1)),-p images $(if $(filter curve%,$(notdir $(1))),4,2))
NOTEBOOKS = $(foreach path,$(wildcard notebooks/*.ipynb notebooks/*/*.ipynb),\
    '$(strip $(path) out/test/$(subst /,-,$(path:notebooks/%=%)) $(call IMAGES,$(path)))')

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install table1 test lab dashboard lint clean

help:  ## this list
	@grep -E '^[a-z0-9]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:[^#]*## */\t/' | \
	  while IFS="$$(printf '\t')" read -r name text; do printf 'make %-10s %s\n' "$$name" "$$text"; done

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# Stamps: installed once, and again when the list of dependencies changes.
$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install -c constraints.txt -e .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install -c constraints.txt -e '.[test]'
	touch $@

install: $(VENV)/.installed  ## create .venv and install the lab into it

# The command line measures, with a bar on the terminal; papermill would put the progress into the notebook. The
# notebook then finds everything in the store. The table comes last, where it is read.
table1: $(VENV)/.installed  ## PEARL's table 1 on the built-in scenes: on the terminal, and in out/ as notebook and HTML
	mkdir -p out
	$(BIN)/python -m lab table1 --out out > /dev/null
	$(BIN)/papermill -k python3 notebooks/table1.ipynb out/table1.ipynb
	$(BIN)/jupyter nbconvert --to html out/table1.ipynb
	cat out/table1.txt

test: $(VENV)/.installed-test  ## unit tests, then every notebook from top to bottom, on two images (a curve on four)
	$(PARALLEL) $(BIN)/python -m pytest -n $(CORES)
	rm -rf out/test && mkdir -p out/test
	export PEARL_HOME=$(abspath out/test/home) PEARL_ZOO= $(PARALLEL); \
	printf '%s\n' $(NOTEBOOKS) | xargs -P $(CORES) -L 1 $(BIN)/papermill -k python3 --no-progress-bar \
	&& $(BIN)/python -m pytest -n $(CORES) --dist loadfile --nbval-lax --nbval-current-env out/test

lab: $(VENV)/.installed  ## JupyterLab in notebooks/
	$(BIN)/jupyter lab --notebook-dir=notebooks

dashboard: $(VENV)/.installed  ## the Streamlit dashboard
	$(BIN)/streamlit run dashboard/app.py

lint: $(VENV)/.installed-test  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

clean:  ## remove out/, caches and build leftovers; keep .venv
	rm -rf out build dist *.egg-info .pytest_cache .ruff_cache
	find . -path ./$(VENV) -prune -o -type d \( -name __pycache__ -o -name .ipynb_checkpoints \) -exec rm -rf {} +
