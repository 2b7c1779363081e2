"""Wrong passwords are counted and make wait; that identities lie in another database is known."""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

SETTINGS = """
alter table reference.registry_setting
    add column wrong_passwords integer default 5 not null,
    add column password_wait_minutes integer default 15 not null,
    add column identities_apart boolean default false not null,
    add constraint ck_registry_setting_wrong_passwords check (wrong_passwords between 1 and 100),
    add constraint ck_registry_setting_password_wait_minutes
        check (password_wait_minutes between 1 and 1440)
"""
WRONG = """
create table reference.wrong_password (
    person text not null,
    in_row integer not null,
    last_at timestamp with time zone not null,
    constraint pk_wrong_password primary key (person)
)
"""
WAIT = """
create function reference.password_wait(person text) returns timestamp with time zone
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select u.until_at
    from reference.wrong_password w
    cross join reference.registry_setting s
    cross join lateral (
        select w.last_at + make_interval(mins => s.password_wait_minutes) as until_at
    ) u
    where w.person = audit.working_as(password_wait.person)
        and w.in_row >= s.wrong_passwords and u.until_at > clock_timestamp()
$$
"""
COUNT = """
create function reference.count_wrong_password(person text) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into reference.wrong_password as w (person, in_row, last_at)
    values (audit.working_as(count_wrong_password.person), 1, clock_timestamp())
    on conflict (person) do update set in_row = w.in_row + 1, last_at = excluded.last_at
$$
"""
# Who tries several at once tries one after the other, and while somebody waits no one is right.
IS = """
create or replace function reference.signing_password_is(person text, entered bytea)
returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    lock table reference.wrong_password in share row exclusive mode;
    if reference.password_wait(person) is not null then
        return false;
    end if;
    if exists (
        select from reference.signing_password p
        where p.person = audit.working_as(signing_password_is.person) and p.hash = entered
    ) then
        return true;
    end if;
    perform reference.count_wrong_password(person);
    return false;
end
$$
"""
IS_BEFORE = """
create or replace function reference.signing_password_is(person text, entered bytea)
returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from reference.signing_password p
        where p.person = audit.working_as(signing_password_is.person) and p.hash = entered
    )
$$
"""
# Nobody signs who waits, and a signature begins the count anew.
SIGNED = "    insert into reference.signature\n"
COUNTED_ANEW = """    if reference.password_wait(who) is not null then
        raise insufficient_privilege using message = 'permission denied for table signing_password';
    end if;
    delete from reference.wrong_password w where w.person = who;
"""
COMMENTS = {
    "table reference.wrong_password": "One row per person who entered a wrong password to sign",
    "column reference.wrong_password.person": "who was to sign",
    "column reference.wrong_password.in_row": "wrong ones entered since that person last signed",
    "column reference.wrong_password.last_at": "when the last of them was entered",
    "column reference.registry_setting.wrong_passwords": (
        "after so many wrong passwords in a row nobody signs as that person for a while"
    ),
    "column reference.registry_setting.password_wait_minutes": (
        "for so many minutes after the last of them"
    ),
    "column reference.registry_setting.identities_apart": (
        "whether the identities are kept in another database"
    ),
}


def upgrade() -> None:
    op.execute(SETTINGS)
    op.execute(WRONG)
    op.execute("select audit.watch_reference('reference.wrong_password')")
    for function in (WAIT, COUNT, IS):
        op.execute(function)
    for name in ("password_wait", "count_wrong_password"):
        op.execute(f"revoke all on function reference.{name} from public")
    _rewrite("reference.sign", SIGNED, COUNTED_ANEW + SIGNED)
    for what, words in COMMENTS.items():
        op.execute(f"comment on {what} is '{words}'")


def downgrade() -> None:
    _rewrite("reference.sign", COUNTED_ANEW + SIGNED, SIGNED)
    op.execute(IS_BEFORE)
    op.execute(
        "drop function reference.password_wait, reference.count_wrong_password; "
        "drop table reference.wrong_password; "
        "alter table reference.registry_setting drop column wrong_passwords, "
        "drop column password_wait_minutes, drop column identities_apart"
    )


def _rewrite(function: str, before: str, after: str) -> None:
    """Replaces words of a function, and nothing else of it."""
    bind = op.get_bind()
    source: str = bind.exec_driver_sql(
        f"select pg_get_functiondef('{function}'::regproc)"
    ).scalar_one()
    if before not in source:
        raise ValueError(f"{function} is not what it was")
    bind.exec_driver_sql(source.replace(before, after, 1).replace("%", "%%"))
