# Everything from nothing but Python 3.11 or newer and pip: `make demo`, `make test`.

PYTHON ?= python3
MINUTES ?= 5
BIN := .venv/bin

.PHONY: demo test test-pure compiled test-compiled fuzz lint bench chaos chaos-blind compare-rewind clean

demo: .venv/installed
	$(BIN)/croupier demo

# Four processes on two cores, because tests that crash something mostly wait. Files in the order of tests/conftest.py. A process
# that dies ends the run: what was left of its file would be waited for in vain.
SIDE_BY_SIDE := -n 4 --dist loadfile --no-loadscope-reorder --max-worker-restart 0

# Pure functions and a real Kafka.
test: .venv/installed
	$(BIN)/pytest $(SIDE_BY_SIDE) tests --ignore=tests/bench

# Only what needs no broker.
test-pure: .venv/installed
	$(BIN)/pytest -n 2 -m "not kafka" tests --ignore=tests/bench --ignore=tests/test_packaging.py

# What is done for each record as C, from the same source: needs a C compiler, and takes a minute.
compiled: .compiled/installed

# Over what is compiled. Two files are left out: they replace functions of modules, which compiled ones do not ask for again;
# and a test that needs weak references.
test-compiled: compiled
	ln -sfn ../tests ../avro ../docs ../pyproject.toml ../README.md .compiled
	cd .compiled && ../$(BIN)/python -m pytest -n 2 -p no:cacheprovider -m "not kafka" tests/processors tests/topologies tests/fuzz \
		--ignore=tests/processors/test_law_switches.py --ignore=tests/processors/test_law_coverage.py \
		--deselect=tests/topologies/runtime/test_task.py::test_a_closed_task_gives_its_memory_back_at_once
	cd .compiled && ../$(BIN)/python -m pytest -p no:cacheprovider tests/integration/test_hundred_thousand.py

# Bytes that are nearly right, for MINUTES; what breaks out is kept in tests/fuzz/corpus, and tried by all tests from then on.
fuzz: .venv/installed
	$(BIN)/python -m tests.fuzz $(MINUTES)

lint: .venv/installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python .ci/audit.py

bench: .venv/installed
	-command -v $(CC) && $(MAKE) compiled
	$(BIN)/python -m tests.bench

# Faults on three brokers and three workers for MINUTES=5; SEED= repeats a run.
chaos: .venv/installed
	PYTHONPATH=tests/processors $(BIN)/python -m tests.chaos

# The same without one of our protections or two, five times: each time it has to be seen.
chaos-blind: .venv/installed
	PYTHONPATH=tests/processors $(BIN)/python -m tests.chaos --blind

# One mistake, mended with Kafka's own tool and with `croupier rewind`.
compare-rewind: .venv/installed
	$(BIN)/python -m tests.bench.compare_rewind

clean:
	rm -rf .venv .compiled build dist state .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "croupier needs Python 3.11 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@

# By way of the source distribution: the compiler leaves what it makes beside the sources, where Python would prefer it.
.compiled/installed: .venv/installed cli.py $(shell find processors topologies avro -name '*.py' -o -name '*.avsc')
	rm -rf .compiled
	HATCH_BUILD_HOOK_ENABLE_MYPYC=1 $(BIN)/python -m build --outdir .compiled/dist
	$(BIN)/pip install --quiet --no-deps --target .compiled .compiled/dist/*.whl
	touch $@
