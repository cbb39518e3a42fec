# make demo   sets everything up, builds the flagship agreement and judges a year of its data
# make test   sets up what is missing and runs every check and test
# make bench  measures, beside what others do, and writes docs/performance.md (SIZE=small|full|large, PARTS=…)
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FLAGSHIP := contracts/ai-governance-msa
SOURCES = $(shell find contracts templates -name '*.msa')
SIZE ?= full
WORKERS ?= auto
PANGO := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0

.PHONY: demo test bench setup setup-dev system format snapshots clean help

help:
	@sed -n 's/^# //p' Makefile

demo: setup
	$(BIN)/tally build $(FLAGSHIP)/agreement.msa -o build/ai-governance-msa
	@$(BIN)/tally evaluate $(FLAGSHIP)/agreement.msa --as-of 2028-01-01 -o build/ai-governance-msa/findings.json; \
	code=$$?; [ $$code -le 1 ] || exit $$code
	@echo
	@echo "The agreement: build/ai-governance-msa/agreement.pdf"
	@echo "The rules:     build/ai-governance-msa/rules.json"
	@echo "The findings:  build/ai-governance-msa/findings.json"

test: setup-dev
	$(BIN)/ruff format --check src tests contracts benchmarks
	$(BIN)/ruff check src tests contracts benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/tally fmt --check $(SOURCES)
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --cov --cov-report=term

bench: setup-dev
	$(BIN)/python -m benchmarks --size $(SIZE) $(foreach part,$(PARTS),--part $(part)) --write

snapshots: setup-dev
	$(BIN)/pytest tests/cases tests/docs --snapshots

format: setup-dev
	$(BIN)/ruff format src tests contracts benchmarks
	$(BIN)/ruff check --fix src tests contracts benchmarks
	$(BIN)/tally fmt $(SOURCES)

setup: $(VENV)/ready system
setup-dev: $(VENV)/ready-dev system

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "Python 3.11 or newer is needed. Install it and say which: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	{ rm -rf $(VENV); echo "Python cannot make a virtual environment. On Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/ready: pyproject.toml $(VENV)/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/ready-dev: pyproject.toml $(VENV)/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/ready

# WeasyPrint needs Pango and HarfBuzz, which no wheel carries. It is installed where that is possible without asking.
system: $(VENV)/bin/pip
	@$(BIN)/python -W ignore -c 'from weasyprint.text.ffi import harfbuzz_subset as found; assert found' >/dev/null 2>&1 || { \
	  if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(PANGO); \
	  elif command -v brew >/dev/null; then brew install --quiet pango; \
	  else echo "For the PDF, install Pango: sudo apt-get install $(PANGO) (Debian, Ubuntu), or brew install pango (macOS)."; \
	  fi; }

clean:
	rm -rf build $(VENV)
