"""Options that many commands take: who works, why, by which definition, and what may be done."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.frame.completion import complete_definition, complete_patient

ReasonOption = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why the change is made.")
]
UserOption = Annotated[
    str | None, typer.Option("--user", metavar="NAME", help="Who makes it, for the record.")
]
AllowIdOption = Annotated[
    bool,
    typer.Option(
        "--allow-id",
        help="Take study ids that look like a name or a number; needs a --reason.",
    ),
]
DefinitionOption = Annotated[
    str | None,
    typer.Option(
        "--definition",
        metavar="NAME",
        help="The definition to hold to.  [the registry's default]",
        autocompletion=complete_definition,
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace what is there already.")]
FigureOption = Annotated[
    Path | None,
    typer.Option("--figure", metavar="STEM", help="Also draw STEM.png and STEM.svg."),
]
PatientOption = Annotated[
    str | None,
    typer.Option(
        "--patient", metavar="PATIENT", help="A study id.", autocompletion=complete_patient
    ),
]
CentresOption = Annotated[
    list[str] | None,
    typer.Option("--centre", metavar="CODE", help="Whose children registry_entry sees."),
]
HospitalOption = Annotated[
    str | None, typer.Option("--centre", metavar="CODE", help="Which hospital gave the numbers.")
]
