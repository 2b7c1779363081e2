"""Every complaint about the resolved rows, gathered in one temporary table."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, text

from registry.database.roles import literal
from registry.models import ENTITIES, Medication, Patient, table_of
from registry.models.medication import surely_until
from registry.records.cells import cell, compared, place, row_checks, spelled, spliced
from registry.records.rows import (
    LONGEST_SHOWN,
    MOST_COMPLAINTS,
    PATIENT_COLUMN,
    Entity,
    Problem,
    Source,
    file_columns,
    too_many,
)
from registry.records.staging import (
    Resolved,
    complain,
    create_complaints,
    make_functions,
    resolved,
    same_record,
    value_columns,
)
from registry.records.study_ids import check_new_ids, check_spelling, find_unknown, masked
from registry.variables import Variable
from registry.words import spoken, tr


def check(
    connection: Connection,
    files: list[Source],
    read_problems: list[Problem],
    found: Mapping[int, Resolved],
    *,
    update: bool,
    allow_ids: bool,
) -> list[Problem]:
    """Runs every check over the files' resolved rows; the complaints by file and line.

    `read_problems` are those met when reading the rows; a cell with one has no other. `found` says
    of each file, by its number, what there is to name.
    """
    create_complaints(connection, files, read_problems)
    entities = list(dict.fromkeys(file.entity for file in files))
    _know_births(connection, entities)
    unknown = find_unknown(connection, entities)
    for entity in entities:
        check_spelling(connection, entity)
    if Patient in entities:
        check_new_ids(connection, allow_ids=allow_ids)
    for file in files:
        if found[file.number].suspect:
            _check_rows(connection, file)
        if found[file.number].differs and not update:
            _check_unchanged(connection, file)
    for file in files:
        if file.record_id is not None:
            _check_key_is_free(connection, file)
    for entity in entities:
        repeated = _check_duplicates(connection, entity, files)
        if entity is Patient:
            _check_moved_births(connection)
        else:
            if unknown:
                _check_is_known(connection, entity)
            _check_is_born(connection, entity)
        if entity is Medication:
            _check_overlaps(connection)
        if repeated:
            _leave_out_repeated(connection, entity)
    names = {file.number: file.shown for file in files}
    rows = connection.execute(
        text(
            "select distinct file, line, column_name, value, problem from complaint c "
            "where problem is not null and not exists (select from complaint o where o.problem "
            "is null and (o.file, o.line, o.column_name) = (c.file, c.line, c.column_name)) "
            f"order by file, line, column_name limit {MOST_COMPLAINTS}"
        )
    )
    problems = [*read_problems, *(Problem(names[file], *rest) for file, *rest in rows)]
    if len(problems) - len(read_problems) == MOST_COMPLAINTS:
        problems.append(too_many(problems[-1].file, problems[-1].line))
    return masked(connection, problems, entities)


def _check_rows(connection: Connection, file: Source) -> None:
    """Names what is wrong inside the suspect rows."""
    make_functions(connection)
    for row_check in row_checks(file.entity, file.columns):
        complain(
            connection,
            file.entity,
            f"r.file = {file.number} and r.suspect and ({row_check.condition})",
            row_check.column,
            row_check.problem,
        )


def _check_unchanged(connection: Connection, file: Source) -> None:
    """Names the cells in which a row differs from the record that it means."""
    entity = file.entity
    table = table_of(entity)
    for column, variable in file_columns(entity).items():
        if column not in file.columns or column in entity.natural_key:
            continue
        # Of a value that is missing that has been said.
        there = f"{cell(column)} is not null and " if variable.required else ""
        complain(
            connection,
            entity,
            f"r.file = {file.number} and r.known and r.differs and {there}"
            f"{compared('t', column, variable)} is distinct from "
            f"{compared('r', column, variable)}",
            column,
            _not_what_it_has(file, column, variable),
            f"join {table.schema}.{table.name} t on {same_record(entity)}",
        )


def _not_what_it_has(file: Source, column: str, variable: Variable) -> str:
    """The complaint about a cell that differs from its record, with the beginning of its value."""
    value = spelled("t", column, variable)
    words = tr(
        "is not what the record with this {key} has ({value}); to change it {cure}",
        key=_key(file.entity),
        cure=spoken(file.to_change),
        value=place("value"),
    )
    nothing = literal(tr("nothing"))
    return spliced(words, value=f"coalesce(left({value}, {LONGEST_SHOWN}), {nothing})")


def _check_key_is_free(connection: Connection, file: Source) -> None:
    """A record known by its number may take any natural key that no other record has."""
    entity = file.entity
    if not entity.natural_key:
        return
    same_key = " and ".join(
        f"t.{name} is not distinct from r.{name}" for name in entity.natural_key
    )
    given = [name for name in entity.natural_key if name in file.columns]
    complain(
        connection,
        entity,
        f"r.file = {file.number} and exists (select from {table_of(entity).fullname} t "
        f"where t.patient_id = r.patient_id and t.record_id <> r.record_id and {same_key})",
        given[0] if given else PATIENT_COLUMN,
        literal(tr("makes it another record's {key}", key=_key(entity))),
    )


def _key(entity: Entity) -> str:
    return tr(" and ").join((PATIENT_COLUMN, *entity.natural_key))


def _know_births(connection: Connection, entities: list[Entity]) -> None:
    """A temporary table of the study ids spoken of and their births; an incoming one wins."""
    spoken_of = " union ".join(f"select study_id from {resolved(entity)}" for entity in entities)
    script = [
        "drop table if exists pg_temp.birth",
        "create temporary table birth on commit drop as select n.study_id, p.birth_date "
        "from clinical.patient p join reference.patient_number n using (patient_id) "
        f"where n.study_id in ({spoken_of})",
    ]
    if Patient in entities:
        script += [
            f"delete from birth b using {resolved(Patient)} r where r.study_id = b.study_id",
            "insert into birth select study_id, max(birth_date) "
            f"from {resolved(Patient)} where study_id is not null group by study_id",
        ]
    script += ["create index on birth (study_id)", "analyze birth"]
    connection.exec_driver_sql("; ".join(script))


def _check_is_known(connection: Connection, entity: Entity) -> None:
    """The patient is the registry's or comes with the import."""
    unknown = tr("is not a patient of the registry; add the patient first or in patients.csv")
    meant = spliced(
        tr("is not a patient of the registry; did you mean {patient}?", patient=place("meant")),
        meant="m.meant",
    )
    complain(
        connection,
        entity,
        "true",
        PATIENT_COLUMN,
        f"coalesce({meant}, {literal(unknown)})",
        "join unknown_id m on m.study_id = r.study_id",
    )


def _check_is_born(connection: Connection, entity: Entity) -> None:
    """The patient was born when the record is dated."""
    for column in entity.not_before_birth:
        complain(
            connection,
            entity,
            "exists (select from birth b where b.study_id = r.study_id "
            f"and r.{column} < b.birth_date)",
            column,
            literal(tr("lies before the birth")),
        )


def _check_moved_births(connection: Connection) -> None:
    """A birth that moves to a later day stays on or before every record of the patient."""
    born_before = "join clinical.patient p on p.patient_id = r.patient_id"
    moved = connection.exec_driver_sql(
        f"select exists (select from {resolved(Patient)} r {born_before} "
        "where r.birth_date > p.birth_date)"
    ).scalar_one()
    if not moved:
        return
    for entity in ENTITIES:
        table = table_of(entity)
        for column in entity.not_before_birth if entity is not Patient else ():
            complain(
                connection,
                Patient,
                "r.birth_date > p.birth_date and exists ("
                f"select from {table.schema}.{table.name} t "
                f"where t.patient_id = r.patient_id and t.{column} < r.birth_date)",
                "birth_date",
                literal(
                    tr(
                        "lies after {column} of a record in {table}",
                        column=column,
                        table=entity.file_name,
                    )
                ),
                born_before,
            )


def _repeated(entity: Entity) -> str:
    """Rows that share their natural key with others of the import, as a query.

    `place` counts them in the order of the files; `first_file` and `first_line` say where the
    first stands, and `same` whether the row says the same as it.
    """
    columns = table_of(entity).columns
    key = ", ".join(f'"{name}"' for name in ("study_id", *entity.natural_key))
    has_key = " and ".join(
        f'"{name}" is not null'
        for name in ("study_id", *entity.natural_key)
        if name == "study_id" or not columns[name].nullable
    )
    content = ", ".join(f'"{name}"' for name in value_columns(entity))
    return f"""(select file, line, row_number() over keyed as place,
            first_value(file) over keyed as first_file, first_value(line) over keyed as first_line,
            row({content}) is not distinct from first_value(row({content})) over keyed as same
        from {resolved(entity)} where {has_key}
        window keyed as (partition by {key} order by file, line))"""


def _check_duplicates(connection: Connection, entity: Entity, files: list[Source]) -> bool:
    """Refuses a natural key that stands twice with other values; returns whether any does twice."""
    repeated = _repeated(entity)
    twice = bool(
        connection.exec_driver_sql(
            f"select exists (select from {repeated} d where d.place > 1)"
        ).scalar_one()
    )
    if twice:
        names = " ".join(
            f"when {file.number} then {literal(file.shown)}"
            for file in files
            if file.entity is entity
        )
        complain(
            connection,
            entity,
            "not d.same",
            PATIENT_COLUMN,
            spliced(
                tr(
                    "stands twice with the same {key} and other values, first in {place}",
                    key=_key(entity),
                    place=tr("{file}, line {line}", file=place("file"), line=place("line")),
                ),
                file=f"case d.first_file {names} end",
                line="d.first_line",
            ),
            f"join {repeated} d on d.file = r.file and d.line = r.line",
        )
    return twice


def _leave_out_repeated(connection: Connection, entity: Entity) -> None:
    """Takes out the rows that say again what another row of the import says."""
    connection.exec_driver_sql(
        f"delete from {resolved(entity)} r using {_repeated(entity)} d "
        "where d.file = r.file and d.line = r.line and d.place > 1 and d.same"
    )


def _check_overlaps(connection: Connection) -> None:
    """Courses of one drug: incoming ones against each other and against those that stay.

    Courses are half-open: one may begin on the day that the other stops.
    """
    table = resolved(Medication)
    problem = literal(tr("overlaps another course of the same drug"))
    o, r, t = (surely_until(f"{row}.") for row in "ort")
    complain(
        connection,
        Medication,
        f"""exists (
            select from {table} o
            where o.study_id = r.study_id and o.drug = r.drug and o.started_on < r.started_on
                and ({o} is null or {o} > r.started_on)
                and {r} is distinct from r.started_on
        )""",
        "started_on",
        problem,
    )
    complain(
        connection,
        Medication,
        f"""exists (
            select from clinical.medication t
            where t.patient_id = r.patient_id and t.drug = r.drug
                and t.record_id is distinct from r.record_id
                and {t} is distinct from t.started_on
                and {r} is distinct from r.started_on
                and ({t} is null or {t} > r.started_on)
                and ({r} is null or {r} > t.started_on)
                and not exists (
                    select from {table} m
                    where m.patient_id = t.patient_id and m.record_id = t.record_id
                )
        )""",
        "started_on",
        problem,
    )
