# In place of NVIDIA's image where it cannot be pulled: the same server (2.51, from a wheel), our test backends, no GPU.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
FROM ${PYTHON_IMAGE}
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends curl libpython3.11 && rm -rf /var/lib/apt/lists/*
# The server's python backend answers with empty tensors under NumPy 2.
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv /opt/server \
    && /opt/server/bin/pip install --quiet numpy==1.26.4 onnxruntime==1.31.1 \
    && /opt/server/bin/pip install --quiet --no-deps nvidia-pytriton==0.7.0
WORKDIR /opt/backends
RUN bundled=/opt/server/lib/python3.11/site-packages/pytriton/tritonserver \
    && mkdir python onnxruntime \
    && cp "$bundled/backends/python/libtriton_python.so" "$bundled/backends/python/triton_python_backend_utils.py" \
       "$bundled/python_backend_stubs/3.11/triton_python_backend_stub" python/
COPY onnxruntime_backend.py onnxruntime/model.py
ENV LD_LIBRARY_PATH=/opt/server/lib/python3.11/site-packages/nvidia_pytriton.libs:/usr/local/lib \
    PATH=/opt/bin:/opt/server/bin:/usr/local/bin:/usr/bin:/bin \
    OMP_NUM_THREADS=2
# Under the name and with the options of NVIDIA's image.
RUN mkdir /opt/bin && printf '#!/bin/sh\nexec %s --backend-directory=/opt/backends "$@"\n' \
      /opt/server/lib/python3.11/site-packages/pytriton/tritonserver/bin/tritonserver > /opt/bin/tritonserver \
    && chmod +x /opt/bin/tritonserver
WORKDIR /
USER 1000:1000
