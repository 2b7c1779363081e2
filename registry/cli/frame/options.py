"""Options that many commands take: who works, why, by which definition, and what may be done."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from registry.cli.frame.completion import complete_definition, complete_patient
from registry.cli.frame.signatures import flag, option

ReasonOption = Annotated[str | None, option("--reason", "TEXT", "Why the change is made.")]
UserOption = Annotated[str | None, option("--user", "NAME", "Who makes it, for the record.")]
AllowIdOption = Annotated[
    bool, flag("--allow-id", "Take study ids that look like a name or a number; needs a --reason.")
]
DefinitionOption = Annotated[
    str | None,
    option(
        "--definition",
        "NAME",
        "The definition to hold to.  [the registry's default]",
        autocompletion=complete_definition,
    ),
]
ForceOption = Annotated[bool, flag("--force", "Replace what is there already.")]
FigureOption = Annotated[
    Path | None, option("--figure", "STEM", "Also draw STEM.png and STEM.svg.")
]
PatientOption = Annotated[
    str | None, option("--patient", "PATIENT", "A study id.", autocompletion=complete_patient)
]
CentresOption = Annotated[
    list[str] | None, option("--centre", "CODE", "Whose children registry_entry sees.")
]
HospitalOption = Annotated[
    str | None, option("--centre", "CODE", "Which hospital gave the numbers.")
]
