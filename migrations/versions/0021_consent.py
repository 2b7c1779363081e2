"""Consents, the forms they are given on, the age at which a centre's patients give their own."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

COLUMNS = """
    scope text not null constraint ck_consent_scope check (
        scope in ('registry', 'research', 'genetics', 'contact', 'sharing')
    ),
    signed_on date not null constraint ck_consent_signed_on check (signed_on <= current_date),
    given_by text not null constraint ck_consent_given_by check (
        given_by in ('parent_or_guardian', 'adolescent', 'adult')
    ),
    form_version text constraint ck_consent_form_version check (btrim(form_version) <> ''),
    valid_until date,
    withdrawn_on date,
    constraint ck_consent_valid_not_before_signed check (valid_until >= signed_on),
    constraint ck_consent_withdrawn_not_before_signed check (withdrawn_on >= signed_on)
"""

CONSENT_FORM = """
create table reference.consent_form (
    scope text not null,
    version text not null,
    used_from date not null,
    constraint pk_consent_form primary key (scope, version),
    constraint ck_consent_form_scope check (
        scope in ('registry', 'research', 'genetics', 'contact', 'sharing')
    ),
    constraint ck_consent_form_version check (btrim(version) <> '')
)
"""


def upgrade() -> None:
    op.execute(
        "select clinical.make_table('consent', "
        f"$${COLUMNS}$$, key => '{{scope,signed_on,given_by}}', dates => '{{signed_on}}')"
    )
    op.execute(CONSENT_FORM)
    op.execute("select audit.watch_reference('reference.consent_form')")
    op.execute(
        "alter table reference.centre add column age_of_majority integer not null default 18 "
        "constraint ck_centre_age_of_majority check (age_of_majority >= 10 "
        "and age_of_majority <= 25)"
    )
    op.execute(
        "alter table reference.centre add constraint ck_centre_name check (btrim(name) <> '')"
    )
    op.execute(
        "alter table reference.definition add column consent_required boolean not null "
        "default false"
    )
    op.execute("alter table reference.definition alter column consent_required drop default")
    _stamp_again()


def downgrade() -> None:
    op.execute("alter table reference.definition drop column consent_required")
    _stamp_again()
    op.execute("alter table reference.centre drop constraint ck_centre_name")
    op.execute("alter table reference.centre drop column age_of_majority")
    op.execute("drop table reference.consent_form")
    op.execute("drop table clinical.consent")


def _stamp_again() -> None:
    """The hash covers every parameter; the version counts changes that people make."""
    op.execute("update reference.definition set derived_hash = derived_hash")
    op.execute("update reference.definition set version = version - 1")
