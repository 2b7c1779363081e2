#!/bin/sh
# Makes the registry's role and database, and the group roles it lets people in by, on a server; run once by a superuser's
# psql. The registry's role owns its database and may do nothing else on the server: it may not make
# roles, by which it could on PostgreSQL 15 give itself any right of the server's.
set -eu
psql --set ON_ERROR_STOP=1 --set password="${REGISTRY_DB_PASSWORD:?}" \
    --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
create role registry login password :'password';
create database registry owner registry;
revoke all on database registry from public;
create role registry_owner;
create role registry_manager;
create role registry_entry;
create role registry_identity;
create role registry_derivation;
create role registry_analyst;
create role registry_inspector;
grant registry_manager, registry_entry, registry_identity, registry_derivation, registry_analyst,
    registry_inspector to registry with admin option;
grant registry to registry_owner;
grant connect, temporary on database registry to registry_analyst;
grant set on parameter temp_file_limit to registry;
-- What every login may call, in a reading query too, though it fills what all share.
\connect registry
select format('revoke execute on function %s from public', oid::regprocedure) from pg_proc
where pronamespace = 'pg_catalog'::regnamespace
    and proname ~ '^(pg_(try_)?advisory_.*|lo_.*|lo(write|read)|pg_logical_emit_message)$' \gexec
SQL
