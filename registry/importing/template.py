"""A workbook to fill and import: a sheet a table, with what the declarations know of each column.

A spreadsheet can hold a cell to its limits while it is typed; the import holds it to all the rules.
"""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import Any

from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from registry.drawing.workbook import cell, set_widths, workbook
from registry.importing.files.bounds import MOST_ROWS
from registry.models.codebook import WRITTEN, declarations, descriptions, keys, meanings, reasons
from registry.models.patient import STUDY_ID
from registry.variables import Kind, Variable
from registry.words import spoken, tr

# A list to choose from.
Choices = tuple[str, ...] | tuple[float, ...]
WORKBOOK_NAME = "registry.xlsx"
CODES_SHEET = "codes"
# A longer list is no choice; the number is typed.
LONGEST_CHOICE = 5

_TEXT = "@"
_DATE = "yyyy-mm-dd"
_KEY = (PatternFill("solid", fgColor="FF1F4E79"), Font(bold=True, color="FFFFFFFF"))
_REQUIRED = (PatternFill("solid", fgColor="FF9DC3E6"), Font(bold=True))
_OPTIONAL = (PatternFill("solid", fgColor="FFEDEDED"), Font())
_NARROWEST = 12
_COMMENT_WIDTH, _LINE_HEIGHT, _LINE_LETTERS = 320, 18, 44
# What a spreadsheet takes as the words of a validation.
_LONGEST_TITLE, _LONGEST_MESSAGE = 32, 255


def write_template(path: Path) -> None:
    """Writes the workbook. Raises OSError where the file cannot be written."""
    lists: dict[Choices, str] = {}
    key, described, why = keys(), descriptions(), reasons()
    with workbook(path) as book:
        for table, columns in declarations().items():
            sheet = book.create_sheet(table)
            sheet.freeze_panes = "B2"
            known = columns | why[table]
            set_widths(sheet, (max(_NARROWEST, len(name) + 3) for name in known))
            heads = []
            for number, (name, variable) in enumerate(known.items(), start=1):
                comment = _comment(variable, is_key=name in key[table])
                if number == 1:
                    comment = f"{described[table]}\n{comment}"
                heads.append(_head(sheet, name, variable, comment, name in key[table]))
                _hold(sheet, number, variable, lists)
            _fold(sheet, len(columns) + 1, len(columns) + len(why[table]))
            sheet.append(heads)
        # The hidden sheet behind the others, so that a spreadsheet opens on the first table.
        codes = book.create_sheet(CODES_SHEET)
        codes.sheet_state = "hidden"
        for row in zip_longest(*lists):
            codes.append(row)


def _fold(sheet: Any, first: int, last: int) -> None:
    """Hides the columns of reasons, which few files fill, behind one button."""
    if last >= first:
        sheet.column_dimensions.group(
            get_column_letter(first), get_column_letter(last), hidden=True
        )


def _head(sheet: Any, name: str, variable: Variable, words: str, is_key: bool) -> Any:
    fill, font = _KEY if is_key else _REQUIRED if variable.required else _OPTIONAL
    lines = sum(1 + len(line) // _LINE_LETTERS for line in words.splitlines())
    comment = Comment(words, "registry", height=_LINE_HEIGHT * (lines + 1), width=_COMMENT_WIDTH)
    centred = Alignment(vertical="center")
    return cell(sheet, name, fill=fill, font=font, alignment=centred, comment=comment)


def _comment(variable: Variable, *, is_key: bool) -> str:
    unit = f" ({variable.unit})" if variable.unit else ""
    marks = [tr("key")] if is_key else []
    marks += [tr("required")] if variable.required else [tr("may be empty")]
    lines = [
        f"{spoken(variable.label)}{unit}: {', '.join(marks)}",
        "" if variable.codes else spoken(WRITTEN[variable.kind]),
        "" if variable.codes or variable.kind is Kind.FLAG else variable.limits(),
        spoken(variable.meaning),
        *(f"{code} = {words}" for code, words in (meanings(variable) or {}).items()),
    ]
    return "\n".join(line for line in lines if line)


def _hold(sheet: Any, number: int, variable: Variable, lists: dict[Choices, str]) -> None:
    """Gives a column its format, its list to choose from and the limits of its cells."""
    letter = get_column_letter(number)
    column = sheet.column_dimensions[letter]
    if variable.kind in (Kind.TEXT, Kind.CODE, Kind.REASON, Kind.PARTIAL_DATE):
        # Nothing is turned into a date or a number, and no leading zero is lost.
        column.number_format = _TEXT
    elif variable.kind is Kind.DATE:
        column.number_format = _DATE
    choices = _choices(variable)
    if choices is not None:
        if choices not in lists:
            place = get_column_letter(len(lists) + 1)
            lists[choices] = f"{CODES_SHEET}!${place}$1:${place}${len(choices)}"
        held = DataValidation(type="list", formula1=lists[choices])
    else:
        formula = _formula(variable, f"{letter}2")
        if formula is None:
            return
        held = DataValidation(type="custom", formula1=formula)
    held.allow_blank = True
    held.showErrorMessage = True
    held.errorTitle = spoken(variable.label)[:_LONGEST_TITLE]
    held.error = _refusal(variable)[:_LONGEST_MESSAGE]
    held.add(f"{letter}2:{letter}{MOST_ROWS}")
    sheet.data_validations.append(held)


def _choices(variable: Variable) -> Choices | None:
    """The few values that are allowed, as they are written; None where there are many."""
    if variable.codes is not None:
        return variable.codes
    if variable.kind is Kind.FLAG:
        return ("yes", "no")
    low, high, step = variable.minimum, variable.maximum, variable.step
    if step is None or low is None or high is None or (high - low) / step >= LONGEST_CHOICE:
        return None
    steps = range(int((high - low) / step) + 1)
    written = tuple(f"{low + step * place:g}" for place in steps)
    return tuple(map(float, written)) if variable.kind is Kind.NUMBER else written


def _formula(variable: Variable, cell: str) -> str | None:
    """A formula that is true where the cell may stand so; None where anything may."""
    match variable.kind:
        case Kind.DATE:
            return f"AND(ISNUMBER({cell}),{cell}<=TODAY())"
        case Kind.PARTIAL_DATE:
            return f"OR(ISNUMBER({cell}),LEN({cell})=4,LEN({cell})=7,LEN({cell})=10)"
        case Kind.NUMBER | Kind.INTEGER:
            return _within(variable, cell)
        case Kind.MEASURED:
            return f'OR(LEFT({cell},1)="<",LEFT({cell},1)=">",{_within(variable, cell)})'
        case _ if variable is STUDY_ID:
            return f'AND(LEN({cell})<=32,ISERROR(FIND(" ",{cell})))'
        case _:
            return None


def _within(variable: Variable, cell: str) -> str:
    parts = [f"ISNUMBER({cell})"]
    if variable.minimum is not None:
        parts.append(f"{cell}{'>' if variable.above_minimum else '>='}{variable.minimum}")
    if variable.maximum is not None:
        parts.append(f"{cell}<={variable.maximum}")
    if variable.step is not None:
        # In whole steps, for a remainder of binary fractions may be off.
        parts.append(f"{cell}/{variable.step}=INT({cell}/{variable.step})")
    return f"AND({','.join(parts)})"


def _refusal(variable: Variable) -> str:
    match variable.kind:
        case Kind.CODE | Kind.REASON | Kind.FLAG:
            return tr("Choose from the list.")
        case Kind.DATE if variable.may_be_future:
            return tr("A date, as 2024-03-31.")
        case Kind.DATE:
            return tr("A date that is not in the future, as 2024-03-31.")
        case Kind.PARTIAL_DATE:
            return tr("A date, a month or a year: 2024-03-31, 2024-03 or 2024.")
        case Kind.MEASURED:
            return tr("A number, {limits}; or <number or >number.", limits=variable.limits())
        case Kind.NUMBER | Kind.INTEGER:
            unit = f" {variable.unit}" if variable.unit else ""
            return tr("A number, {limits}.", limits=f"{variable.limits()}{unit}")
        case _:
            return tr("A study id: {meaning}.", meaning=spoken(variable.meaning))
