"""Study ids: which may be made, which are another's, which may be shown."""

from __future__ import annotations

import string
from collections.abc import Iterator

from sqlalchemy import Connection, text

from registry.models import Patient
from registry.models.patient import STUDY_ID
from registry.parsing.identifiers import identifier_in
from registry.parsing.meant import MOST_MEANT
from registry.parsing.text import BLANKS, folded
from registry.records.cells import cell, place, spliced
from registry.records.rows import PATIENT_COLUMN, Entity, Problem
from registry.records.staging import complain, resolved
from registry.records.study_id_pattern import fits
from registry.words import tr

# Stands for a value that may be a child's name or number.
MASK = "***"

_ALPHABET = string.ascii_uppercase + string.digits + "-_"
_KNOWN = (
    "select n.study_id from clinical.patient join reference.patient_number n using (patient_id)"
)
# Alike but for case, hyphens and leading zeros: people write P001 as p-1.
_ALIKE = "regexp_replace(translate(upper({id}), '-_', ''), '(^|[^0-9])0+([0-9])', '\\1\\2', 'g')"
# The form of an id: its letters, and a 9 for each of its numbers.
_FORM = "regexp_replace(upper({id}), '[0-9]+', '9', 'g')"


def find_unfit(connection: Connection, *, allow_ids: bool = False) -> int:
    """Gathers in a temporary table the new study ids that are none, with the reason; how many.

    `allow_ids` takes those that look like a name or a number.
    """
    connection.exec_driver_sql("drop table if exists pg_temp.unfit_id")
    connection.exec_driver_sql(
        "create temporary table unfit_id (study_id text, problem text) on commit drop"
    )
    # None of the others can be one of the numbers, or a word.
    new = connection.exec_driver_sql(
        f"select distinct study_id from {resolved(Patient)} where not known and "
        "(study_id !~ '[0-9]' or length(regexp_replace(study_id, '[^0-9]', '', 'g')) >= 7)"
    ).scalars()
    unfit = [
        {"id": one, "problem": tr("{problem}; --allow-id with a reason takes it", problem=problem)}
        for one in new
        if not allow_ids and (problem := identifier_in(one)) is not None
    ]
    if unfit:
        connection.execute(text("insert into unfit_id values (:id, :problem)"), unfit)
    erased = connection.execute(
        text(
            f"insert into unfit_id select distinct r.study_id, :problem from {resolved(Patient)} r "
            "join audit.erasure e on e.id_hash = audit.id_hash(e.id_salt, r.study_id) "
            "where not r.known"
        ),
        {"problem": tr("this patient was erased; who comes back gets another id")},
    )
    words = tr("is one child with {patient} now; write that one", patient=place("meant"))
    joined = connection.exec_driver_sql(
        "insert into unfit_id select distinct study_id, "
        f"{spliced(words, meant='n.merged_into')} from {resolved(Patient)} r "
        "join reference.patient_number n using (study_id) "
        "where not r.known and n.merged_into is not null".replace("%", "%%")
    )
    return len(unfit) + erased.rowcount + joined.rowcount + _of_another_form(connection, allow_ids)


def _of_another_form(connection: Connection, allow_ids: bool) -> int:
    """Gathers new study ids that have not the form of their centre, which has one; how many."""
    new = connection.exec_driver_sql(
        f"select distinct r.study_id, c.study_id_pattern from {resolved(Patient)} r "
        "join reference.centre c on c.code = r.centre "
        "where not r.known and c.study_id_pattern is not null"
    )
    wrong = [
        {
            "id": one,
            "problem": tr(
                "is not of the form {pattern} of its centre, or mistyped; --allow-id with a reason "
                "takes it",
                pattern=pattern,
            ),
        }
        for one, pattern in new
        if one and not allow_ids and not fits(pattern, one)
    ]
    if wrong:
        connection.execute(text("insert into unfit_id values (:id, :problem)"), wrong)
    return len(wrong)


def find_spelt_otherwise(connection: Connection) -> int:
    """Gathers the new study ids that differ from another one in case alone, with it; how many."""
    connection.exec_driver_sql("drop table if exists pg_temp.spelt_otherwise")
    return connection.exec_driver_sql(
        f"""
        create temporary table spelt_otherwise on commit drop as
        select distinct study_id, meant from (
            select study_id, known, first_value(study_id)
                over (partition by lower(study_id) order by known desc, file, line) as meant
            from (
                select study_id, true as known, 0 as file, 0 as line from ({_KNOWN}) k
                where lower(study_id) in (
                    select lower(study_id) from {resolved(Patient)} where not known
                )
                union all
                select study_id, known, file, line from {resolved(Patient)}
                where study_id is not null
            ) i
        ) s
        where not known and meant <> study_id
        """
    ).rowcount


def find_unknown(connection: Connection, entities: list[Entity]) -> bool:
    """Gathers the study ids that are no patient's, each with one alike that is; whether any is.

    Where none is there is no table of them either.
    """
    unknown = " union all ".join(
        f"select study_id from {resolved(entity)} r where study_id is not null "
        "and not exists (select from birth b where b.study_id = r.study_id)"
        for entity in entities
    )
    if not connection.exec_driver_sql(f"select exists ({unknown})").scalar_one():
        return False
    connection.exec_driver_sql(
        "drop table if exists pg_temp.unknown_id; "
        "create temporary table unknown_id on commit drop as "
        f"select distinct study_id, null::text as meant from ({unknown}) s"
    )
    ours = _KNOWN
    if Patient in entities:
        ours += f" union select study_id from {resolved(Patient)}"
    connection.exec_driver_sql(
        "update unknown_id u set meant = m.meant from "
        f"(select {_ALIKE.format(id='study_id')} as alike, min(study_id) as meant "
        f"from ({ours}) o group by 1) m where m.alike = {_ALIKE.format(id='u.study_id')}"
    )
    return True


def find_meant(connection: Connection, study_id: str) -> list[str]:
    """Study ids of the registry that may be meant by one that is none: at most three.

    One that is alike but for case, width, hyphens and zeros is meant alone; else those that are
    one letter away.
    """
    typed = _without_blanks(study_id)
    alike = connection.execute(
        text(
            f"select study_id from ({_KNOWN}) k where {_ALIKE.format(id='study_id')} = "
            f"{_ALIKE.format(id='cast(:typed as text)')} order by 1 limit :most"
        ),
        {"typed": typed, "most": MOST_MEANT},
    ).scalars()
    found = list(alike)
    if found or len(typed) > 32:
        return found
    return list(
        connection.execute(
            text(f"{_KNOWN} where n.study_id = any(:near) order by 1 limit :most"),
            {"near": list(_one_letter_away(typed)), "most": MOST_MEANT},
        ).scalars()
    )


def shown_id(connection: Connection, study_id: str) -> str:
    """A study id that is no patient's as a message may show it: masked unless it is of our form."""
    return study_id if study_id in _of_our_form(connection, {study_id}) else MASK


def masked(
    connection: Connection, problems: list[Problem], entities: list[Entity]
) -> list[Problem]:
    """The complaints, each about a patient's id showing it only where it is of our form."""
    values = {
        one.value
        for one in problems
        if one.column == PATIENT_COLUMN and one.value and one.value.strip(BLANKS)
    }
    if not values:
        return problems
    ours = _of_our_form(connection, values, incoming=Patient in entities)
    return [
        one._replace(value=MASK)
        if one.column == PATIENT_COLUMN and one.value in values - ours
        else one
        for one in problems
    ]


def _of_our_form(connection: Connection, values: set[str], *, incoming: bool = False) -> set[str]:
    """Those of the values that have the letters of an id of the registry, and are no longer.

    What is being entered as a patient counts, unless there is something against it.
    """
    ids = _KNOWN
    if incoming:
        ids += (
            f" union select r.study_id from {resolved(Patient)} r where r.study_id ~ "
            f"'{STUDY_ID.pattern}' and not exists (select from complaint c where "
            f"c.file = r.file and c.line = r.line and c.column_name = '{PATIENT_COLUMN}')"
        )
    # No id holds what the database cannot hold in a text.
    typed = {value: bare for value in values if (bare := _without_blanks(value)).isprintable()}
    found = connection.execute(
        text(
            f"with ours as ({ids}), form as (select {_FORM.format(id='study_id')} as form, "
            "max(length(study_id)) as longest from ours group by 1) "
            "select v.id, exists (select from ours o where o.study_id = v.id) "
            "from unnest(cast(:typed as text[])) as v (id) "
            f"join form f on f.form = {_FORM.format(id='v.id')} and length(v.id) <= f.longest"
        ),
        {"typed": list(typed.values())},
    )
    ours = {one for one, known in found if known or identifier_in(one) is None}
    return {value for value, bare in typed.items() if bare in ours}


def _without_blanks(typed: str) -> str:
    return "".join(folded(typed).split())


def _one_letter_away(typed: str) -> Iterator[str]:
    """Every text that one letter more, less, other or changed with the next would make of it."""
    plain = typed.upper()
    for length in range(len(plain) + 1):
        before, behind = plain[:length], plain[length:]
        yield from (before + letter + behind for letter in _ALPHABET)
        if behind:
            yield before + behind[1:]
            yield from (before + letter + behind[1:] for letter in _ALPHABET)
        if len(behind) > 1:
            yield before + behind[1] + behind[0] + behind[2:]


def check_spelling(connection: Connection, entity: Entity) -> None:
    """A known study id in other letters, wide ones or of another case, is asked about."""
    words = tr("is not written as in the registry; did you mean {patient}?", patient=place("meant"))
    complain(
        connection,
        entity,
        f"{cell(PATIENT_COLUMN)} <> r.study_id and r.patient_id is not null",
        PATIENT_COLUMN,
        spliced(words, meant="r.study_id"),
    )
    if entity is Patient and find_spelt_otherwise(connection):
        complain(
            connection,
            Patient,
            "not r.known",
            PATIENT_COLUMN,
            spliced(
                tr(
                    "differs from {patient} in capitals alone; did you mean that one?",
                    patient=place("meant"),
                ),
                meant="m.meant",
            ),
            "join spelt_otherwise m on m.study_id = r.study_id",
        )


def check_new_ids(connection: Connection, *, allow_ids: bool) -> None:
    """A new patient's id finds nobody outside the registry, and nobody who left it."""
    if find_unfit(connection, allow_ids=allow_ids):
        complain(
            connection,
            Patient,
            "not r.known",
            PATIENT_COLUMN,
            "u.problem",
            "join unfit_id u on u.study_id = r.study_id",
        )


def merged(connection: Connection, study_ids: list[str]) -> dict[str, str]:
    """Of those whose records are under another study id now, that one."""
    rows = connection.execute(
        text(
            "with recursive way (study_id, now) as ("
            "select study_id, merged_into from reference.patient_number "
            "where study_id = any(:ids) and merged_into is not null "
            "union all select w.study_id, n.merged_into from way w "
            "join reference.patient_number n on n.study_id = w.now "
            "where n.merged_into is not null) "
            "select w.study_id, w.now from way w join reference.patient_number n "
            "on n.study_id = w.now where n.merged_into is null"
        ),
        {"ids": study_ids},
    )
    return {row.study_id: row.now for row in rows}
