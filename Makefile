# `make help` lists what there is. Every target sets up what it needs first: .venv and lib/ by locked hashes.

PYTHON ?= python3
BROKER ?= nats
SCENARIO ?=
PORT ?= 0
BOARD ?= ESP32_GENERIC
MICROPYTHON ?=
OUT ?= build/image
N ?= 20000
PY := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup prompts spoken image demo blank scenarios test test-host test-micropython lint docs docs-check bench powercut powercut-files light lock clean

help: ## this list
	@echo "make TARGET [NAME=value ...]"
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "  %-18s%s\n", $$1, $$2 }'

setup: ## make .venv and lib/ ready (the others do it by themselves; PYTHON=python3.12 chooses one)
	@$(PYTHON) tools/set_up.py

prompts: spoken ## spoken messages of the unit, from texts or recordings (docs/prompts.md); without espeak-ng it sounds tones alone
	@$(PY) -m tools.prompts check

spoken: setup ## the same, as far as it goes: what is wrong with them stops neither demo nor scenarios
	@$(PY) -m tools.prompts build --if-possible

image: setup prompts ## a flash image: BOARD=name MICROPYTHON=file (as locked: docs/image.md) OUT=folder; then sizes against the budget
	@$(if $(MICROPYTHON),,echo "say MICROPYTHON=FILE: the .bin for the board, locked once by: $(PY) -m tools.image lock FILE --board $(BOARD)"; exit 2)
	@$(PY) -m tools.image build $(BOARD) --micropython $(MICROPYTHON) --out $(OUT)
	@$(PY) -m tools.image sizes $(BOARD)

demo: setup spoken ## a virtual flat, its broker and the alarm desk in the terminal (BROKER=mosquitto, PORT=8883); SCENARIO=name plays a file
	@$(PY) -m tools.demo --broker $(BROKER) --port $(PORT) $(if $(SCENARIO),--scenario $(SCENARIO))

blank: setup spoken ## no board at hand: a blank virtual one at build/blank/board, broker and scheme, and the commands to try, until Ctrl-C
	@$(PY) -m tools.vboard.usb.trial

scenarios: setup spoken ## play every file of scenarios/, with modules as source and in a read-only image (SCENARIO=name: one)
	@$(PY) -m tools.scenario --broker $(BROKER) --roots source,rom $(SCENARIO)

test: setup prompts lint docs-check ## all tests: lint, host tests (with brokers and scenarios), core under real MicroPython
	@$(PY) -m host_tests.side_by_side

test-host: setup prompts ## tests on CPython, with the virtual board, real brokers and scenarios among them
	@$(PY) -m pytest host_tests

test-micropython: setup ## the same plain tests under the real MicroPython with a bounded heap, as source and as .mpy
	@mkdir -p build; $(PY) -m host_tests.run_micropython > build/micropython.log 2>&1 & source=$$!; \
	  $(PY) -m host_tests.run_micropython --compiled; compiled=$$?; wait $$source; plain=$$?; \
	  if [ $$plain -ne 0 ]; then cat build/micropython.log; else tail -n 1 build/micropython.log; fi; \
	  [ $$compiled -eq 0 ] && [ $$plain -eq 0 ]

lint: setup ## ruff over everything
	@$(PY) -m ruff check .

docs: setup ## write the generated pages of docs/ again
	@$(PY) -m tools.patterns --write
	@$(PY) -m tools.wiring --write
	@$(PY) -m tools.scenario --write
	@$(PY) -m tools.image pages --write

docs-check: setup ## are the generated pages of docs/ up to date?
	@$(PY) -m tools.patterns --check
	@$(PY) -m tools.wiring --check
	@$(PY) -m tools.scenario --check
	@$(PY) -m tools.image pages --check

bench: setup ## the figures, as a table and in build/bench.json (about a quarter of an hour; QUICK=1: two minutes)
	@$(PY) -m tools.bench $(if $(QUICK),--quick)

powercut: setup ## cut the power at N flash states (N=20000) and look for a lost or doubled call
	@$(PY) -m host_tests.powercut --states $(N)

powercut-files: setup ## the same for calls that are kept as files, on a real littlefs (N=20000: four minutes)
	@$(PY) -m host_tests.filecuts --states $(N)

light: setup ## show the light and tone patterns
	@$(PY) -m tools.patterns --show

lock: ## write requirements.txt anew from requirements.in (needs python3.10, the lowest we serve)
	@rm -rf build/lock && python3.10 -m venv build/lock && build/lock/bin/pip install -q pip-tools==7.6.2
	@build/lock/bin/pip-compile -q --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links \
	  --no-emit-trusted-host --no-header --no-annotate -o build/lock/requirements.txt requirements.in
	@{ sed -n '/^#/p' requirements.txt; cat build/lock/requirements.txt; } > build/lock/new && mv build/lock/new requirements.txt

clean: ## remove build/ (the demo's keys and journal too); .venv and lib/ stay
	@rm -rf build
