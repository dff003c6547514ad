# make study STUDY=small   the same for studies/small.yaml, in studies/small
# make study   everything: environment, synthetic corpora if no release is linked, the pipeline, the matrix
# make test    environment and all tests
# make lint    ruff and mypy
# make env     the environment alone, in .venv
# make ui      the MLflow pages on http://127.0.0.1:5000
# make clean   delete all that stages have made; releases, links and the runs in MLflow stay
# make bench   timings, as ratios in one run

SHELL := /bin/bash
VENV := .venv
PYTHON ?= python3
EXTRAS ?= e5,hub,opensmile,ray,dev
BIN := $(CURDIR)/$(VENV)/bin
export PATH := $(BIN):$(PATH)
export DVC_NO_ANALYTICS := 1
FOLDER := $(CURDIR)$(if $(STUDY),/studies/$(STUDY))
export MLFLOW_DISABLE_TELEMETRY := true
STAMP := $(VENV)/.installed

.PHONY: study test lint env ui bench clean
.DEFAULT_GOAL := study

env: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name it with: make PYTHON=python3.11 ..."; exit 1; }
	test -x "$(BIN)/python" || $(PYTHON) -m venv $(VENV)
	"$(BIN)/python" -m pip install --upgrade "pip>=24" "setuptools>=77"
	"$(BIN)/python" -m pip install -c constraints.txt -e '.[$(EXTRAS)]'
	touch $@

study: env
	@git rev-parse --git-dir > /dev/null 2>&1 || git init -q  # of an archive without .git: dvc asks for one
	python -m harness synth --if-unlinked
ifdef STUDY
	python -m harness study '$(STUDY)'
endif
	cd "$(FOLDER)" && dvc repro && python -m harness show
	@echo
	@echo "report:  $(FOLDER)/results/report.html"
	@echo "MLflow:  make ui, then http://127.0.0.1:5000"

test: env
	OMP_NUM_THREADS=1 python -m pytest -n auto --dist loadfile --no-loadscope-reorder  # the slowest file first

lint: env
	ruff check .
	ruff format --check .
	mypy harness adapters

ui: env
	MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false mlflow server --workers 1 --host 127.0.0.1 --port 5000 \
	  --backend-store-uri $${MLFLOW_TRACKING_URI:-sqlite:///mlflow.db}

bench: env
	python -m benchmarks

clean:
	git clean -fdXq -- $(addprefix data/,code corpora features inputs outside params work) models predictions protocols results
