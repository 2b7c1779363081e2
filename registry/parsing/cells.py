"""From the text of a cell to the text of the import format, by what its column declares."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from registry.parsing.conventions import NOTHING_SAID, Conventions, DateOrder
from registry.parsing.dates import read_date
from registry.parsing.names import read_code, read_flag
from registry.parsing.numbers import CANONICAL_NUMBER, read_measured, read_number, split_number
from registry.parsing.stops import UNKNOWN, read_stop
from registry.parsing.text import BLANKS, NotOfKind, Unreadable, folded, not_of_kind
from registry.parsing.typed import FaultText, LabelledText, NumberText
from registry.parsing.units import same_unit
from registry.variables import Kind, Variable
from registry.words import tr

# What is counted or measured; a label of such a value only says what the number means.
NUMBERS = (Kind.NUMBER, Kind.INTEGER, Kind.MEASURED)

# Odd cells of a column come again; of more than this many different ones none is remembered.
_REMEMBERED = 4096

# Cells of which the text alone shows that a cast will take them, as nearly all of a file are. What
# is not plain is not wrong: it is read by the longer way of `records.cells`, which comes to the
# same value. Limits are held to either way.
YEAR = "(?:18|19|20|21)[0-9]{2}"
MONTH = f"{YEAR}-(?:0[1-9]|1[0-2])"
# The 29 February is for the longer way.
DAY = (
    f"{YEAR}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)"
    "|(?:0[13578]|1[02])-31)"
)
NUMBER = r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?"
PLAIN = {
    Kind.DATE: DAY,
    Kind.PARTIAL_DATE: f"{DAY}|{MONTH}|{YEAR}",
    Kind.NUMBER: NUMBER,
    Kind.INTEGER: "[+-]?[0-9]{1,9}",
    Kind.MEASURED: NUMBER,
    Kind.FLAG: "yes|no",
}
# Signs of ASCII without the backslash, which COPY takes for more; blanks only within, and none in
# front that begins a formula.
TEXT = r"[!\"$-*,./0-<>?A-\[\]-~](?:[ -\[\]-~]*[!-\[\]-~])?"
WORD = r"[!-\[\]-~]+"


def plain_row(
    variables: list[Variable], study_id: Variable | None = None
) -> Callable[[str], object]:
    """What tells whether all cells of a row, with tabs between, are plain, or empty if they may be.

    One regular expression is asked while a row is copied; such cells need no trimming and no test
    before the cast. Such a row is in the import format too, unless it has a decimal point where its
    file has commas. Of `study_id` only what it may be is plain.
    """

    def plain(variable: Variable) -> str:
        if variable is study_id:
            pattern = (variable.pattern or "").strip("^$")
        elif variable.codes is not None:
            pattern = canonical_pattern(variable)
        elif variable.pattern is not None:
            pattern = WORD
        else:
            pattern = PLAIN.get(variable.kind, TEXT)
        return f"(?:{pattern})" if variable.required else f"(?:{pattern})?"

    return re.compile("\t".join(map(plain, variables))).fullmatch


class CellReader:
    """Reads the cells of one column, each to its canonical text.

    A blank cell and text without a notation come back as they are; everything else is read as the
    functions of this package say, or raises Unreadable. `order_shown` is the order of day and month
    that the last cell proved, if it did.
    """

    def __init__(self, variable: Variable, conventions: Conventions = NOTHING_SAID) -> None:
        self.variable = variable
        self.conventions = conventions
        self.order_shown: DateOrder | None = None
        self._free_text = variable.is_free_text
        self._known: dict[str, tuple[str, DateOrder | None]] = {}

    def __call__(self, cell: str) -> str:
        """The cell's canonical text; raises Unreadable where it has none, or more than one."""
        self.order_shown = None
        if isinstance(cell, FaultText):
            raise Unreadable(cell.problem)
        if isinstance(cell, LabelledText) and self.variable.kind in NUMBERS:
            cell = cell.value
        if self._free_text or not cell.strip(BLANKS):
            return cell
        if isinstance(cell, NumberText):
            return self._read(cell, Conventions(decimal="."), cell.serial_offset)
        known = self._known.get(cell)
        if known is None:
            known = self._read(cell, self.conventions), self.order_shown
            if len(self._known) < _REMEMBERED:
                self._known[cell] = known
        text, self.order_shown = known
        return text

    def _read(self, text: str, conventions: Conventions, serial_offset: int = 0) -> str:
        variable = self.variable
        match variable.kind:
            case Kind.DATE | Kind.PARTIAL_DATE:
                if variable.may_be_unknown and (stop := read_stop(text)) is not None:
                    return stop
                reading = read_date(
                    text,
                    conventions.date_order,
                    partial=variable.kind is Kind.PARTIAL_DATE,
                    serial_offset=serial_offset,
                )
                self.order_shown = reading.order
                return reading.text
            case Kind.NUMBER | Kind.INTEGER:
                number = without_unit(text, variable.unit)
                return _number_of(number, variable, conventions)
            case Kind.MEASURED:
                return read_measured(without_unit(text, variable.unit), conventions)
            case Kind.FLAG:
                return read_flag(text)
            case Kind.CODE | Kind.REASON:
                return read_code(text, variable.codes or ())
            case Kind.TEXT:
                # A notation is of ASCII.
                return text.strip(BLANKS) if variable.verbatim else folded(text)


def _number_of(number: str, variable: Variable, conventions: Conventions) -> str:
    try:
        return read_number(number, conventions.decimal)
    except NotOfKind:
        if variable.kind is Kind.INTEGER:
            raise not_of_kind(Kind.INTEGER) from None
        raise


def read_cell(text: str, variable: Variable, conventions: Conventions = NOTHING_SAID) -> str:
    """One text as the canonical text of the variable; raises Unreadable where it is none."""
    return _reader(variable, conventions)(text)


@cache
def _reader(variable: Variable, conventions: Conventions) -> CellReader:
    return CellReader(variable, conventions)


def without_unit(text: str, unit: str | None) -> str:
    """A number without the unit written behind it, which must be the column's own.

    Raises Unreadable where anything else stands there: nothing is converted, and the letters and
    stars that some laboratories add say nothing that can be relied on.
    """
    operator, number, behind = split_number(text)
    if not behind:
        return operator + number
    if unit is None:
        raise Unreadable(tr("has {text} behind the number; write the number alone", text=behind))
    if same_unit(behind, [unit]) is None:
        raise Unreadable(
            tr("has {text} behind the number; the column is in {unit}", text=behind, unit=unit)
        )
    return operator + number


def canonical_pattern(variable: Variable, conventions: Conventions = NOTHING_SAID) -> str:
    """A regular expression of cells without a tab that need no reading: it would change nothing.

    What it lets through may still be wrong, a 31 February or a number beyond its limits; that is
    for the checks of the records to say.
    """
    number = CANONICAL_NUMBER if conventions.decimal != "," else r"[+-]?[0-9]+"
    match variable.kind:
        case Kind.DATE:
            return r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
        case Kind.PARTIAL_DATE:
            unknown = f"|{UNKNOWN}" if variable.may_be_unknown else ""
            return rf"[0-9]{{4}}(?:-[0-9]{{2}}){{0,2}}{unknown}"
        case Kind.NUMBER | Kind.INTEGER:
            return number
        case Kind.MEASURED:
            return rf"(?:[<>] *)?{number}"
        case Kind.FLAG:
            return "yes|no"
        case Kind.CODE | Kind.REASON:
            return "|".join(map(re.escape, variable.codes or ()))
        case Kind.TEXT:
            # A text that begins like an error or a formula of a spreadsheet may be one.
            return "[!-~]+" if variable.pattern is not None else r"[^\t\r#=+@＝＋－＠-][^\t]*"
