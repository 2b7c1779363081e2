"""`registry import`: files into tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from registry.cli.demo.mark import IntoDemoOption, hold_to_demo
from registry.cli.files.by_number import REASON, NamedBy, numbers_of
from registry.cli.files.import_result import changes_kept, print_result, take_back
from registry.cli.files.mapping import (
    MapOption,
    RedcapOption,
    SuggestOption,
    print_draft,
    reader_of,
    sheets_reader,
)
from registry.cli.frame.context import (
    hold_to_reason,
    opened,
    remark,
    remark_more,
    run_of,
    warn,
    with_allowed,
)
from registry.cli.frame.conventions import (
    DateOrderOption,
    DecimalOption,
    EncodingOption,
    MissingOption,
    PatientIdOption,
    SheetOption,
    SkipHiddenOption,
    conventions_of,
)
from registry.cli.frame.options import AllowIdOption, HospitalOption, ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, steps_shown
from registry.cli.frame.signatures import argument, flag, option
from registry.errors import WrongUsage
from registry.steps import step
from registry.words import tr

if TYPE_CHECKING:
    from registry.derivation.run import Transition
    from registry.importing.marked import Sheet
    from registry.records.rows import WriteResult

# More than a screen of complaints helps nobody; JSON has them all.
COMPLAINTS_SHOWN = 40
WARNINGS_SHOWN = 10


def import_command(
    context: typer.Context,
    paths: Annotated[list[Path], argument("PATH", "Folders, or files named after their tables.")],
    dry_run: Annotated[
        bool, flag("--dry-run", "Check and count everything, write nothing.")
    ] = False,
    update: Annotated[
        bool, flag("--update", "Change records that are there with other values.")
    ] = False,
    map_file: MapOption = None,
    redcap: RedcapOption = None,
    suggest_map: SuggestOption = False,
    date_order: DateOrderOption = None,
    decimal: DecimalOption = None,
    encoding: EncodingOption = None,
    missing: MissingOption = None,
    patient_id: PatientIdOption = None,
    sheet: SheetOption = None,
    skip_hidden: SkipHiddenOption = False,
    errors_to: Annotated[
        Path | None,
        option(
            "--errors-to",
            "FILE",
            "Write files with bad cells again, marked, to be mended; .xlsx or .csv.",
        ),
    ] = None,
    named_by: Annotated[
        NamedBy, typer.Option("--id", help="What names the child in the files.")
    ] = NamedBy.STUDY_ID,
    centre: HospitalOption = None,
    register: Annotated[
        bool, flag("--register", "Give unknown hospital numbers new study ids.")
    ] = False,
    allow_id: AllowIdOption = False,
    into_demo: IntoDemoOption = False,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Import files, all or nothing.

    A row that is already there unchanged is no error. One whose natural key is there with other
    values is refused unless --update, which needs a --reason; an empty cell then empties the
    value, a column that the file does not have is left alone. With --dry-run every value that
    would change is shown, and every state that would follow.

    With --id hospital-number, or a mapping that says so, the files hold the hospital's number in
    the study id's place; no number is stored, shown or logged but with the identities.

    Example: registry import visits/ --dry-run
    """
    conventions = conventions_of(
        date_order=date_order,
        decimal=decimal,
        encoding=encoding,
        missing=missing,
        patient_id=patient_id,
        sheet=sheet,
        skip_hidden=skip_hidden,
    )
    if suggest_map:
        print_draft(paths, conventions)
        return
    if (map_file or redcap) and (patient_id or sheet):
        raise WrongUsage(
            tr("With a mapping, the mapping says which header and which sheet are meant."),
            cure=tr("Leave out --patient-id and --sheet, or say it in the mapping."),
        )
    if update and not dry_run and not (reason and reason.strip()):
        raise WrongUsage(
            tr("--update changes records, so it needs a reason."),
            cure=tr('Add --reason "why", or look first with --dry-run.'),
        )
    hold_to_reason(allow_id, reason)
    read = reader_of(map_file, redcap, by_number=named_by is NamedBy.HOSPITAL_NUMBER)
    if (register or centre) and not read.by_number:
        raise WrongUsage(
            tr("--register and --centre are for files that name children by hospital number."),
            cure=tr("Add --id hospital-number."),
        )
    if errors_to is not None:
        from registry.importing.marked import check_target

        check_target(errors_to, paths)
    from registry.derivation.status import waiting_patients, who_derives
    from registry.records.change import declare_change, summarise_change

    settings = run_of(context).settings(user)
    why = reason or ("dry run" if dry_run else REASON if read.by_number else None)
    with (
        opened(settings) as database,
        database.engine.connect() as connection,
        numbers_of(
            connection,
            settings,
            asked=read.by_number,
            centre=centre,
            reason=why,
            register=register,
        ) as numbers,
    ):
        # Where the numbers lie may have been asked in it.
        transaction = connection.get_transaction() or connection.begin()
        turned: list[Transition] | None = None
        waiting, cure = 0, ""
        declare_change(connection, user=settings.user, command="import", reason=why)
        with steps_shown():
            result = read.files(
                connection,
                paths,
                conventions=conventions,
                update=update,
                allow_ids=allow_id,
                numbered=numbers.numbered,
                changes=changes_kept(form),
            )
            if dry_run and not result.errors:
                step(tr("Looking at the states"))
                turned = take_back(connection, result)
        changes = any(one.inserted + one.updated for one in result.tables.values())
        if changes and not (result.errors or dry_run):
            # What the demo has already is the demo's.
            hold_to_demo(database, into_demo)
        if result.errors or dry_run:
            transaction.close()
            numbers.note_read()
        else:
            summarise_change(connection, with_allowed(result.summary, allow_id))
            numbers.commit()
            transaction.commit()
            if (given := numbers.told()) is not None:
                result.notes.append(given)
            result.committed = True
            waiting, cure = waiting_patients(connection), who_derives(connection)
    print_result(result, turned, form, dry_run=dry_run)
    _say_more(result, waiting, cure, dry_run=dry_run)
    if errors_to is not None and (result.errors or result.warnings):
        _mark(sheets_reader(map_file, redcap)(paths, conventions), result, errors_to)
    if result.errors:
        raise typer.Exit(1)


def _mark(sheets: list[Sheet], result: WriteResult, path: Path) -> None:
    """Writes the files with problems again, marked, and says how to go on."""
    from registry.importing.marked import write_marked

    marked = write_marked(sheets, [*result.errors, *result.warnings], path)
    values = {"file": path, "files": ", ".join(marked.files)}
    if result.errors:
        remark(
            "Marked in {file}: {files}. Mend the marked cells there, and import it in place "
            "of these, with the other files.",
            **values,
        )
    else:
        remark("Marked in {file}: {files}. Look at the marked cells there.", **values)
    for reason in marked.left_out:
        remark("Not in it, to be mended in the file itself: {reason}", reason=reason)


def _say_more(result: WriteResult, waiting: int, cure: str, *, dry_run: bool) -> None:
    """What stands beside the result: notes, complaints, and what to do next."""
    from registry.derivation.status import DERIVE

    for note in result.notes:
        warn(note)
    for problem in result.errors[:COMPLAINTS_SHOWN]:
        warn(str(problem))
    remark_more(len(result.errors), COMPLAINTS_SHOWN)
    _say_warnings(result)
    if result.errors:
        number = len(result.errors)
        remark(
            "Nothing was imported: {number:complaint|complaints}. Mend the cells and try again.",
            number=number,
        )
    elif dry_run:
        remark("A dry run: nothing was written.")
    elif waiting:
        warn(
            tr("Patients waiting for a derivation: {number}. Run: registry derive", number=waiting)
            if cure == DERIVE
            else tr(
                "Patients waiting for a derivation: {number}; {cure}.", number=waiting, cure=cure
            )
        )


def _say_warnings(result: WriteResult) -> None:
    """What is not plausible: the first of them, and how many there are."""
    if not result.warnings:
        return
    number = len(result.warnings)
    remark("Not plausible, look at: {number:value|values}.", number=number)
    for notice in result.warnings[:WARNINGS_SHOWN]:
        warn(str(notice))
    remark_more(number, WARNINGS_SHOWN)
