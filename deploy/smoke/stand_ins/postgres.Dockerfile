# In place of postgres where it cannot be pulled: Debian's build, with the part of the image's entry point that we use.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
FROM ${PYTHON_IMAGE}
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-15 && rm -rf /var/lib/apt/lists/*
ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin
COPY postgres.sh /entrypoint.sh
# hadolint ignore=DL3002
USER 0
ENTRYPOINT ["sh", "/entrypoint.sh"]
