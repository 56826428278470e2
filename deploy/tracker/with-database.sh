#!/bin/sh
# Starts the service with its jobs in the database of compose.yaml; the password comes from a secret file.
set -eu
password=$(cat /run/secrets/postgres_password)
export DATABASE_URL="postgresql://phalp:$password@postgres:5432/phalp"
exec python -m tracker_service "$@"
