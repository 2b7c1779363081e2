"""One derivation run: which patients, their fresh status, what changed, in one transaction.

The run takes one snapshot of the data. Marks of changed patients that it sees are cleared with it;
a change committed meanwhile sets a mark that it does not see, so nothing is lost. Two runs follow
one another, because each takes the lock before its snapshot. A run that is killed leaves nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from registry.database.statistics import analyse_if_stale
from registry.models.derivation import STATE_ON
from registry.models.status_columns import STATUS_COLUMNS, status_hash
from registry.records.registry_setting import definition_or_default
from registry.steps import each, step
from registry.words import tr

# Above this share of the patients one pass over the whole tables is quicker than one a patient.
SHARE_FOR_WHOLE_PASS = 0.5

COMPARED_COLUMNS = [name for name in STATUS_COLUMNS if name not in ("patient_id", "definition")]


@dataclass(frozen=True)
class Transition:
    """A patient's change of state under one definition; `on` is the day it is dated to."""

    definition: str
    patient_id: str
    from_state: str | None
    to_state: str | None
    on: date | None

    def to_json(self) -> dict[str, Any]:
        """The transition with the contract's keys."""
        return {
            "definition": self.definition,
            "patient_id": self.patient_id,
            "from": self.from_state,
            "to": self.to_state,
            "on": self.on,
        }


@dataclass(frozen=True)
class DerivationResult:
    """What a run looked at and found; `run_id` is None when nothing was stored."""

    run_id: int | None
    definitions: list[str]
    examined: int
    changed: int
    transitions: list[Transition]

    def to_json(self) -> dict[str, Any]:
        """The result as one JSON document."""
        return asdict(self) | {"transitions": [t.to_json() for t in self.transitions]}


def derive(
    engine: Engine,
    *,
    user: str,
    definition: str | None = None,
    full: bool = False,
    dry_run: bool = False,
) -> DerivationResult:
    """Derives the changed patients, or with `full` all, for one definition or for all.

    A definition whose parameters or rules have changed since its last full derivation is derived
    for every patient. Raises NotFound for a definition that is not there.
    """
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        transaction = connection.begin()
        # The lock comes before the first query, which takes the snapshot.
        connection.execute(text("lock table derived.derivation_run in exclusive mode"))
        result = _derive(connection, user, definition, full)
        if dry_run:
            transaction.rollback()
            return DerivationResult(
                None, result.definitions, result.examined, result.changed, result.transitions
            )
        transaction.commit()
    return result


def derive_each(engine: Engine, *, user: str) -> tuple[DerivationResult, dict[str, Exception]]:
    """Derives the changed patients for every definition; one that fails does not stop the others.

    Gives what it came to and, by its name, what went wrong with a definition. Raises what went
    wrong where none could be derived.
    """
    try:
        return derive(engine, user=user), {}
    except Exception as error:
        whole = error
    with engine.connect() as connection:
        names = connection.execute(text("select name from reference.definition order by 1"))
        every = list(names.scalars())
    done: list[DerivationResult] = []
    failures: dict[str, Exception] = {}
    for name in every:
        try:
            done.append(derive(engine, user=user, definition=name))
        except Exception as error:
            failures[name] = error
    if not done:
        raise whole
    together = DerivationResult(
        done[-1].run_id,
        [name for one in done for name in one.definitions],
        max(one.examined for one in done),
        sum(one.changed for one in done),
        [transition for one in done for transition in one.transitions],
    )
    return together, failures


def _derive(
    connection: Connection, user: str, definition: str | None, full: bool
) -> DerivationResult:
    states = {
        name: (stamp, current)
        for name, stamp, current in connection.execute(
            text(
                "select definition, stamp, not rules_changed from analytics.freshness "
                "order by definition"
            )
        )
    }
    named = definition and definition_or_default(connection, definition)
    chosen = [named] if named else list(states)
    whole = [name for name in chosen if full or not states[name][1]]
    run_id = int(
        connection.execute(
            text("select nextval(pg_get_serial_sequence('derived.derivation_run', 'run_id'))")
        ).scalar_one()
    )
    _select_waiting(connection, chosen, whole)
    _set_day(connection, chosen)
    examined = _derive_fresh(connection, whole)
    step(tr("Storing what has changed"))
    changed = _store(connection, run_id)
    transitions = _append_transitions(connection, run_id)
    _clear_marks(connection, chosen, list(states))
    for name in whole:
        connection.execute(
            text("update reference.definition set derived_hash = :stamp where name = :name"),
            {"stamp": states[name][0], "name": name},
        )
    connection.execute(
        text(
            "insert into derived.derivation_run (run_id, started_at, finished_at, made_by, day, "
            "definitions, hashes, examined, changed, seen_commit) values (:run, now(), "
            "clock_timestamp(), :user, rules.today(), :definitions, :hashes, :examined, :changed, "
            "(select coalesce(max(commit_number), 0) from audit.committed_change))"
        ),
        {
            "run": run_id,
            "user": user,
            "definitions": chosen,
            "hashes": [states[name][0] for name in chosen],
            "examined": examined,
            "changed": changed,
        },
    )
    return DerivationResult(run_id, chosen, examined, changed, transitions)


def _names(statement: str) -> Any:
    """A statement with a parameter :names, an array of text."""
    return text(statement).bindparams(bindparam("names", type_=ARRAY(Text)))


def _select_waiting(connection: Connection, chosen: list[str], whole: list[str]) -> None:
    """Fills the temporary table `waiting` with the pairs of definition and patient to derive."""
    connection.exec_driver_sql(
        "create temporary table waiting (definition text, patient_id bigint) on commit drop"
    )
    partial = [name for name in chosen if name not in whole]
    connection.execute(
        _names(
            "insert into waiting select definition, patient_id from rules.waiting_patient "
            "where definition = any(:names) order by patient_id, definition"
        ),
        {"names": partial},
    )
    # A patient who is gone has a status and no row: he belongs to the whole too.
    connection.execute(
        _names(
            "insert into waiting select d.name, p.patient_id from unnest(:names) as d (name) "
            "cross join clinical.patient p union all select s.definition, s.patient_id "
            "from derived.lor_status s where s.definition = any(:names) and not exists "
            "(select from clinical.patient p where p.patient_id = s.patient_id)"
        ),
        {"names": whole},
    )
    connection.exec_driver_sql("analyze waiting")


def _set_day(connection: Connection, chosen: list[str]) -> None:
    """From here on the rules of these definitions see up to today, where no data cut ends it."""
    connection.execute(
        _names(
            "update reference.definition set derived_on = rules.today() "
            "where name = any(:names) and derived_on is distinct from rules.today()"
        ),
        {"names": chosen},
    )


def _derive_fresh(connection: Connection, whole: list[str]) -> int:
    """Fills the temporary table `fresh` with the status of all waiting; returns the patients."""
    listed = ", ".join(STATUS_COLUMNS)
    connection.exec_driver_sql(
        f"create temporary table fresh on commit drop as select {listed} "
        "from derived.lor_status limit 0"
    )
    waiting = connection.execute(
        text("select definition, count(*) from waiting group by definition order by definition")
    ).all()
    # One definition at a time: its name is then a constant to the planner, wherever it is joined.
    whole_pass = [
        name
        for name, patients in waiting
        if name in whole or are_most_patients(connection, patients)
    ]
    for name in each(whole_pass, lambda one: tr("Deriving {definition}", definition=one)):
        connection.execute(
            text(
                f"insert into fresh select {listed} from rules.loss_of_response "
                "where definition = :name"
            ),
            {"name": name},
        )
    if few := sum(patients for name, patients in waiting if name not in whole_pass):
        step(tr("Deriving {number:,|status|statuses}", number=few))
    # A condition on the patient does not reach through the joins of the rules; a lateral does.
    connection.execute(
        _names(
            f"insert into fresh select f.* from waiting w cross join lateral (select {listed} "
            "from rules.loss_of_response r where r.patient_id = w.patient_id "
            "and r.definition = w.definition offset 0) f where not w.definition = any(:names)"
        ),
        {"names": whole_pass},
    )
    connection.exec_driver_sql("analyze fresh (patient_id, definition)")
    return int(
        connection.execute(text("select count(distinct patient_id) from waiting")).scalar_one()
    )


def are_most_patients(connection: Connection, waiting: int) -> bool:
    """Whether so many patients are a large share of all; the others are not counted."""
    return bool(
        connection.execute(
            text("select not exists (select from clinical.patient offset :enough)"),
            {"enough": int(waiting / SHARE_FOR_WHOLE_PASS)},
        ).scalar_one()
    )


def _store(connection: Connection, run_id: int) -> int:
    """Writes what differs from the stored status; returns how many rows that were.

    Leaves the temporary table `differing` with the state before and after.
    """
    old = ", ".join(f"o.{name}" for name in COMPARED_COLUMNS)
    new = ", ".join(f"f.{name}" for name in COMPARED_COLUMNS)
    connection.exec_driver_sql(
        "create temporary table differing on commit drop as "
        "select w.definition, w.patient_id, o.state as from_state, f.patient_id is null as gone "
        "from waiting w "
        "left join derived.lor_status o using (definition, patient_id) "
        "left join fresh f using (definition, patient_id) "
        "where (o.patient_id is null) <> (f.patient_id is null) "
        f"or ({old}) is distinct from ({new}) "
        # What somebody else wrote is written again.
        f"or o.row_hash <> {status_hash('o', 'o.run_id')}"
    )
    connection.exec_driver_sql("analyze differing")
    connection.exec_driver_sql(
        "delete from derived.lor_status s using differing d "
        "where d.gone and s.definition = d.definition and s.patient_id = d.patient_id"
    )
    assignments = ", ".join(
        f"{name} = excluded.{name}" for name in [*COMPARED_COLUMNS, "run_id", "row_hash"]
    )
    listed = ", ".join(STATUS_COLUMNS)
    connection.execute(
        text(
            f"insert into derived.lor_status ({listed}, run_id, row_hash) "
            f"select {', '.join(f'f.{name}' for name in STATUS_COLUMNS)}, :run, "
            f"{status_hash('f', ':run')} "
            "from fresh f join differing d using (definition, patient_id) "
            # Who reads one definition finds its rows together.
            "order by f.definition, f.patient_id "
            f"on conflict (patient_id, definition) do update set {assignments}"
        ),
        {"run": run_id},
    )
    changed = int(connection.execute(text("select count(*) from differing")).scalar_one())
    # The views join by definition and child: taken for few, all would be gone through for each.
    analyse_if_stale(connection, "derived.lor_status", changed)
    return changed


def _append_transitions(connection: Connection, run_id: int) -> list[Transition]:
    """Appends a transition for each state that changed, and returns them."""
    rows = connection.execute(
        text(
            "with appended as (insert into derived.status_transition "
            "(patient_id, run_id, definition, from_state, to_state, on_date) "
            "select d.patient_id, :run, d.definition, d.from_state, s.state, "
            f"{STATE_ON} from differing d "
            "left join derived.lor_status s using (definition, patient_id) "
            "where s.state is distinct from d.from_state returning *) "
            "select t.definition, n.study_id, t.from_state, t.to_state, t.on_date "
            "from appended t join reference.patient_number n using (patient_id) "
            "order by t.definition, n.study_id"
        ),
        {"run": run_id},
    )
    return [Transition(*row) for row in rows]


def _clear_marks(connection: Connection, chosen: list[str], every: list[str]) -> None:
    """Clears the marks seen; a definition that was left out keeps marks of its own."""
    left_out = [name for name in every if name not in chosen]
    connection.execute(
        _names(
            "insert into derived.changed_patient (patient_id, definition, marked_at) "
            "select c.patient_id, d.name, min(c.marked_at) from derived.changed_patient c "
            "cross join unnest(:names) as d (name) where c.definition is null group by 1, 2"
        ),
        {"names": left_out},
    )
    connection.execute(
        text(
            "delete from derived.changed_patient c where (c.definition is null "
            "or c.definition = any(:chosen))"
        ).bindparams(bindparam("chosen", type_=ARRAY(Text))),
        {"chosen": chosen},
    )
