# In place of nginxinc/nginx-unprivileged where it cannot be pulled: Debian's build.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
FROM ${PYTHON_IMAGE}
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends nginx-light && rm -rf /var/lib/apt/lists/*
USER 101:101
ENTRYPOINT ["nginx", "-g", "daemon off;"]
