# `make demo` and `make test` do all set-up on a fresh machine with Python 3.11 or newer.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
WORKDIR ?= runs/dtn_digits
DOCS ?= docs/_build

# An empty value lets Python keep compiled modules. Otherwise each process of the tests would compile the modules
# that it imports, and each worker would compile the tests.
export PYTHONDONTWRITEBYTECODE :=

# Large blocks of memory on huge pages: XLA's convolutions are up to twice as fast for it on Linux.
export GLIBC_TUNABLES ?= glibc.malloc.hugetlb=1

.PHONY: demo test test-long test-nightly test-all lint docs bench clean

$(BIN)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	touch $@

demo: $(BIN)/.installed
	$(BIN)/python -m gan_jax.main --config=configs/dtn_digits.py --workdir=$(WORKDIR)

# Files in the order of tests/conftest.py: xdist would keep those with few tests, which are the long ones, for
# the end. A worker that crashes ends the run with the test's name: a new worker would run that test again.
PYTEST = $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart=0

test: $(BIN)/.installed
	$(PYTEST) -m 'not long and not nightly'

# PYTEST_FLAGS may say when no further test is begun, see tests/helpers/deadline.py.
test-long: $(BIN)/.installed
	$(PYTEST) -m 'long and not nightly' $(PYTEST_FLAGS)

test-nightly: $(BIN)/.installed
	$(PYTEST) -m nightly

test-all: test test-long test-nightly

lint: $(BIN)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: $(BIN)/.installed
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs $(DOCS)

bench: $(BIN)/.installed
	$(BIN)/python -m pip install --quiet 'torch>=2.13'
	for name in dtn dcgan wgan_gp pggan stylegan2 cyclegan stargan gatys adain; do \
	  $(BIN)/python benchmarks/$${name}_step.py || exit 1; \
	done
	$(BIN)/python benchmarks/adain_translation.py

clean:
	rm -rf $(VENV) $(DOCS) runs
