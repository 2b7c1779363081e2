"""The command groups of single records; their options come from the declarations when asked for."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

# Command -> the table's import file and what it holds.
GROUPS = {
    "patient": ("patients", "Children of the registry."),
    "phenotype": ("phenotypes", "Paris classifications."),
    "anthropometry": ("anthropometry", "Heights and weights."),
    "infusion": ("infusions", "Infusions of infliximab."),
    "tdm": ("tdm_levels", "Drug levels and antibodies."),
    "pcdai": ("pcdai_visits", "PCDAI visits."),
    "lab": ("lab_results", "Laboratory values."),
    "medication": ("medications", "Courses of other drugs."),
    "endoscopy": ("endoscopies", "Endoscopies."),
    "surgery": ("surgeries", "Operations."),
    "gene": ("gene_findings", "Gene findings."),
    "condition": ("conditions", "Contraindications and comorbidities."),
    "follow-up": ("follow_up_ends", "Ends of follow-up."),
}
GROUP_OF_FILE = {file_name: group for group, (file_name, _) in GROUPS.items()}


class EntityGroup(TyperGroup):
    """The commands of one entity, made from its variables only when one of them is needed."""

    def list_commands(self, ctx: Any) -> list[str]:
        """add, list, show, amend, void."""
        from registry.cli.entry_commands import VERBS

        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One of them, with an option for each variable."""
        from registry.cli.entry_commands import entity_app

        made = typer.main.get_command(entity_app(self.name or ""))
        return getattr(made, "commands", {}).get(cmd_name)


def add_groups(app: typer.Typer) -> None:
    """Adds a group for each entity."""
    for name, (_, words) in GROUPS.items():
        group = typer.Typer(cls=EntityGroup, no_args_is_help=True, help=words)
        app.add_typer(group, name=name)
