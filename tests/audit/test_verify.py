"""What somebody with the owner's rights changed past the audit is found and named."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from registry.audit.catalogue import EXPECTED, catalogue, check_catalogue
from registry.audit.verify import verify
from registry.database.engine import Database
from registry.derivation.status import bring_up_to_date
from tests.programs import Program

# Statements of an owner -> what is found: kind, table, study id, name.
OFF = "alter table {0} disable trigger user; {1}; alter table {0} enable trigger user"
P001 = "(select patient_id from reference.patient_number where study_id = 'P001')"
P003 = P001.replace("P001", "P003")
TAMPERING: dict[str, tuple[str, set[tuple[str | None, ...]]]] = {
    "a record changed": (
        OFF.format(
            "clinical.infusion",
            f"update clinical.infusion set dose_mg = 1 where (patient_id, record_id) = (select "
            f"patient_id, min(record_id) from clinical.infusion where patient_id = {P001} "
            "group by 1)",
        ),
        {("row_changed", "infusion", "P001", None)},
    ),
    "a record removed": (
        OFF.format(
            "clinical.follow_up_end",
            f"delete from clinical.follow_up_end where patient_id = {P001}",
        ),
        {("row_missing", "follow_up_end", "P001", None)},
    ),
    "a record inserted": (
        OFF.format(
            "clinical.surgery",
            "insert into clinical.surgery (patient_id, performed_on, procedure) "
            f"values ({P001}, '2023-05-05', 'resection')",
        ),
        {("row_not_in_audit", "surgery", "P001", None)},
    ),
    "a row of the audit changed": (
        OFF.format(
            "audit.record_change",
            'update audit.record_change set new_values = new_values || \'{"sex": "x"}\' '
            f"where table_name = 'patient' and patient_id = {P001}",
        ),
        {("row_changed", "patient", "P001", None)},
    ),
    "a row of the audit in the middle gone": (
        OFF.format(
            "audit.record_change",
            f"update clinical.patient set centre = 'X' where patient_id = {P001}; "
            f"update clinical.patient set centre = 'Y' where patient_id = {P001}; "
            "delete from audit.record_change where audit_id = (select max(audit_id) - 1 "
            "from audit.record_change where table_name = 'patient')",
        ),
        {("audit_broken", "patient", "P001", None)},
    ),
    "a change set gone": (
        OFF.format(
            "reference.change_set",
            f"update clinical.patient set centre = 'X' where patient_id = {P001}; "
            "delete from reference.change_set where change_id = (select max(change_id) "
            "from reference.change_set)",
        ),
        {("change_set_missing", "patient", "P001", None)},
    ),
    "reference data changed": (
        OFF.format("reference.drug", "update reference.drug set drug_class = 'x'"),
        {("row_changed", "drug", None, None)},
    ),
    "a trigger disabled": (
        "alter table clinical.infusion disable trigger audit_update",
        {("trigger_disabled", "clinical.infusion", None, "audit_update")},
    ),
    "a trigger dropped": (
        "drop trigger audit_delete on clinical.infusion",
        {("trigger_missing", "clinical.infusion", None, "audit_delete")},
    ),
    "a trigger added": (
        "create trigger mine before insert on clinical.infusion for each row "
        "execute function clinical.next_row_version()",
        {("trigger_unknown", "clinical.infusion", None, "mine")},
    ),
    "a function replaced": (
        "create or replace function audit.record_reference() returns trigger language plpgsql "
        "security definer set search_path = pg_catalog, pg_temp as 'begin return null; end'",
        {("function_changed", None, None, "audit.record_reference()")},
    ),
    # Its body is an expression, of which the catalogue keeps no text.
    "a function of the rules replaced": (
        "create or replace function rules.weight_share(days integer, limits numeric []) "
        "returns numeric language sql immutable parallel safe return 1000; "
        "create or replace function own_rules.today() returns date language sql stable "
        "parallel safe as 'select null::date'",
        {
            ("function_changed", None, None, "own_rules.today()"),
            (
                "function_changed",
                None,
                None,
                "rules.weight_share(days_integer,_limits_numeric[])",
            ),
        },
    ),
    "a rule": (
        "create rule nothing as on update to clinical.patient do instead nothing",
        {("rule", "clinical.patient", None, "nothing")},
    ),
    "a child table": (
        "create table public.more () inherits (clinical.condition); insert into public.more "
        f"(patient_id, record_id, condition, onset_on) values ({P001}, 999, 'other', '2023-01-01')",
        {
            ("child_table", "clinical.condition", None, "more"),
            ("row_not_in_audit", "condition", "P001", None),
        },
    ),
    "a constraint dropped": (
        "alter table clinical.infusion drop constraint ck_infusion_dose_mg",
        {("constraint_missing", "clinical.infusion", None, "ck_infusion_dose_mg")},
    ),
    "a view replaced": (
        "create or replace view rules.is_it as select 1; "
        "create or replace view analytics.cohort_flow as select * from (select * "
        "from analytics.cohort_flow) f",
        {("view_changed", None, None, "analytics.cohort_flow")},
    ),
    "row security": (
        "create policy mine on clinical.patient using (true)",
        {("policy_unknown", "clinical.patient", None, "mine")},
    ),
    "row policies weakened, a table and a view let be read whole": (
        "alter policy own_centres on clinical.infusion using (true); "
        "alter policy granted on clinical.consent to registry_manager, registry_entry; "
        "drop policy own_centres on clinical.surgery; "
        "create policy own_centres on clinical.surgery for select to registry_entry using (exists "
        "(select from audit.child_centre own where own.patient_id = clinical.surgery.patient_id)); "
        "alter table clinical.condition disable row level security; "
        "alter view own_analytics.patient reset (security_invoker)",
        {
            ("policy_changed", "clinical.consent", None, "granted"),
            ("policy_changed", "clinical.infusion", None, "own_centres"),
            ("policy_changed", "clinical.surgery", None, "own_centres"),
            ("row_security_missing", "clinical.condition", None, "-"),
            ("view_changed", None, None, "own_analytics.patient"),
        },
    ),
    "a status changed": (
        f"update derived.lor_status set event = true, event_on = '2020-01-01' where patient_id = "
        f"{P001} and definition = 'paper'",
        {("derived_changed", "lor_status", "P001", None)},
    ),
    "a status changed with its hash and run": (
        OFF.format(
            "derived.lor_status",
            "update derived.lor_status set baseline_pcdai = 99 where definition = 'paper' "
            f"and patient_id = {P003}",
        )
        + "; update derived.lor_status s set run_id = run_id + 1, row_hash = {hash} "
        f"where patient_id = {P003}",
        {("derived_differs", "lor_status", "P003", None)},
    ),
}


def tamper(database: Database, statements: str) -> None:
    """As the owner; no reason of the tests' own is needed for what is hidden."""
    from registry.models.status_columns import status_hash

    with database.engine.begin() as connection:
        connection.exec_driver_sql(
            statements.replace("{hash}", status_hash("s", "s.run_id + 1")).replace("%", "%%")
        )


def test_the_study_is_as_its_audit_has_it(study: Database, program: Program) -> None:
    assert verify(study.engine).to_json() == {"ok": True, "head": None, "findings": []}
    ended = program(study, "audit", "verify", "--format", "json")
    assert (ended.status, ended.document["ok"]) == (0, True)


def test_whatever_people_do_the_audit_says(study: Database) -> None:
    with study.engine.begin() as connection:
        for statement in (
            "update clinical.infusion set dose_mg = dose_mg + 1",
            "delete from clinical.lab_result where analyte = 'CRP'",
            f"delete from clinical.follow_up_end where patient_id = {P001}",
            # To another child.
            f"update clinical.surgery set patient_id = {P001}",
            "update reference.analyte_unit set factor = factor * 2",
            "delete from reference.drug where code = 'budesonide'",
            "update reference.patient_number set study_id = 'X' where study_id = 'P002'",
        ):
            connection.execute(text(statement))
    bring_up_to_date(study.engine, user="tester")
    assert verify(study.engine).findings == []


def test_tampering_is_found_and_named(study: Database, program: Program) -> None:
    """One after the other in one registry: each is found beside those before it."""
    before: set[Any] = set()
    for what, (statements, expected) in TAMPERING.items():
        tamper(study, statements)
        found = {
            (finding.kind, finding.table, finding.patient_id, finding.name)
            for finding in verify(study.engine).findings
        }
        assert expected <= found - before, what
        before = found
    ended = program(study, "audit", "verify", "--format", "json")
    assert ended.status == 1
    assert set(ended.document["findings"][0]) >= {"kind", "table", "patient_id", "audit_id"}
    assert program(study, "audit", "verify").status == 1
    status = program(study, "db", "status", "--format", "json")
    assert status.status == 1
    kinds = {finding["kind"] for finding in status.document["catalogue"]}
    assert {"child_table", "rule", "trigger_disabled", "function_changed"} <= kinds


def test_a_status_that_somebody_changed_is_derived_anew(study: Database) -> None:
    said = "select event, row_hash from derived.lor_status where definition = 'paper'"
    with study.engine.begin() as connection:
        before = connection.execute(text(f"{said} order by patient_id")).all()
        connection.execute(text("update derived.lor_status set event = not event where event"))
    result = bring_up_to_date(study.engine, user="tester")
    assert result is not None
    assert result.examined > 0
    with study.engine.connect() as connection:
        after = connection.execute(text(f"{said} order by patient_id")).all()
    assert [row.event for row in after] == [row.event for row in before]
    assert verify(study.engine).findings == []


@pytest.mark.parametrize("table", ["clinical.infusion", "derived.lor_status"])
def test_a_table_of_its_own_is_no_child(study: Database, table: str) -> None:
    with study.engine.begin() as connection:
        connection.execute(text(f"create table public.copy (like {table} including all)"))
        assert check_catalogue(connection) == []


def test_the_programs_list_is_what_the_migrations_make(shared_study: Database) -> None:
    with shared_study.engine.connect() as connection:
        assert catalogue(connection) == EXPECTED.read_text(encoding="utf-8").splitlines(), (
            "after a change of triggers, functions or constraints: scripts/catalogue"
        )
