"""What the options of a command mean: the record that is sought, its new values, the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from registry.cli.records.asking import proposals
from registry.cli.records.options import parameter_name
from registry.errors import WrongUsage
from registry.models.missing_reason import reason_column
from registry.records.source import PATIENT_COLUMN, Entity, dictionary_columns, lacking_columns
from registry.words import tr

if TYPE_CHECKING:
    from registry.database.engine import Database
    from registry.entry.stored import Stored

Cells = dict[str, str]


def with_proposals(database: Database, cells: Cells) -> Cells:
    """The cells with what the registry proposes for items that were not given."""
    if "visited_on" not in cells or PATIENT_COLUMN not in cells:
        return cells
    found = proposals(database, cells)
    return {name: f"{one.points.normalize():f}" for name, one in found.items()} | cells


def sought(database: Database, entity: Entity, given: dict[str, Any]) -> tuple[Stored, Cells]:
    """The record that the arguments name, and the values that are left for it."""
    cells = cells_of(entity, given)
    study_id = cells.pop(PATIENT_COLUMN, None)
    if study_id is None:
        raise WrongUsage(tr("Which patient?"), cure=tr("Name the study id."))
    key: Cells = dict(zip(entity.natural_key, given.get("key") or (), strict=False))
    if len(given.get("key") or ()) > len(entity.natural_key):
        raise WrongUsage(
            tr("Too many arguments."),
            cure=tr("The key is: {key}", key=" ".join(entity.natural_key) or PATIENT_COLUMN),
        )
    if not key and given.get("record") is None:
        key = {name: cells.pop(name) for name in entity.natural_key if name in cells}
    from registry.entry.stored import find_record

    with database.engine.connect() as connection:
        stored = find_record(
            connection, entity, study_id, key=_as_stored(entity, key), record=given.get("record")
        )
    return stored, cells


def _as_stored(entity: Entity, key: Cells) -> Cells:
    """The key as the registry spells it."""
    from registry.entry.save import read_typed
    from registry.parsing.unreadable import Unreadable

    variables = dictionary_columns(entity)
    read = {}
    for name, cell in key.items():
        try:
            read[name] = read_typed(cell, variables[name]).strip()
        except Unreadable as error:
            raise WrongUsage(f"{name} {cell!r} {error}.") from None
    return read


def cells_of(entity: Entity, given: dict[str, Any]) -> Cells:
    """The variables that were given, by column."""
    cells = {
        name: given[parameter_name(name)]
        for name in dictionary_columns(entity)
        if given.get(parameter_name(name)) is not None
    }
    cells |= _reasons(entity, given.get("missing") or [])
    patient = patient_of(given)
    return cells if patient is None else {PATIENT_COLUMN: patient, **cells}


def _reasons(entity: Entity, given: list[str]) -> Cells:
    """Why values are missing, by the column of the reason."""
    columns = lacking_columns(entity)
    found = {}
    for one in given:
        column, equals, code = one.partition("=")
        column = column.strip().replace("-", "_")
        if not equals or column not in columns:
            raise WrongUsage(
                tr("--missing {given} is not COLUMN=CODE.", given=one),
                cure=tr("Columns: {columns}.", columns=", ".join(columns)),
            )
        found[reason_column(column)] = code
    return found


def patient_of(given: dict[str, Any]) -> str | None:
    """The study id, from the argument or from --patient-id."""
    argument, option = given["patient"], given["patient_option"]
    if argument is not None and option not in (None, argument):
        raise WrongUsage(tr("Two patients are named."), cure=tr("Name one."))
    chosen: str | None = option if argument is None else argument
    return chosen


def hold_to_version(stored: Stored, version: int | None) -> None:
    """Raises Refused where the record is not at the version that the person has seen."""
    if version is not None and version != stored.version:
        from registry.entry.save import changed_since

        raise changed_since(stored, version)


def reason_of(given: dict[str, Any]) -> str:
    """Why a record is changed; raises WrongUsage where nobody has said it."""
    reason = given["reason"]
    if not (reason and reason.strip()):
        raise WrongUsage(
            tr("A record is changed or taken out only for a reason."),
            cure=tr('Add --reason "why".'),
        )
    return str(reason)


def said_changes(before: Stored, after: Stored) -> str:
    """What was amended, from what to what."""
    changed = [
        f"{name} {before.cells[name] or '-'} -> {after.cells[name] or '-'}"
        for name in before.cells
        if before.cells[name] != after.cells[name]
    ]
    if not changed:
        return tr("{record} has these values already.", record=before.name())
    return tr("Amended: {record}: {changes}", record=before.name(), changes=", ".join(changed))
