"""Cells by what their column declares: quick or slow, the same is read; nothing else comes out."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.models import ENTITIES
from registry.parsing.cells import CellReader, canonical_pattern, read_cell
from registry.parsing.conventions import Conventions
from registry.parsing.names import read_code, read_flag
from registry.parsing.text import NotOfKind, Unreadable
from registry.parsing.typed import FaultText, NumberText, NumberText1904
from registry.records.rows import dictionary_columns
from registry.variables import Kind, Variable

from .texts import any_text, read_or_refused

VARIABLES = [variable for entity in ENTITIES for variable in dictionary_columns(entity).values()]
OF_KIND = {
    kind: next(one for one in VARIABLES if one.kind is kind)
    for kind in dict.fromkeys(one.kind for one in VARIABLES)
}
DAY, MEASURED = OF_KIND[Kind.DATE], OF_KIND[Kind.MEASURED]
conventions = st.builds(
    Conventions, st.sampled_from((None, "dmy", "mdy")), st.sampled_from((None, ",", "."))
)


@given(st.sampled_from(VARIABLES), any_text, conventions)
def test_what_is_read_once_is_read_so_again(
    variable: Variable, text: str, said: Conventions
) -> None:
    reader = CellReader(variable, said)
    read = read_or_refused(lambda: reader(text))
    if isinstance(read, Unreadable):
        assert str(read_or_refused(lambda: reader(text))) == read.problem != ""
        return
    assert reader(text) == read
    assert CellReader(variable)(read) == read


@given(st.sampled_from(VARIABLES), any_text, conventions)
def test_a_canonical_cell_needs_no_reading(
    variable: Variable, text: str, said: Conventions
) -> None:
    if re.fullmatch(canonical_pattern(variable, said), text):
        read = read_or_refused(lambda: read_cell(text, variable, said))
        # A cell that reads as nothing is for the checks of the records, which say so as well.
        assert isinstance(read, NotOfKind) or str(read).replace(" ", "") == text.replace(" ", "")


@given(st.sampled_from(VARIABLES), st.sampled_from(("", " ", "\t", "\u3000", "\r\n")))
def test_a_blank_cell_stays_blank(variable: Variable, blank: str) -> None:
    assert read_cell(blank, variable) == blank


@pytest.mark.parametrize("said", [None, ",", "."])
def test_a_number_of_a_workbook_has_a_point_whatever_people_write(said: str | None) -> None:
    reader = CellReader(MEASURED, Conventions(decimal=said))  # type: ignore[arg-type]
    assert reader(NumberText("1.234")) == "1.234"
    if said == ",":
        with pytest.raises(Unreadable, match=r"may be 1\.234 or 1234"):
            reader("1.234")
        assert reader("1,234") == "1.234"


def test_a_day_number_belongs_to_its_workbook() -> None:
    reader = CellReader(DAY)
    assert reader(NumberText("43891")) == "2020-03-01"
    assert reader(NumberText1904("42429")) == "2020-03-01"
    assert reader("43891") == "2020-03-01"


@pytest.mark.parametrize("variable", OF_KIND.values(), ids=[str(kind) for kind in OF_KIND])
def test_a_fault_of_a_workbook_is_no_value_of_any_column(variable: Variable) -> None:
    with pytest.raises(Unreadable, match="is an error"):
        CellReader(variable)(FaultText("#N/A", "is an error of the workbook"))


@pytest.mark.parametrize("variable", [one for one in VARIABLES if one.codes])
def test_a_code_is_read_in_any_letters(variable: Variable) -> None:
    assert variable.codes is not None
    for code in variable.codes:
        if "/" not in code:
            wide = code.translate({sign: sign + 0xFEE0 for sign in range(0x21, 0x7F)})
            for text in (code, code.upper(), code.lower(), code.swapcase(), wide, f" {code} "):
                assert read_code(text, variable.codes) == code


def test_a_code_that_differs_by_its_case_alone_is_not_guessed() -> None:
    assert read_code("Ab", ("Ab", "aB")) == "Ab"
    with pytest.raises(NotOfKind):
        read_code("AB", ("Ab", "aB"))
    for text in ("C", "CDD", "C D", "crohn", "克罗恩病", ""):
        with pytest.raises(NotOfKind):
            read_code(text, ("CD", "UC"))


@given(any_text)
def test_an_answer_is_yes_or_no_or_refused(text: str) -> None:
    try:
        assert read_flag(text) in ("yes", "no")
    except Unreadable:
        return
    assert len(text.strip()) <= 5
