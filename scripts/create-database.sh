#!/bin/sh
# Makes the registry's role and database, and the analysts' and inspectors' roles, on a server; run once by a superuser's
# psql. The registry's role owns its database and may do nothing else on the server: it may not make
# roles, by which it could on PostgreSQL 15 give itself any right of the server's.
set -eu
psql --set ON_ERROR_STOP=1 --set password="${REGISTRY_DB_PASSWORD:?}" \
    --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
create role registry login password :'password';
create database registry owner registry;
revoke all on database registry from public;
create role registry_analyst;
create role registry_inspector;
grant registry_analyst to registry with admin option;
grant connect, temporary on database registry to registry_analyst;
grant set on parameter temp_file_limit to registry;
SQL
