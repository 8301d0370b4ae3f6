# make app     install what is missing, build the index from corpus/, serve the page
# make test    install what is missing, run the tests
PYTHON ?= python3
PORT ?= 8501
BIN := .venv/bin
SHARED ?= ../shared

.PHONY: app setup setup-tests index test check quality reading fit train bench load faults \
  fuzz pictures clean
.DEFAULT_GOAL := app

app: setup index
	$(BIN)/streamlit run app.py --server.port $(PORT)

setup: .venv/installed

index: setup
	@$(BIN)/python -m indexer build

# The stamp is made last: an installation that was interrupted is done again.
.venv/installed: requirements.txt index/model/closer/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1)."; \
	  echo "Name another one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments here. On Debian or Ubuntu install them:"; \
	  echo "  sudo apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what the product runs on; the first time takes a few minutes."
	@$(BIN)/pip install --disable-pip-version-check --quiet -r requirements.txt
	@$(BIN)/pip install --disable-pip-version-check --quiet --no-deps \
	  -r index/model/closer/requirements.txt
	@touch $@

setup-tests: .venv/installed-tests

.venv/installed-tests: .venv/installed tests/requirements.txt
	@echo "Installing what the tests run on."
	@$(BIN)/pip install --disable-pip-version-check --quiet -r tests/requirements.txt
	@touch $@

test: setup-tests
	$(BIN)/pytest

check: setup-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

# Figures, from the reports and questions in $(SHARED).
quality: setup-tests
	@$(BIN)/python -m tests.quality.ranking --shared $(SHARED) $(if $(PUBLIC),--public) $(if $(SCOPED),--scoped)

reading: setup-tests
	@$(BIN)/python -m tests.quality.reading
	@$(BIN)/python -m tests.quality.facts

fit: setup-tests
	@$(BIN)/python -m tests.quality.fit --shared $(SHARED)

train: setup-tests
	@$(BIN)/python -m training train --shared $(SHARED)

bench: setup-tests
	@$(BIN)/python -m tests.performance.bench --shared $(SHARED) $(if $(QUICK),--no-million)
	@$(BIN)/python -m tests.performance.reading

load: setup-tests index
	@$(BIN)/python -m tests.performance.load

faults: setup-tests
	@$(BIN)/python -m tests.faults

# Of the index in INSPECTION_SEARCH_INDEX where that is set, else of corpus/.
pictures: setup-tests $(if $(INSPECTION_SEARCH_INDEX),,index)
	@$(BIN)/python -m tests.browser.pictures

fuzz: setup-tests
	@$(BIN)/python -m tests.performance.mutated_pdfs

clean:
	rm -rf .venv index/data
	find . -name __pycache__ -prune -exec rm -rf {} +
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis
