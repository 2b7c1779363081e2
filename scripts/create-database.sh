#!/bin/sh
# Makes the registry's role and database on a server; run once by a superuser's psql.
# The role may create the analysts' role and nothing more.
set -eu
psql --set ON_ERROR_STOP=1 --set password="${REGISTRY_DB_PASSWORD:?}" \
    --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
create role registry login createrole password :'password';
create database registry owner registry;
revoke all on database registry from public;
SQL
