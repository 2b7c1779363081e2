"""The records that tell of a contact with a child, by each of their dates."""

from __future__ import annotations

from registry.models import ENTITIES, Patient, table_of


def dated_records() -> str:
    """The query of the view `dated_record`."""
    selects = []
    for entity in ENTITIES:
        declared = entity.declared
        if not declared.is_contact or entity is Patient:
            continue
        where = dict.fromkeys(declared.dates, "")
        nullable = [name for name in where if table_of(entity).columns[name].nullable]
        where |= {name: f" where {name} is not null" for name in nullable}
        where |= {name: f" where {name} <= today()" for name in declared.dates_past}
        selects += [
            f"select patient_id, '{declared.name}' as from_table, record_id as from_record_id, "
            f"'{name}' as column_name, {name} as dated_on from {declared.name}{condition}"
            for name, condition in where.items()
        ]
    return " union all ".join(selects)
