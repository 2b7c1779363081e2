"""`registry patient merge`: two study ids of one child become one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from registry.cli.frame.completion import complete_patient
from registry.cli.frame.context import changing, remark, require_reason
from registry.cli.frame.options import ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows
from registry.cli.frame.signatures import argument, option
from registry.errors import WrongUsage
from registry.words import tr


def merge_command(
    context: typer.Context,
    patients: Annotated[
        list[str],
        argument(
            "A into B",
            "The study id that goes, and the one that stays.",
            autocompletion=complete_patient,
        ),
    ],
    prefer: Annotated[
        str | None, option("--prefer", "PATIENT", "Whose values stay where both have some.")
    ] = None,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Join two study ids of one child: all records of A are B's, and A stands for nobody.

    A record that both have alike is kept once; where they differ all is refused and told, unless
    --prefer says whose is right. Of two centres B's stays. Hospital numbers of A then mean B. All
    of it is one change: registry undo --command takes it back.

    Example: registry patient merge P040 into P041 --prefer P041 --reason 'moved here in May'
    """
    from registry.derivation.status import who_derives
    from registry.entry.merge import merge
    from registry.records.change import change_number, declare_change, summarise_change

    ids = [one for one in patients if one.lower() != "into"]
    if len(ids) != 2:
        raise WrongUsage(tr("Name two study ids: the one that goes, and the one that stays."))
    reason = require_reason(reason, tr("Two children are joined only with a --reason."))
    with changing(context, user) as (connection, person):
        declare_change(connection, user=person, command="patient merge", reason=reason)
        done = merge(connection, ids[0], ids[1], prefer=prefer)
        summarise_change(connection, f"patients: {done.patient_id} merged into {done.into}")
        change = change_number(connection)
        cure = who_derives(connection)
    if form is Format.JSON:
        print_json({**asdict(done), "change": change})
    else:
        print_rows([asdict(done)], form)
    remark("{one} is {into} now. Status: {cure}", one=ids[0], into=ids[1], cure=cure)
