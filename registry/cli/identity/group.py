"""The commands of `registry identity`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from registry.cli.frame.completion import RequiredPatient
from registry.cli.frame.context import remark
from registry.cli.frame.options import ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows
from registry.cli.frame.signatures import argument, option, those_given
from registry.cli.identity.frame import (
    BirthNameOption,
    CentreOption,
    ContactOption,
    IdentityNumberOption,
    NameOption,
    NumberOption,
    at_identities,
    centre_of,
    why,
)
from registry.errors import NotFound, WrongUsage
from registry.words import tr

app = typer.Typer(
    no_args_is_help=True,
    help="Who the children are, apart from their records; every reading is written down.",
)
COLUMNS = ("patient_id", "name", "birth_name", "contact", "identity_number", "numbers")
TWIN_COLUMNS = ("patient_id", "centre", "twin", "twin_centre", "sex", "birth_date", "alike")


@app.command("add")
def add_command(
    context: typer.Context,
    patient: RequiredPatient,
    number: NumberOption = None,
    centre: CentreOption = None,
    name: NameOption = None,
    birth_name: BirthNameOption = None,
    contact: ContactOption = None,
    identity_number: IdentityNumberOption = None,
    reason: ReasonOption = None,
    user: UserOption = None,
) -> None:
    """Keep who a child is. Without a value on the line a terminal asks, and no history keeps it.

    Example: registry identity add P001 --number 0012345 --name 'Li Wei'
    """
    from registry.cli.records.prompts import ask, may_ask
    from registry.identity.person import VALUES
    from registry.identity.store import Link, link, put
    from registry.records.patient_number import patient_number
    from registry.words import spoken

    given = those_given(
        name=name, birth_name=birth_name, contact=contact, identity_number=identity_number
    )
    if number is None and not given and may_ask(False):
        number = ask(tr("Hospital number"))
        given = {column: ask(spoken(one.label)) for column, one in VALUES.items()}
        given = {column: value for column, value in given.items() if value}
    if not number and not given:
        raise WrongUsage(tr("Nothing is told of the child: give at least one option."))
    with at_identities(context, "add", user=user, reason=reason) as (registry, kept):
        patient_number(registry, patient)
        if number:
            link(kept, [Link(patient, centre_of(registry, patient, centre), number)])
        if given:
            put(kept, patient, given)
    remark("Kept who {patient} is.", patient=patient)


@app.command("import")
def import_command(
    context: typer.Context,
    path: Annotated[Path, argument("FILE", "A table with a header.")],
    reason: ReasonOption = None,
    user: UserOption = None,
) -> None:
    """Keep who the children of a file are: patient_id, and any of hospital_number, centre (whose
    number it is, else the child's), name, birth_name, contact, identity_number. All or nothing.

    Example: registry identity import who.csv
    """
    from registry.identity.file import read_file
    from registry.identity.store import link, put
    from registry.records.patient_number import patient_number

    with at_identities(context, "import", user=user, reason=reason) as (registry, kept):
        rows = read_file(path)
        for row in rows:
            patient_number(registry, row.patient_id)
        link(
            kept,
            [
                row.link(centre_of(registry, row.patient_id, row.centre))
                for row in rows
                if row.number
            ],
        )
        for row in rows:
            put(kept, row.patient_id, row.values)
    remark("Kept who {number:child is|children are}.", number=len({r.patient_id for r in rows}))


@app.command("list")
def list_command(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List of whom an identity is kept, and whose numbers there are, without any of it.

    Example: registry identity list
    """
    from registry.identity.store import listed

    with at_identities(context, "list", user=None, reason=None) as (_, kept):
        print_rows(listed(kept), form, ("patient_id", "name", "numbers_of"))


@app.command("show")
def show_command(
    context: typer.Context,
    patient: RequiredPatient,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show who a child is, with all hospital numbers. That it was read is written down.

    Example: registry identity show P001 --reason 'call the family'
    """
    from registry.identity.store import show

    reason = why(reason)
    with at_identities(context, "show", user=user, reason=reason) as (_, kept):
        found = show(kept, patient)
    if form is Format.JSON:
        print_json(found.to_json())
    else:
        print_rows([found.to_row()], form, COLUMNS)


@app.command("find")
def find_command(
    context: typer.Context,
    number: NumberOption = None,
    centre: CentreOption = None,
    name: NameOption = None,
    identity_number: IdentityNumberOption = None,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Find children by number, by a part of a name, by identity number; all that is given must fit.

    Example: registry identity find --number 12345 --reason 'a letter came'
    """
    from registry.identity.store import find, read

    reason = why(reason)
    if not (number or name or identity_number):
        raise WrongUsage(tr("Say by what: --number, --name or --identity-number."))
    with at_identities(context, "find", user=user, reason=reason) as (_, kept):
        ids = find(kept, centre=centre, number=number, name=name, identity_number=identity_number)
        found = read(kept, ids) if ids else []
    if not found:
        raise NotFound(tr("Nobody fits."), cure=tr("Of whom one is kept: registry identity list"))
    if form is Format.JSON:
        print_json([one.to_json() for one in found])
    else:
        print_rows([one.to_row() for one in found], form, COLUMNS)


@app.command("amend")
def amend_command(
    context: typer.Context,
    patient: RequiredPatient,
    name: NameOption = None,
    birth_name: BirthNameOption = None,
    contact: ContactOption = None,
    identity_number: IdentityNumberOption = None,
    reason: ReasonOption = None,
    user: UserOption = None,
) -> None:
    """Change what is kept of who a child is; an empty value empties.

    Example: registry identity amend P001 --contact '' --reason 'moved away'
    """
    from registry.identity.store import put, show

    reason = why(reason)
    given = those_given(
        name=name, birth_name=birth_name, contact=contact, identity_number=identity_number
    )
    if not given:
        raise WrongUsage(tr("Nothing is told of the child: give at least one option."))
    with at_identities(context, "amend", user=user, reason=reason) as (_, kept):
        show(kept, patient)
        put(kept, patient, given)
    remark("Kept who {patient} is.", patient=patient)


@app.command("link")
def link_command(
    context: typer.Context,
    patient: RequiredPatient,
    number: Annotated[str, argument("NUMBER", "A hospital's number.")],
    centre: CentreOption = None,
    until: Annotated[
        datetime | None,
        option(
            "--until",
            "DATE",
            "From that day on the number is not this child's any more.",
            formats=["%Y-%m-%d"],
        ),
    ] = None,
    reason: ReasonOption = None,
    user: UserOption = None,
) -> None:
    """Give a child one more hospital number, of the same or another centre, or end its use.

    A number that was ever two children's names nobody in an import.

    Example: registry identity link P002 77-1203
    """
    from registry.identity.store import Link, link, unlink
    from registry.records.patient_number import patient_number

    if until is not None:
        why(reason)
    with at_identities(context, "link", user=user, reason=reason) as (registry, kept):
        patient_number(registry, patient)
        code = centre_of(registry, patient, centre)
        if until is None:
            link(kept, [Link(patient, code, number)])
        else:
            unlink(kept, patient, code, number, until.date())
    remark("Kept who {patient} is.", patient=patient)


@app.command("void")
def void_command(
    context: typer.Context,
    patient: RequiredPatient,
    number: NumberOption = None,
    centre: CentreOption = None,
    reason: ReasonOption = None,
    user: UserOption = None,
) -> None:
    """Take a wrong number out, or all that is kept of who a child is; the identities' audit has it.

    Example: registry identity void P002 --reason 'entered for the wrong child'
    """
    from registry.identity.store import unlink, void

    reason = why(reason)
    with at_identities(context, "void", user=user, reason=reason) as (registry, kept):
        if number is None:
            void(kept, patient)
        else:
            unlink(kept, patient, centre_of(registry, patient, centre), number, None)
    remark("Taken out: who {patient} is.", patient=patient)


@app.command("twins")
def twins_command(
    context: typer.Context,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List children who may be one child twice: same birth date and sex, and a name alike.

    Names are alike if they have the same words in any order, capitals, accents and hyphens apart,
    or differ in one letter; of Chinese names the signs count. A name at birth counts as a name.

    Example: registry identity twins --reason 'monthly check'
    """
    from registry.identity.twins import find_twins

    reason = why(reason)
    with at_identities(context, "twins", user=user, reason=reason) as (registry, kept):
        found = [one.to_json() for one in find_twins(registry, kept)]
    print_rows(found, form, TWIN_COLUMNS)
    if found:
        remark("One child under two study ids is joined by: registry patient merge A INTO B")


@app.command("audit")
def audit_command(
    context: typer.Context,
    patient: Annotated[str | None, argument("PATIENT", "Study id; all without.")] = None,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show who read and who changed identities, of a child or of all, when and why.

    Example: registry identity audit P001 --reason 'asked by the family'
    """
    from registry.identity.store import audited

    reason = why(reason)
    with at_identities(context, "audit", user=user, reason=reason) as (_, kept):
        print_rows(audited(kept, patient), form)
