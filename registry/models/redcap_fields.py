"""The dictionary as a REDCap project: an instrument a table, a field a column.

The study id is the record id; patients are filled once, every other instrument repeats. A field is
named after table and column, because in a project no two fields have one name. What REDCap would
refuse as a number or a date, a limit such as <0.4 or a month without a day, is plain text there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from registry.models import ENTITIES, Entity, Patient, table_of
from registry.models.patient import STUDY_ID
from registry.variables import Kind, Redaction, Variable

RECORD_ID = "record_id"
INSTRUMENT = "redcap_repeat_instrument"
INSTANCE = "redcap_repeat_instance"

# Beside the data of an export; says which instruments repeat.
REPEATING_FILE = "repeating_instruments.csv"

# Headers of a data dictionary, as REDCap writes and wants them.
FIELD, FORM, TYPE, LABEL = "Variable / Field Name", "Form Name", "Field Type", "Field Label"
CHOICES = "Choices, Calculations, OR Slider Labels"
NOTE, VALIDATION = "Field Note", "Text Validation Type OR Show Slider Number"
LOWEST, HIGHEST = "Text Validation Min", "Text Validation Max"
IDENTIFIER, REQUIRED = "Identifier?", "Required Field?"
DICTIONARY_HEADER = (
    FIELD,
    FORM,
    "Section Header",
    TYPE,
    LABEL,
    CHOICES,
    NOTE,
    VALIDATION,
    LOWEST,
    HIGHEST,
    IDENTIFIER,
    "Branching Logic (Show field only if...)",
    REQUIRED,
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
)

_NOTES = {
    Kind.MEASURED: "a number, <number or >number",
    Kind.PARTIAL_DATE: "YYYY-MM-DD, YYYY-MM or YYYY",
}


@dataclass(frozen=True)
class Field:
    """One column of a table as a field of the project."""

    entity: Entity
    column: str
    variable: Variable

    @property
    def name(self) -> str:
        """Table and column, as `infusion_weight_kg`."""
        return f"{table_of(self.entity).name}_{self.column}"

    def dictionary_row(self, label: str) -> dict[str, str]:
        """The field's row of the data dictionary; what it does not give is empty."""
        variable = self.variable
        row = {
            FIELD: self.name,
            FORM: self.entity.file_name,
            TYPE: "text",
            LABEL: label,
            NOTE: "; ".join(
                part
                for part in (variable.unit, _NOTES.get(variable.kind), variable.meaning)
                if part
            ),
            IDENTIFIER: "y" if _identifies(variable) else "",
            REQUIRED: "y" if variable.required else "",
        }
        match variable.kind:
            case Kind.FLAG:
                row[TYPE] = "yesno"
            case Kind.CODE:
                row[TYPE] = "radio"
                row[CHOICES] = " | ".join(
                    f"{raw_code(code)}, {code}" for code in variable.codes or ()
                )
            case Kind.DATE:
                row[VALIDATION] = "date_ymd"
            case Kind.NUMBER | Kind.INTEGER:
                row[VALIDATION] = "number" if variable.kind is Kind.NUMBER else "integer"
                row[LOWEST] = "" if variable.minimum is None else str(variable.minimum)
                row[HIGHEST] = "" if variable.maximum is None else str(variable.maximum)
        return row


def _identifies(variable: Variable) -> bool:
    """What an export without identifiers leaves out: not the dates that REDCap can shift."""
    kept = (Redaction.CLINICAL, Redaction.BIRTH)
    shifted = variable.kind is Kind.DATE and variable.redacted_as is Redaction.DATE
    return not shifted and variable.redacted_as not in kept


def fields() -> Iterator[Field]:
    """Every field but the record id, in the order of the tables and their columns."""
    for entity in ENTITIES:
        for column in table_of(entity).columns:
            if "variable" in column.info:
                yield Field(entity, column.name, column.info["variable"])


def data_dictionary() -> list[dict[str, str]]:
    """The rows of the project's data dictionary; no two labels are the same.

    A project exported with labels has them in its header, where they must tell the fields apart.
    """
    known = list(fields())
    labels = [field.variable.label for field in known]
    first = {
        FIELD: RECORD_ID,
        FORM: Patient.file_name,
        TYPE: "text",
        LABEL: STUDY_ID.label,
        NOTE: STUDY_ID.meaning,
        IDENTIFIER: "y",
        REQUIRED: "y",
    }
    return [
        first,
        *(
            field.dictionary_row(
                label if labels.count(label) == 1 else f"{label} ({field.entity.file_name})"
            )
            for field, label in zip(known, labels, strict=True)
        ),
    ]


def title(instrument: str) -> str:
    """What REDCap calls a form when a data dictionary makes it: `lab_results` is Lab Results."""
    return " ".join(word.capitalize() for word in instrument.split("_"))


def raw_code(code: str) -> str:
    """A code with the letters, digits and underscores alone that REDCap takes in a choice."""
    words = code.replace("/", "_per_").replace("^", "e").replace("%", "percent")
    return re.sub("[^A-Za-z0-9_.-]+", "_", words).strip("_")
