"""`registry feed`: results that laboratories send, read from a folder, and what became of each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.frame.completion import complete_patient
from registry.cli.frame.context import (
    changing,
    opened,
    reading,
    remark,
    require_reason,
    run_of,
    warn,
)
from registry.cli.frame.options import HospitalOption, ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows
from registry.cli.frame.signatures import argument, flag, option
from registry.errors import WrongUsage, there_are
from registry.words import tr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from registry.feeds.reading import Reading

app = typer.Typer(
    no_args_is_help=True,
    help="Results that laboratories send: HL7 v2 (ORU^R01) and FHIR Observations in a folder.",
)
KEEP = "90d"
CURES_SHOWN = 10
# Of so many records at most it is told at once what is not plausible; the list of queries has all.
LOOKED_AT = 200
COLUMNS = ("read_at", "sender", "control_id", "place", "what", "patient_id", "fate", "said")

SystemOption = Annotated[
    str, option("--system", "NAME", "Whose code it is, as the messages name it.")
]
CodeArgument = Annotated[str, argument("CODE", "The laboratory's code.")]


@app.command("read")
def read_command(
    context: typer.Context,
    folder: Annotated[Path, argument("FOLDER", "Where the interface engine puts messages.")],
    dry_run: Annotated[
        bool, flag("--dry-run", "Say what would become of each, write nothing.")
    ] = False,
    centre: HospitalOption = None,
    keep: Annotated[str, option("--keep", "TIME", "How long files that were read stay.")] = KEEP,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Read the messages of a folder: store what is clear, set aside or refuse what is not.

    Children are found by the hospital's number, as the identities have it. A corrected result
    amends its record, one that is taken back voids it, a preliminary one waits. Files go to done,
    set-aside or refused in the folder; what is set aside is read again with every run.

    Example: registry feed read /srv/laboratory --dry-run
    """
    from registry.feeds.reading import read_folder
    from registry.schedule.due import duration

    settings = run_of(context).settings(user)
    with opened(settings) as database:
        done = read_folder(
            database.engine,
            folder,
            centre=centre,
            identity_url=settings.identity_url,
            user=settings.user,
            keep=duration(keep),
            dry_run=dry_run,
        )
        rows = _rows([vars(fate) for fate in done.fates], _study_ids(database.engine, done))
        found = [] if dry_run else _findings(database.engine, done)
    if form is Format.JSON:
        print_json(
            {
                "files": done.files,
                "messages": done.messages,
                "fates": done.counts,
                "unsettled": done.unsettled,
                "removed": done.removed,
                "results": rows,
                "not_plausible": found,
            }
        )
    elif rows:
        print_rows(rows, form, COLUMNS[1:])
    _say_cures(rows)
    if found:
        remark("Not plausible, look at: {number:value|values}.", number=len(found))
    for said in found[:CURES_SHOWN]:
        warn(said)
    _tell(done, dry_run=dry_run)


@app.command("list")
def list_command(
    context: typer.Context,
    patient: Annotated[
        str | None, argument("PATIENT", "Of this child alone.", autocompletion=complete_patient)
    ] = None,
    fate: Annotated[
        str | None, option("--fate", "FATE", "Of this fate alone, as set_aside.")
    ] = None,
    limit: Annotated[int, option("--limit", "N", "So many, the last.")] = 50,
    form: FormatOption = Format.TABLE,
) -> None:
    """List what became of each result, why, and what is to be done.

    Example: registry feed list --fate set_aside
    """
    from registry.feeds.store import listed
    from registry.models.feed import FATES
    from registry.records.patient_number import patient_number

    if fate is not None and fate not in FATES:
        raise WrongUsage(tr("There is no fate {fate}.", fate=repr(fate)), cure=there_are(FATES))
    with reading(context) as connection:
        number = None if patient is None else patient_number(connection, patient)
        rows = _rows(listed(connection, patient=number, fate=fate, limit=limit))
    if form is Format.JSON:
        print_json(rows)
        return
    if form is Format.TABLE:
        rows = [{**row, "read_at": f"{row['read_at'].astimezone():%Y-%m-%d %H:%M}"} for row in rows]
    print_rows(rows, form, COLUMNS)
    _say_cures(rows)


@app.command("codes")
def codes_command(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List what the codes of laboratories mean here; one that nobody has checked is not used.

    Example: registry feed codes
    """
    from registry.feeds.codes import COLUMNS as CODE_COLUMNS
    from registry.feeds.codes import list_codes

    with reading(context) as connection:
        rows = list_codes(connection)
    print_rows(rows, form, CODE_COLUMNS)


@app.command("map")
def map_command(
    context: typer.Context,
    code: CodeArgument,
    analyte: Annotated[
        str,
        argument(
            "ANALYTE", "An analyte, IFX for the level, ADA for antibodies; none: pass it over."
        ),
    ],
    system: SystemOption = "LOINC",
    assay: Annotated[
        str | None, option("--assay", "NAME", "The assay of a level that comes by it.")
    ] = None,
    name: Annotated[str | None, option("--name", "TEXT", "What the code is called.")] = None,
    source: Annotated[str | None, option("--source", "TEXT", "Where that stands.")] = None,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Say what a laboratory's code means, and that somebody has looked it up.

    Example: registry feed map CRPHS CRP --system 99LAB --source "list of the laboratory"
    """
    from registry.feeds.codes import COLUMNS as CODE_COLUMNS
    from registry.feeds.codes import map_code

    with changing(context, user) as (connection, person):
        row = map_code(
            connection,
            code,
            analyte,
            system=system,
            assay=assay,
            name=name,
            source=source,
            user=person,
            reason=reason,
        )
    print_rows([row], form, CODE_COLUMNS)


@app.command("unmap")
def unmap_command(
    context: typer.Context,
    code: CodeArgument,
    system: SystemOption = "LOINC",
    reason: ReasonOption = None,
    user: UserOption = None,
) -> None:
    """Take a code out; results that come by it are set aside.

    Example: registry feed unmap CRPHS --system 99LAB --reason "another method since May"
    """
    from registry.feeds.codes import unmap_code

    reason = require_reason(reason, tr("A code is taken out only for a reason."))
    with changing(context, user) as (connection, person):
        unmap_code(connection, code, system=system, user=person, reason=reason)
    remark("Results by {code} of {system} are set aside from now on.", code=code, system=system)


def _study_ids(engine: Any, done: Reading) -> dict[int, str]:
    from sqlalchemy import text

    with engine.connect() as connection:
        rows = connection.execute(
            text("select patient_id, study_id from reference.patient_number "
                 "where patient_id = any(:numbers)"),
            {"numbers": sorted({one.patient_id for one in done.fates if one.patient_id})},
        )  # fmt: skip
        return {row.patient_id: row.study_id for row in rows}


def _rows(fates: list[Mapping[str, Any]] | Any, ids: Mapping[int, str] | None = None) -> Any:
    """Fates as they are shown: the reason in words, with what is to be done."""
    from registry.feeds.reasons import REASONS
    from registry.words import declared, spoken

    rows = []
    for fate in fates:
        reason = REASONS.get(fate["reason"] or "")
        said = "" if reason is None else spoken(declared(reason.words, **fate["facts"]))
        cure = (
            ""
            if reason is None or not reason.cure
            else spoken(declared(reason.cure, **fate["facts"]))
        )
        row = {**fate, "facts": dict(fate["facts"]), "said": said, "cure": cure}
        if ids is not None:
            row["patient_id"] = ids.get(fate["patient_id"])
            row = {name: row[name] for name in (*COLUMNS[1:-1], "reason", "said", "cure")}
        rows.append(row)
    return rows


def _say_cures(rows: list[dict[str, Any]]) -> None:
    """What is to be done about what was not stored, each cure once."""
    cures: dict[str, str] = {}
    for row in rows:
        if row["cure"] and row["fate"] in ("set_aside", "refused"):
            cures.setdefault(row["cure"], row["said"])
    for cure, said in list(cures.items())[:CURES_SHOWN]:
        warn(f"{said}: {cure}")


def _findings(engine: Any, done: Reading) -> list[str]:
    """What is not plausible of the records that the reading wrote."""
    from registry.models import ENTITIES, table_of
    from registry.records.plausibility import findings_of_record

    entities = {table_of(entity).name: entity for entity in ENTITIES}
    written = {
        (fate.table_name, fate.patient_id, fate.record_id): None
        for fate in done.fates
        if fate.table_name and fate.patient_id and fate.record_id
    }
    with engine.connect() as connection:
        return [
            f"{found.patient_id} {found.record_on} {found.said}"
            for table, patient, record in list(written)[:LOOKED_AT]
            for found in findings_of_record(connection, entities[table], patient, record)
        ]


def counted(done: Reading) -> str:
    """What a reading came to, in one line."""
    fates = ", ".join(f"{number} {name}" for name, number in sorted(done.counts.items()))
    return tr(
        "{files:file|files}, {messages:message|messages}: {fates}",
        files=done.files,
        messages=done.messages,
        fates=fates or tr("nothing"),
    )


def _tell(done: Reading, *, dry_run: bool) -> None:
    from registry.feeds.store import APPLIED

    warn(counted(done))
    if done.unsettled:
        remark(
            "Left for the next run, since they may still be written: {number:file|files}.",
            number=done.unsettled,
        )
    if done.removed:
        remark("Removed, read long ago: {number:file|files}.", number=done.removed)
    if dry_run:
        remark("A dry run: nothing was written.")
    elif done.counts.keys() & set(APPLIED):
        remark("Bring the status up to date: registry derive")
