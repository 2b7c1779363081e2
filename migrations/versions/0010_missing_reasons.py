"""Why a value is missing: a reason beside the empty column, which a value given later clears."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Clinical table -> its columns whose value can be missing for a reason.
LACKING = {
    "patient": ("onset_on", "diagnosed_on"),
    "phenotype": ("location", "behaviour", "perianal", "growth"),
    "anthropometry": ("height_cm", "weight_kg"),
    "infusion": ("product",),
    "tdm_level": ("ifx_ug_ml", "ada_au_ml"),
    "pcdai_visit": (
        *("abdominal_pain", "stools", "functioning", "hematocrit", "esr", "albumin"),
        *("weight", "height", "abdomen", "perirectal", "extraintestinal"),
    ),
    "lab_result": (),
    "medication": (),
    "endoscopy": ("cdeis",),
    "surgery": (),
    "gene_finding": ("reported_on", "hgvs_p", "zygosity", "acmg_class", "diagnosis"),
    "condition": (),
    "follow_up_end": (),
}
CODES = ", ".join(f"'\"{code}\"'" for code in ("NI", "NA", "UNK", "NASK", "ASKU", "NAV"))

# A reason given together with a value is an error, which the CHECK refuses.
CLEAR = """
create function clinical.clear_missing_reasons() returns trigger language plpgsql as $$
declare
    given text[];
begin
    select array_agg(r.key) into given
    from jsonb_each(new.missing_reasons) r
    where to_jsonb(new) -> r.key <> 'null'
        and r.value = old.missing_reasons -> r.key;
    if given is not null then
        new.missing_reasons := nullif(new.missing_reasons - given, '{}');
    end if;
    return new;
end
$$
"""


def upgrade() -> None:
    op.execute(CLEAR)
    for table, columns in LACKING.items():
        op.execute(
            f"alter table clinical.{table} add column missing_reasons jsonb, "
            f"add constraint ck_{table}_missing_reasons check ({_check(columns)})"
        )
        op.execute(
            f"create trigger clear_missing_reasons before update on clinical.{table} for each row "
            "when (jsonb_typeof(new.missing_reasons) = 'object') "
            "execute function clinical.clear_missing_reasons()"
        )


def _check(columns: tuple[str, ...]) -> str:
    if not columns:
        return "missing_reasons is null"
    names = ", ".join(f"'{name}'" for name in columns)
    rules = [
        "jsonb_typeof(missing_reasons) = 'object'",
        "missing_reasons <> '{}'",
        f"missing_reasons - array[{names}] = '{{}}'",
        *(
            f"(missing_reasons -> '{name}' is null or {name} is null "
            f"and missing_reasons -> '{name}' in ({CODES}))"
            for name in columns
        ),
    ]
    return f"missing_reasons is null or {' and '.join(rules)}"


def downgrade() -> None:
    for table in LACKING:
        op.execute(f"drop trigger clear_missing_reasons on clinical.{table}")
        op.execute(f"alter table clinical.{table} drop column missing_reasons")
    op.execute("drop function clinical.clear_missing_reasons()")
