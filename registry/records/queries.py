"""Queries about single values: raised, answered, settled and reopened, each step with who and why.

A record that fails a rule of plausibility is a query in state New by itself; it has rows from the
first answer on. A query is about one value: when that is mended it is closed by itself, and an
answer given to one value says nothing of another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from registry.database.locks import Lock, take
from registry.errors import NotFound, Refused
from registry.models import Patient, table_of
from registry.records.patient_number import patient_number
from registry.records.rows import Entity, dictionary_columns
from registry.views.asked import answered, asked
from registry.vocabulary import QUERY_STATE_MEANINGS, SETTLED_STATES
from registry.words import in_language, spoken, tr

NEW, UPDATED, PROPOSED, CLOSED, NOT_APPLICABLE = (
    *("new", "updated", "resolution_proposed"),
    *SETTLED_STATES,
)
# What a person raises stands in the place of a rule's name.
RAISED = "raised"


@dataclass(frozen=True)
class Query:
    """One query and its last step; `said` is the rule's sentence, or None where it tells no more.

    `mended` says that the value is no longer what the query was about.
    """

    query_id: str
    patient_id: str
    rule: str | None
    state: str
    table: str
    record_id: int | None
    column: str | None
    value: str | None
    mended: bool
    said: str | None
    steps: int
    last_by: str | None
    last_at: datetime | None
    last_words: str | None

    def to_json(self) -> dict[str, Any]:
        """The query by its names."""
        return dict(vars(self))

    @property
    def settled(self) -> bool:
        """Whether nothing more is asked."""
        return self.state in SETTLED_STATES


@dataclass(frozen=True)
class Step:
    """One step of a query."""

    query_id: str
    at: datetime
    by: str
    command: str
    state: str
    words: str

    def to_row(self) -> dict[str, str]:
        """The step as a line of a screen."""
        return {
            "query_id": self.query_id,
            "at": f"{self.at:%Y-%m-%d %H:%M}",
            "by": self.by,
            "command": self.command,
            "state": spoken(QUERY_STATE_MEANINGS[self.state]),
            "words": self.words,
        }


def list_queries(
    connection: Connection,
    *,
    patient: str | None = None,
    rule: str | None = None,
    query: str | None = None,
) -> list[Query]:
    """The queries by patient and name, settled or not; of one patient, rule or name if given.

    Raises NotFound for a patient who is not there.
    """
    where, values, queries = ["true"], dict[str, Any](), "present.query"
    if patient is not None:
        values["number"] = patient_number(connection, patient)
        queries = asked(connection, "query", of_one=True)
    for column, wanted in (("rule", rule), ("query", query)):
        if wanted is not None:
            where.append(f"q.{column} = :{column}")
            values[column] = wanted
    rows = answered(
        connection,
        "select q.query as query_id, n.study_id as patient_id, q.rule, q.state, "
        'q.from_table as "table", q.record_id, q.column_name as "column", q.value, q.mended, '
        "rules.filled(r.why, q.facts) as said, q.steps, c.made_by as last_by, "
        "c.made_at as last_at, s.words as last_words, r.why, q.facts "
        f"from {queries} q join reference.patient_number n using (patient_id) "
        "left join reference.worklist_rule r on r.rule = q.rule "
        "left join reference.query_step s "
        "on s.patient_id = q.patient_id and s.step_id = q.last_step_id "
        "left join reference.change_set c using (change_id) "
        f"where {' and '.join(where)} order by n.study_id, q.query",
        values,
    ).mappings()
    return [_query(row) for row in rows]


def _query(row: Any) -> Query:
    told = dict(row)
    message, facts = told.pop("why"), told.pop("facts")
    if facts is None:
        told["said"] = None
    else:
        told["said"] = in_language(message, told["said"], facts)
    return Query(**told)


def find_query(connection: Connection, query: str) -> Query:
    """The query of that name; NotFound for none."""
    patient = query.partition(":")[0]
    found = list_queries(connection, patient=patient, query=query) if ":" in query else []
    if not found:
        raise NotFound(
            tr("There is no query {query}.", query=query),
            cure=tr("They are listed by: registry query list --all"),
        )
    return found[0]


def steps_of(connection: Connection, patient: str, query: str | None = None) -> list[Step]:
    """What people did in a patient's queries, or in one of them, the first step first."""
    rows = connection.execute(
        text(
            'select s.query as query_id, c.made_at as at, c.made_by as "by", c.command, '
            "s.state, s.words "
            "from reference.query_step s join reference.change_set c using (change_id) "
            "where s.patient_id = :patient and s.query = coalesce(:query, s.query) "
            "order by s.step_id"
        ),
        {"patient": patient_number(connection, patient), "query": query},
    ).mappings()
    return [Step(**row) for row in rows]


def answer(connection: Connection, query: str, words: str, *, proposed: bool = False) -> Query:
    """Adds words to an open query; with `proposed` they propose how to settle it.

    Raises NotFound for no such query and Refused for one that is settled.
    """
    return _step(connection, query, PROPOSED if proposed else UPDATED, words, settled=False)


def close(connection: Connection, query: str, words: str, *, applies: bool = True) -> Query:
    """Settles an open query: the value is right though unusual, or what was asked is answered.

    Without `applies` the rule is not meant for this record. Raises NotFound and Refused as `answer`
    does.
    """
    return _step(connection, query, CLOSED if applies else NOT_APPLICABLE, words, settled=False)


def reopen(connection: Connection, query: str, words: str) -> Query:
    """Asks again what was settled by people.

    Raises NotFound for no such query, Refused for one that is open or whose value was mended.
    """
    return _step(connection, query, UPDATED, words, settled=True)


def raise_query(
    connection: Connection,
    entity: Entity,
    study_id: str,
    record: int | None,
    column: str,
    words: str,
) -> Query:
    """Asks about a value of a record, or why there is none; asked again it is one query still.

    `record` is None of a patient. Raises NotFound where the patient, the record or the column is
    none.
    """
    number = patient_number(connection, study_id)
    table = table_of(entity)
    if column not in dictionary_columns(entity):
        raise NotFound(
            tr("{column} is not a column of {table}.", column=column, table=entity.file_name),
            cure=tr("Its columns are {columns}.", columns=", ".join(dictionary_columns(entity))),
        )
    same = "" if entity is Patient else " and record_id = :record"
    there = connection.execute(
        text(f"select 1 from {table.fullname} where patient_id = :patient{same}"),
        {"patient": number, "record": record},
    ).one_or_none()
    if there is None:
        raise NotFound(
            tr("There is no record {record} of {patient} in {table}.", record=record,
               patient=study_id, table=entity.file_name)
        )  # fmt: skip
    name, value = connection.execute(
        text(
            "select rules.finding_key(:raised, :study_id, :table, :record, :column, "
            "to_jsonb(v.value)), "
            "nullif(v.value, '') from (select "
            "rules.value_there(:table, :patient, :record, :column) as value) v"
        ),
        {
            "raised": RAISED,
            "study_id": study_id,
            "table": table.name,
            "record": record,
            "column": column,
            "patient": number,
        },
    ).one()
    # Two people who answer at once follow each other; the later one sees what the first did.
    take(connection, Lock.QUERY)
    known = list_queries(connection, patient=study_id, query=name)
    state = UPDATED if known and not known[0].settled else NEW
    query = Query(
        *(name, study_id, None, state, table.name, record, column, value),
        *(False, None, 0, None, None, None),
    )
    return _store(connection, query, state, words)


def _step(connection: Connection, name: str, state: str, words: str, *, settled: bool) -> Query:
    """Takes a step in a query that is open, or is settled, as is asked for."""
    # Two people who answer at once follow each other; the later one sees what the first did.
    take(connection, Lock.QUERY)
    query = find_query(connection, name)
    if query.settled != settled:
        raise _not_so(query)
    if query.mended:
        raise Refused(
            tr("{query} is closed by itself: the value is mended.", query=name),
            cure=tr("Ask about the value as it is now: registry query raise"),
        )
    return _store(connection, query, state, words)


def _store(connection: Connection, query: Query, state: str, words: str) -> Query:
    connection.execute(
        text(
            "insert into reference.query_step "
            "(patient_id, query, rule, from_table, record_id, column_name, value, state, words) "
            "values (:patient, :query, :rule, :table, :record, :column, :value, :state, :words)"
        ),
        {
            "patient": patient_number(connection, query.patient_id),
            "query": query.query_id,
            "rule": query.rule,
            "table": query.table,
            "record": query.record_id,
            "column": query.column,
            "value": query.value,
            "state": state,
            "words": words,
        },
    )
    return find_query(connection, query.query_id)


def _not_so(query: Query) -> Refused:
    """The refusal to one who answers what is settled, or reopens what is open."""
    by = ""
    if query.last_at is not None:
        by = tr(" ({who}, {when})", who=query.last_by, when=f"{query.last_at:%Y-%m-%d}")
    if query.settled:
        return Refused(
            tr("{query} is settled already{by}.", query=query.query_id, by=by),
            cure=tr("To ask again: registry query reopen"),
        )
    return Refused(tr("{query} is open already{by}.", query=query.query_id, by=by))
