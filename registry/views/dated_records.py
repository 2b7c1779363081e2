"""The records that tell of a contact with a child, by each of their dates."""

from __future__ import annotations

from registry.clinical_tables import CLINICAL_TABLES, ClinicalTable


def tables_of_contact() -> list[ClinicalTable]:
    """The tables whose records `dated_record` has."""
    return [one for one in CLINICAL_TABLES if one.is_contact and one.name != "patient"]


def dated_records() -> str:
    """The query of the view `dated_record`."""
    # Whoever asks which tables it reads makes none of them.
    from registry.models import ENTITIES, table_of

    tables = {entity.declared.name: table_of(entity) for entity in ENTITIES}
    selects = []
    for declared in tables_of_contact():
        where = dict.fromkeys(declared.dates, "")
        nullable = [name for name in where if tables[declared.name].columns[name].nullable]
        where |= {name: f" where {name} is not null" for name in nullable}
        where |= {name: f" where {name} <= today()" for name in declared.dates_past}
        selects += [
            f"select patient_id, '{declared.name}' as from_table, record_id as from_record_id, "
            f"'{name}' as column_name, {name} as dated_on from {declared.name}{condition}"
            for name, condition in where.items()
        ]
    return " union all ".join(selects)
