#!/bin/sh
# What the postgres image does at its start: make the database once, with the password of a secret file, then serve.
set -eu
data=/var/lib/postgresql/data
chown postgres "$data" && chmod 700 "$data"
install -d -o postgres /var/run/postgresql
as_postgres() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }
if [ ! -s "$data/PG_VERSION" ]; then
    install -o postgres -m 600 "$POSTGRES_PASSWORD_FILE" /run/postgresql/password
    as_postgres initdb -D "$data" --username="$POSTGRES_USER" --pwfile=/run/postgresql/password --auth-host=scram-sha-256 \
        --auth-local=trust --encoding=UTF8 >/dev/null
    rm /run/postgresql/password
    echo "host all all all scram-sha-256" >> "$data/pg_hba.conf"
    printf 'CREATE DATABASE %s;\n' "$POSTGRES_DB" | as_postgres postgres --single -D "$data" postgres >/dev/null
fi
exec setpriv --reuid=postgres --regid=postgres --clear-groups postgres -D "$data" -c listen_addresses='*'
