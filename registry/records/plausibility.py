"""What the rules of plausibility say of records: of one that was entered, of an import's rows.

A finding never refuses. One about a record that was written is told; so is one about another record
of the child that was held against it, since only the writing brought it to light.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from registry.models import Patient, table_of
from registry.records.rows import (
    MOST_COMPLAINTS,
    PATIENT_COLUMN,
    Entity,
    Notice,
    Source,
    WriteResult,
    dictionary_columns,
)
from registry.records.staging import resolved, staged, value_columns
from registry.records.write import right_rows_written, touched_patients
from registry.steps import step
from registry.views import plausibility
from registry.views.asked import answered, asked, findings_of
from registry.views.combined import OF_ONE
from registry.words import in_language, tr

# Of so many patients it is quicker to look at one after the other than at the whole registry.
FEW_PATIENTS = 500

FINDING = (
    "n.study_id as patient_id, f.rule, r.category, f.from_table, f.record_id, f.record_on, "
    "f.column_name, f.value, r.why, rules.filled(r.why, f.facts) as said, r.action, "
    "rules.filled(r.action, f.facts) as to_do, f.facts, f.finding"
)
NAMED = (
    "join reference.worklist_rule r on r.rule = f.rule "
    "join reference.patient_number n on n.patient_id = f.patient_id"
)


class Finding(NamedTuple):
    """A record that failed a rule: `said` is the rule's sentence in the person's language.

    `finding` names it, and its query, for as long as the record fails with these values.
    """

    finding: str
    rule: str
    category: str
    patient_id: str
    from_table: str
    record_id: int | None
    record_on: date | None
    column_name: str | None
    value: str | None
    said: str
    to_do: str


def findings_of_record(
    connection: Connection, entity: Entity, patient: int, record: int | None
) -> list[Finding]:
    """What is found of a record, or came to light by it; `record` is None of a patient."""
    where = (
        "(f.from_table = :table and f.record_id is not distinct from :record) "
        "or (f.with_table = :table and f.with_record_id is not distinct from :record)"
    )
    name = table_of(entity).name
    values = {"table": name, "record": record}
    return read_findings(connection, plausibility.rules_on(name), patient, where, values)


def read_findings(
    connection: Connection,
    rules: Sequence[str] | None = None,
    patient: int | None = None,
    where: str = "true",
    values: dict[str, Any] | None = None,
) -> list[Finding]:
    """The findings `f` of which the condition holds, in the order of patients, days and rules.

    Of these rules, or of all; of one patient, or of everyone.
    """
    if rules is not None and not rules:
        return []
    found = asked(connection, "finding", rules, of_one=patient is not None)
    rows = answered(
        connection,
        f"select {FINDING} from {found} f {NAMED} "
        f"where not f.answered and ({where}) "
        "order by n.study_id, f.record_on, f.rule, finding",
        {**(values or {}), "number": patient},
    ).mappings()
    return [_finding(row) for row in rows]


def _finding(row: Any) -> Finding:
    told = dict(row)
    facts = told.pop("facts")
    for name, message in (("said", told.pop("why")), ("to_do", told.pop("action"))):
        told[name] = in_language(message, told[name], facts)
    return Finding(**told)


def warn_of_import(connection: Connection, sources: list[Source], result: WriteResult) -> None:
    """Adds what is found of the rows that were written, or of a refused import's right ones.

    Whoever mends the others has these to look at too.
    """
    step(tr("Looking for what is not plausible"))
    if not result.errors:
        result.warnings = notices(connection, sources)
    else:
        with right_rows_written(connection, sources) as written:
            result.warnings = notices(connection, sources) if written else []
    if len(result.warnings) >= MOST_COMPLAINTS:
        words = tr("More than {number:,|value is|values are} not plausible; these are the first. "
                   "All of them: registry quality list", number=MOST_COMPLAINTS)  # fmt: skip
        result.notes.append(words)


def notices(connection: Connection, sources: Sequence[Source]) -> list[Notice]:
    """What is found of the rows that the sources have just written, with file, line and column.

    After the rows were written and before the transaction ends; at most MOST_COMPLAINTS, for they
    are held in memory. In the order of the sources and their lines.
    """
    entities = list(dict.fromkeys(source.entity for source in sources))
    tables = [entity.file_name for entity in entities]
    touched = touched_patients(connection, tables, enough=FEW_PATIENTS)
    if not touched:
        return []
    rules = {rule for entity in entities for rule in plausibility.rules_on(table_of(entity).name)}
    if not rules:
        return []
    _find(connection, touched, sorted(rules))
    by_number = {source.number: source for source in sources}
    found: dict[tuple[int, str], Notice] = {}
    # The row that fails tells it; the one it was held against only where that is old.
    for place in ("from_table", "with_table"):
        there = set(connection.execute(text(f"select distinct {place} from found")).scalars())
        told: list[int] = []
        for entity in entities:
            if table_of(entity).name not in there:
                continue
            room = MOST_COMPLAINTS - len(found)
            lines = connection.execute(text(_lines_of(entity, place)), {"room": room})
            for row in lines.mappings().all():
                said = in_language(row["why"], row["said"], row["facts"])
                source = by_number[row["file"]]
                has_column = place == "from_table" and row["column_name"] in source.columns
                told.append(row["number"])
                found[row["number"], f"{row['file']}:{row['line']}"] = Notice(
                    file=source.shown,
                    line=row["line"],
                    column=row["column_name"] if has_column else None,
                    value=row["cell"] if has_column else None,
                    problem=said,
                    rule=row["rule"],
                )
        if told and place == "from_table":
            own = "delete from found f using unnest(cast(:told as bigint[])) t where f.number = t"
            connection.execute(text(own), {"told": told})
    order = {source.shown: number for number, source in enumerate(sources)}
    return sorted(
        found.values(), key=lambda one: (order[one.file], one.line or 0, one.rule, one.column or "")
    )


def _find(connection: Connection, touched: list[int], rules: Sequence[str]) -> None:
    """Gathers in a temporary table what is found of these patients by these rules.

    Where many are touched that is what is found of everyone: only a row that was written is told.
    """
    columns = (
        *("rule", "patient_id", "from_table", "record_id"),
        *("with_table", "with_record_id", "column_name", "facts"),
    )
    values: dict[str, Any] = {}
    if len(touched) > FEW_PATIENTS:
        found = f"{findings_of(rules)} f"
    elif len(touched) == 1:
        found = f"{findings_of(rules, OF_ONE)} f"
        values["number"] = touched[0]
    else:
        of_each = findings_of(rules, "patient_id = t.patient_id")
        found = (
            "unnest(cast(:touched as bigint[])) as t (patient_id) "
            f"cross join lateral (select * from {of_each} f offset 0) f"
        )
        values["touched"] = touched
    listed = ", ".join(f"f.{column}" for column in columns)
    query = f"select {listed} from {found} where not f.answered"
    connection.exec_driver_sql("drop table if exists pg_temp.found")
    # Of so many small parts others could take a tenth, and would need as long to begin.
    connection.exec_driver_sql("set local max_parallel_workers_per_gather = 0")
    made = f"select row_number() over () as number, f.* from ({query}) f"
    answered(connection, f"create temporary table found on commit drop as {made}", values)
    connection.exec_driver_sql("set local max_parallel_workers_per_gather to default")
    of = "rule, patient_id, from_table, record_id, with_table, with_record_id"
    connection.exec_driver_sql(f"analyze found ({of})")


def _lines_of(entity: Entity, place: str) -> str:
    """The rows of an import that wrote the record a finding is about, as a query."""
    table = table_of(entity)
    number = "record_id" if place == "from_table" else "with_record_id"
    key = [
        name
        for name in entity.natural_key
        if name in value_columns(entity) and entity is not Patient
    ]
    same = "".join(
        f" and r.{name} is not distinct from t.{name}"
        if table.columns[name].nullable
        else f" and r.{name} = t.{name}"
        for name in key
    )
    record = "" if entity is Patient else f" and t.record_id = f.{number}"
    columns = (PATIENT_COLUMN, *dictionary_columns(entity))
    cells = " ".join(f"when '{name}' then s.\"{name}\"" for name in columns)
    # With `offset 0` the few records are found first, and all of their key leads to the rows.
    return (
        f"select t.number, t.rule, t.column_name, t.facts, w.why, "
        f"rules.filled(w.why, t.facts) as said, r.file, r.line, "
        f"case t.column_name {cells} end as cell from ("
        f"select f.*, n.study_id{''.join(f', t.{name}' for name in key)} from found f "
        f"join {table.schema}.{table.name} t on t.patient_id = f.patient_id{record} "
        "join reference.patient_number n on n.patient_id = f.patient_id "
        f"where f.{place} = '{table.name}' offset 0) t "
        "join reference.worklist_rule w on w.rule = t.rule "
        f"join {resolved(entity)} r on r.study_id = t.study_id{same} "
        "and (not r.known or r.differs) "
        f"join {staged(entity)} s on s.file = r.file and s.line = r.line "
        "order by t.number limit :room"
    )
