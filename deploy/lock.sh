#!/bin/sh
# Resolves the dependencies of the images again, with hashes: deploy/lock.sh, after a change of pyproject.toml.
# Needs uv (pip install uv). The lock files name packages, versions and hashes, no index: any mirror serves.
# PyTorch without CUDA is in no package index but PyTorch's own: TORCH_WHEELS is its page, or a folder of wheels.
set -eu
cd "$(dirname "$0")/.."
lock() { uv pip compile "$@" --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet; }
lock pyproject.toml --extra otel --universal --output-file deploy/tracker/requirements.lock "$@"
lock deploy/tracker/build.in --universal --output-file deploy/tracker/build.lock "$@"
lock pyproject.toml --extra export --python-platform x86_64-unknown-linux-gnu \
    --output-file deploy/export/requirements.lock "$@"
lock pyproject.toml --extra export --overrides deploy/export/cpu.in --constraints deploy/export/requirements.lock \
    --find-links "${TORCH_WHEELS:-https://download.pytorch.org/whl/cpu/torch/}" --no-emit-find-links \
    --python-platform x86_64-unknown-linux-gnu --output-file deploy/export/requirements-cpu.lock "$@"
