"""Every complaint about the resolved rows, gathered in one temporary table."""

from __future__ import annotations

from sqlalchemy import Connection, text

from registry.importing.cells import cell
from registry.importing.files import PATIENT_COLUMN, ImportFile
from registry.importing.problems import Problem
from registry.importing.resolving import resolved, value_columns
from registry.importing.row_checks import Entity, literal, row_checks
from registry.importing.staging import staged
from registry.models import Medication, Patient

Headers = list[tuple[ImportFile, list[str]]]


def check(connection: Connection, files: Headers, *, update: bool) -> list[Problem]:
    """Runs every check over the files' resolved rows; the complaints by file and line."""
    connection.exec_driver_sql(
        "create temporary table complaint (file integer, line integer, column_name text, "
        "value text, problem text) on commit drop"
    )
    entities = list(dict.fromkeys(file.entity for file, _ in files))
    _know_births(connection, Patient in entities)
    for file, header in files:
        _check_rows(connection, file, header)
    for entity in entities:
        _check_duplicates(connection, entity)
        if entity is not Patient:
            _check_patient(connection, entity)
        if not update:
            words = (
                f"has a record with this {_key(entity)} and other values; "
                "to change it import with --update and --reason"
            )
            _complain(connection, entity, "r.known and r.differs", PATIENT_COLUMN, literal(words))
    if Medication in entities:
        _check_overlaps(connection)
    names = {file.number: file.shown for file, _ in files}
    rows = connection.execute(
        text(
            "select distinct file, line, column_name, value, problem from complaint "
            "order by file, line, column_name"
        )
    )
    return [Problem(names[file], *rest) for file, *rest in rows]


def _complain(
    connection: Connection, entity: Entity, where: str, column: str, problem: str
) -> None:
    """Complains of each row `r` for which `where` holds, showing its staged cell of `column`."""
    connection.exec_driver_sql(
        f"insert into complaint select r.file, r.line, '{column}', {cell(column)}, {problem} "
        f"from {resolved(entity)} r join {staged(entity)} s on s.file = r.file and s.line = r.line "
        f"where {where}".replace("%", "%%")
    )


def _check_rows(connection: Connection, file: ImportFile, header: list[str]) -> None:
    """Names what is wrong inside the suspect rows; most files have none."""
    suspect = connection.exec_driver_sql(
        f"select exists (select from {resolved(file.entity)} "
        f"where file = {file.number} and suspect)"
    ).scalar_one()
    if not suspect:
        return
    for row_check in row_checks(file.entity, header):
        _complain(
            connection,
            file.entity,
            f"r.file = {file.number} and r.suspect and ({row_check.condition})",
            row_check.column,
            row_check.problem,
        )


def _key(entity: Entity) -> str:
    return " and ".join((PATIENT_COLUMN, *entity.natural_key))


def _know_births(connection: Connection, patients_too: bool) -> None:
    """A temporary table of every known study id and its birth; an incoming birth date wins."""
    connection.exec_driver_sql(
        "create temporary table birth on commit drop as select n.study_id, p.birth_date "
        "from clinical.patient p join reference.patient_number n using (patient_id)"
    )
    if patients_too:
        connection.exec_driver_sql(
            f"delete from birth b using {resolved(Patient)} r where r.study_id = b.study_id"
        )
        connection.exec_driver_sql(
            "insert into birth select study_id, max(birth_date) "
            f"from {resolved(Patient)} where study_id is not null group by study_id"
        )
    connection.exec_driver_sql("create index on birth (study_id)")
    connection.exec_driver_sql("analyze birth")


def _check_patient(connection: Connection, entity: Entity) -> None:
    """The patient is known, and was born when the record is dated."""
    _complain(
        connection,
        entity,
        "r.study_id is not null and not exists (select from birth b where b.study_id = r.study_id)",
        PATIENT_COLUMN,
        literal("is not a patient of the registry; add the patient first or in patients.csv"),
    )
    for column in getattr(entity, "not_before_birth", ()):
        _complain(
            connection,
            entity,
            "exists (select from birth b where b.study_id = r.study_id "
            f"and r.{column} < b.birth_date)",
            column,
            literal("lies before the birth"),
        )


def _check_duplicates(connection: Connection, entity: Entity) -> None:
    """A natural key twice in the files: the same row again is left out, another is refused."""
    key = ", ".join(("study_id", *entity.natural_key))
    table = resolved(entity)
    twice = connection.exec_driver_sql(
        f"select exists (select from {table} where study_id is not null "
        f"group by {key} having count(*) > 1)"
    ).scalar_one()
    if not twice:
        return
    content = ", ".join(f'"{name}"' for name in value_columns(entity))
    repeated = f"""(select file, line, row({content})::text as content,
            first_value(row({content})::text) over keyed as first_content,
            row_number() over keyed as place
        from {table} where study_id is not null
        window keyed as (partition by {key} order by file, line))"""
    _complain(
        connection,
        entity,
        "(r.file, r.line) in "
        f"(select d.file, d.line from {repeated} d where d.content <> d.first_content)",
        PATIENT_COLUMN,
        literal(f"stands twice with the same {_key(entity)} and other values"),
    )
    connection.exec_driver_sql(
        f"delete from {table} r using {repeated} d "
        "where d.file = r.file and d.line = r.line and d.place > 1 and d.content = d.first_content"
    )


def _check_overlaps(connection: Connection) -> None:
    """Courses of one drug: incoming ones against each other and against those that stay.

    Courses are half-open: one may begin on the day that the other stops.
    """
    table = resolved(Medication)
    problem = literal("overlaps another course of the same drug")
    _complain(
        connection,
        Medication,
        f"""exists (
            select from {table} o
            where o.study_id = r.study_id and o.drug = r.drug and o.started_on < r.started_on
                and (o.stopped_on is null or o.stopped_on > r.started_on)
                and r.stopped_on is distinct from r.started_on
        )""",
        "started_on",
        problem,
    )
    _complain(
        connection,
        Medication,
        f"""exists (
            select from clinical.medication t
            where t.patient_id = r.patient_id and t.drug = r.drug
                and t.record_id is distinct from r.record_id
                and t.stopped_on is distinct from t.started_on
                and r.stopped_on is distinct from r.started_on
                and (t.stopped_on is null or t.stopped_on > r.started_on)
                and (r.stopped_on is null or r.stopped_on > t.started_on)
                and not exists (
                    select from {table} m
                    where m.patient_id = t.patient_id and m.record_id = t.record_id
                )
        )""",
        "started_on",
        problem,
    )
