"""Every complaint about the resolved rows, gathered in one temporary table.

The limits come from the variables' declarations; the rules between columns and between tables are
the ones that the database holds too, said here cell by cell before it has to refuse.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, text

from registry.importing.files import PATIENT_COLUMN, ImportFile, dictionary_columns
from registry.importing.problems import Problem
from registry.importing.resolving import cell, resolved
from registry.importing.staging import staged
from registry.models import (
    ENTITIES,
    LabResult,
    Medication,
    Patient,
    PatientRecord,
    PcdaiVisit,
    end_of_period,
    table_of,
)
from registry.models.patient import STUDY_ID
from registry.models.pcdai_visit import ITEMS, SUM_OF_ALL_ITEMS, SUM_OF_ITEMS
from registry.variables import Kind, Variable
from registry.vocabulary import ANALYTE_UNITS

Entity = type[Patient] | type[PatientRecord]

NOT_READABLE = {
    Kind.DATE: "is not a date; write YYYY-MM-DD",
    Kind.PARTIAL_DATE: "is not a date; write YYYY-MM-DD, YYYY-MM or YYYY",
    Kind.NUMBER: "is not a number",
    Kind.INTEGER: "is not a whole number",
    Kind.MEASURED: "is not a number, <number or >number",
    Kind.FLAG: "is neither yes nor no",
}


class Complaints:
    """Collects complaints in a temporary table; `of_cells` and `of_rows` run one check each."""

    def __init__(self, connection: Connection, files: list[ImportFile]) -> None:
        self._connection = connection
        self._names = {file.number: file.shown for file in files}
        connection.exec_driver_sql(
            "create temporary table complaint (file integer, line integer, column_name text, "
            "value text, problem text) on commit drop"
        )

    def of_rows(self, entity: Entity, where: str, column: str | None, problem: str) -> None:
        """Complains of each resolved row `r` for which `where` holds.

        `column` is the dictionary's column at fault, whose staged cell is shown; `problem` is a
        text expression in SQL.
        """
        shown = cell(column) if column else "null"
        staged_row = (
            f"left join {staged(entity)} s on s.file = r.file and s.line = r.line" if column else ""
        )
        column_name = f"'{column}'" if column else "null"
        self._connection.exec_driver_sql(
            f"insert into complaint select r.file, r.line, {column_name}, {shown}, {problem} "
            f"from {resolved(entity)} r {staged_row} where {where}".replace("%", "%%")
        )

    def of_cells(self, entity: Entity, where: str, column: str, problem: str) -> None:
        """Complains of each staged cell for which `where` over the staged row `s` holds."""
        self._connection.exec_driver_sql(
            f"insert into complaint select s.file, s.line, '{column}', {cell(column)}, "
            f"{literal(problem)} from {staged(entity)} s where {where}".replace("%", "%%")
        )

    def fetch(self) -> list[Problem]:
        """All complaints, by file and line."""
        rows = self._connection.execute(
            text(
                "select distinct file, line, column_name, value, problem from complaint "
                "order by file, line, column_name"
            )
        )
        return [
            Problem(self._names[file], line, column, value, problem)
            for file, line, column, value, problem in rows
        ]


def literal(words: str) -> str:
    """A quoted SQL string."""
    return "'" + words.replace("'", "''") + "'"


def check(
    connection: Connection, complaints: Complaints, entities: Iterable[Entity], *, update: bool
) -> None:
    """Runs every check over the resolved tables of `entities`."""
    present = list(entities)
    for entity in present:
        _check_patient_column(complaints, entity)
        for column, variable in dictionary_columns(entity).items():
            _check_cells(complaints, entity, column, variable)
        _check_between_columns(complaints, entity)
        _check_not_before_birth(complaints, entity, Patient in present)
        _check_duplicates(complaints, entity)
        if not update:
            complaints.of_rows(
                entity,
                "r.known and r.differs",
                PATIENT_COLUMN,
                literal(
                    f"has a record with this {_key_words(entity)} and other values; "
                    "to change it import with --update and --reason"
                ),
            )
        if entity is not Patient:
            _check_known_patient(complaints, entity, Patient in present)
    if Medication in present:
        _check_overlaps(complaints)


def _key_words(entity: Entity) -> str:
    return " and ".join(("patient_id", *entity.natural_key))


def _check_patient_column(complaints: Complaints, entity: Entity) -> None:
    complaints.of_rows(entity, "r.study_id is null", PATIENT_COLUMN, literal("is missing"))
    complaints.of_rows(
        entity,
        f"r.study_id !~ '{STUDY_ID.pattern}'",
        PATIENT_COLUMN,
        literal("is not a study id: 1 to 32 of A-Z a-z 0-9 _ -"),
    )


def _check_known_patient(complaints: Complaints, entity: Entity, patients_too: bool) -> None:
    incoming = (
        f" and not exists (select from {resolved(Patient)} p where p.study_id = r.study_id)"
        if patients_too
        else ""
    )
    complaints.of_rows(
        entity,
        "r.study_id is not null and not exists (select from clinical.patient p "
        f"where p.patient_id = r.patient_id){incoming}",
        PATIENT_COLUMN,
        literal("is not a patient of the registry; add the patient first or in patients.csv"),
    )


def _check_cells(complaints: Complaints, entity: Entity, column: str, variable: Variable) -> None:
    if variable.required:
        complaints.of_cells(entity, f"{cell(column)} is null", column, "is missing")
    if variable.kind in NOT_READABLE:
        complaints.of_rows(
            entity,
            f"r.{column} is null and {cell(column)} is not null",
            column,
            literal(NOT_READABLE[variable.kind]),
        )
    limit = variable.check(f"r.{column}")
    if limit is None:
        return
    words = variable.limits()
    if variable.kind in (Kind.DATE, Kind.PARTIAL_DATE):
        problem = "lies in the future"
    elif variable.codes is not None:
        problem = f"is not {words}"
    elif words:
        problem = f"is outside {words}{' ' + variable.unit if variable.unit else ''}"
    else:
        problem = f"is not valid: {variable.meaning}"
    complaints.of_rows(entity, f"not ({limit})", column, literal(problem))


def _prefixed(expression: str, names: Iterable[str]) -> str:
    for name in names:
        expression = expression.replace(name, f"r.{name}")
    return expression


def _check_between_columns(complaints: Complaints, entity: Entity) -> None:
    """The rules between the columns of one row."""
    if entity is Patient:
        for later, earlier, words in (
            ("onset_on", "birth_date", "lies before the birth"),
            ("diagnosed_on", "birth_date", "lies before the birth"),
            ("diagnosed_on", "onset_on", "lies before the onset"),
        ):
            complaints.of_rows(
                entity,
                f"{end_of_period(f'r.{later}')} < r.{earlier}",
                later,
                literal(words),
            )
    elif entity is Medication:
        complaints.of_rows(
            entity, "r.stopped_on < r.started_on", "stopped_on", literal("lies before the start")
        )
    elif entity.file_name == "conditions":
        complaints.of_rows(
            entity, "r.resolved_on < r.onset_on", "resolved_on", literal("lies before the onset")
        )
    elif entity is LabResult:
        for analyte, units in ANALYTE_UNITS.items():
            listed = ", ".join(literal(unit) for unit in units)
            complaints.of_rows(
                entity,
                f"r.analyte = '{analyte}' and r.unit is not null and r.unit not in ({listed})",
                "unit",
                literal(f"is not a unit of {analyte}: {', '.join(units)}"),
            )
    elif entity is PcdaiVisit:
        _check_pcdai(complaints)


def _check_pcdai(complaints: Complaints) -> None:
    missing = (
        "array_to_string(array["
        + ", ".join(
            f"case when r.{item} is null then '{item}' end" for item in ITEMS if item != "height"
        )
        + "], ', ')"
    )
    complaints.of_rows(
        PcdaiVisit,
        f"{cell('total')} is null and ({_prefixed(SUM_OF_ITEMS, ITEMS)}) is null",
        "total",
        f"'is missing and cannot be computed without ' || {missing}",
    )
    total = _prefixed(SUM_OF_ALL_ITEMS, ITEMS)
    complaints.of_rows(
        PcdaiVisit,
        f"r.total <> {total}",
        "total",
        f"'is not the sum of the items, ' || trim_scale({total})",
    )


def _check_not_before_birth(complaints: Complaints, entity: Entity, patients_too: bool) -> None:
    if entity is Patient:
        return
    birth = "select p.birth_date from clinical.patient p where p.patient_id = r.patient_id"
    if patients_too:
        # The birth date in the same import wins over the one in the registry.
        incoming = f"select min(i.birth_date) from {resolved(Patient)} i where i.study_id = r.study_id"
        birth = f"select coalesce(({incoming}), ({birth}))"
    for column in entity.not_before_birth:
        complaints.of_rows(entity, f"r.{column} < ({birth})", column, literal("lies before the birth"))


def _check_duplicates(complaints: Complaints, entity: Entity) -> None:
    """A natural key twice in the files: the same row again is passed over, another is refused."""
    key = ", ".join(("study_id", *entity.natural_key))
    columns = [
        f'"{column.name}"'
        for column in table_of(entity).columns
        if column.name not in ("patient_id", "record_id") and column.computed is None
    ]
    complaints.of_rows(
        entity,
        f"""(r.file, r.line) in (
            select d.file, d.line from (
                select q.*, first_value(content) over keyed as first_content,
                    count(*) over keyed as place
                from (
                    select file, line, {key}, ({", ".join(columns)})::text as content
                    from {resolved(entity)} where ({key}) in (
                        select {key} from {resolved(entity)} where study_id is not null
                        group by {key} having count(*) > 1
                    )
                ) q
                window keyed as (partition by {key} order by file, line)
            ) d where d.place > 1 and d.content is distinct from d.first_content
        )""",
        PATIENT_COLUMN,
        literal(f"stands twice with the same {_key_words(entity)} and other values"),
    )


def _check_overlaps(complaints: Complaints) -> None:
    """Courses of one drug: incoming ones against each other and against those that stay."""
    name = resolved(Medication)
    complaints.of_rows(
        Medication,
        f"""exists (
            select from {name} o
            where o.study_id = r.study_id and o.drug = r.drug and o.started_on < r.started_on
                and (o.stopped_on is null or o.stopped_on > r.started_on)
                and (r.stopped_on is null or r.stopped_on > r.started_on)
        ) or exists (
            select from clinical.medication t
            where t.patient_id = r.patient_id and t.drug = r.drug
                and t.started_on <> r.started_on
                and r.stopped_on is distinct from r.started_on
                and daterange(t.started_on, t.stopped_on)
                    && case when r.stopped_on is null or r.stopped_on >= r.started_on
                        then daterange(r.started_on, r.stopped_on) end
                and not exists (
                    select from {name} m where m.record_id = t.record_id
                        and m.patient_id = t.patient_id
                )
        )""",
        "started_on",
        literal("overlaps another course of the same drug"),
    )


__all__ = ["ENTITIES", "Complaints", "check"]
