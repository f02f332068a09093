# Two commands: `make demo` shows the main job, `make test` checks everything.
# A GPU user leaves the pinned CPU build of torch out:  make demo CONSTRAINTS=

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(shell command -v $(name))))
CONSTRAINTS ?= -c constraints.txt
SERVE ?= 1
PORT ?= 8501
DEMO ?= demo
WORKERS ?= 2
SOAK ?= 300
DEBIAN := espeak-ng flite festival festvox-kallpc16k chromium

BIN := .venv/bin
READY := .venv/.ready
DEBIAN_READY := .venv/.debian

.PHONY: demo test lint types contract pytest soak benchmarks pictures format clean

demo: $(READY) $(DEBIAN_READY)
	$(BIN)/xaudio demo --out $(DEMO)
ifneq ($(SERVE),0)
	$(BIN)/xaudio dashboard --port $(PORT) --folder $(DEMO)/corpus --sweep $(DEMO)/sweep --runs $(DEMO)/runs
endif

test: lint types contract pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

contract: $(READY)
	$(BIN)/lint-imports

pytest: $(READY) $(DEBIAN_READY)
	OMP_NUM_THREADS=1 $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# Every corruption on clips drawn at random, up to 60 s and 192 kHz: 12 each in `make test`, always the
# same; here as many as SOAK says, others every time. 300 take about five minutes on two cores. And five
# users of the dashboard for so many seconds, 15 in `make test`.
soak: $(READY)
	SOAK=$(SOAK) OMP_NUM_THREADS=1 $(BIN)/pytest -n $(WORKERS) --timeout 0 tests/perturbations/test_fuzz.py tests/dashboards/test_soak.py

benchmarks: $(READY) $(DEBIAN_READY)
	$(BIN)/python -m tests.benchmarks.run

pictures: $(READY)
	$(BIN)/python docs/make_pictures.py $(DEMO)
	PYTHONPATH=. $(BIN)/python docs/make_dashboard_pictures.py $(DEMO)

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(DEMO) .pytest_cache .mypy_cache .ruff_cache

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "xaudio needs Python 3.11 or newer: install python3.11 and its venv module."; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet $(CONSTRAINTS) --editable ".[dev]"
	@touch $@

# Speech synthesisers and a browser: installed where that is allowed, named in one line where not.
$(DEBIAN_READY): $(READY)
	@missing=""; for package in $(DEBIAN); do \
	  dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q "ok installed" || missing="$$missing $$package"; done; \
	if [ -z "$$missing" ]; then touch $@; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null && touch $@; \
	else echo "Not installed:$$missing. What needs them is left out; to have it: sudo apt-get install$$missing"; fi
