"""What a cell may hold: the limits, every code, partial dates, censored values, units, text."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from tests.oracle.records import COLUMNS, DATED_BY

from .broken_rows import CODES, ITEMS, LOW_ITEMS, NUMBERS, UNITS
from .tables import (
    BIRTH,
    TABLE_NAMES,
    VALID,
    Cells,
    accepted,
    complaints,
    contents,
    row,
    take,
    today,
    write,
    write_all,
)


@dataclass(frozen=True)
class Sound:
    """A row that is valid, and how its cell in `column` is spelled when it is read back."""

    table: str
    cells: Cells
    column: str
    stored: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}={self.cells[self.column]!r}"


def _sound(table: str, column: str, cell: str, stored: str | None = None) -> Sound:
    return Sound(table, row(table, **{column: cell}), column, cell if stored is None else stored)


def _numbers() -> list[Sound]:
    found = []
    for table, column, lowest, _, highest, _, _ in NUMBERS:
        found += [_sound(table, column, lowest), _sound(table, column, highest)]
    for cell, stored in (
        ("+31.50", "31.5"),
        ("031", "31"),
        ("31.", "31"),
        (" 31.5\t", "31.5"),
        ("\u00a031.5\u00a0", "31.5"),
        ("100.123456789012345", "100.123456789012345"),
    ):
        found.append(_sound("anthropometry", "height_cm", cell, stored))
    found.append(_sound("anthropometry", "bmi_z", "-.5", "-0.5"))
    found.append(_sound("anthropometry", "bmi_z", "-0", "0"))
    found.append(_sound("anthropometry", "bmi_z", ""))
    found += [_sound("pcdai_visits", "total", cell) for cell in ("2.5", "97.5")]
    for item in ITEMS:
        points = ("0", "2.5", "5") if item in LOW_ITEMS else ("0", "5", "10")
        found += [_sound("pcdai_visits", item, cell) for cell in points]
    return found


def _measured() -> list[Sound]:
    found = []
    for cell, stored in (
        ("<0.4", "<0.4"),
        ("< 0.4", "<0.4"),
        (">20", ">20"),
        (" >  20.0 ", ">20"),
        ("<200", "<200"),
        (">0", ">0"),
        ("0.40", "0.4"),
        ("", ""),
    ):
        found.append(_sound("tdm_levels", "ifx_ug_ml", cell, stored))
        found.append(_sound("tdm_levels", "ada_au_ml", cell, stored))
        if cell:
            found.append(_sound("lab_results", "value", cell, stored))
    for analyte, units in UNITS.items():
        for unit in units:
            value = "1" if unit == "L/L" else VALID["lab_results"]["value"]
            cells = row("lab_results", analyte=analyte, unit=unit, value=value)
            found.append(Sound("lab_results", cells, "unit", unit))
    return found


def _dates() -> list[Sound]:
    found = []
    for table, column in DATED_BY.items():
        days = (BIRTH, today().isoformat(), "2012-02-29")
        found += [_sound(table, column, day) for day in days]
    found.append(_sound("gene_findings", "reported_on", ""))
    for table, column, start in (
        ("medications", "stopped_on", "2018-08-01"),
        ("conditions", "resolved_on", "2017-01-01"),
    ):
        found += [_sound(table, column, cell) for cell in (start, today().isoformat(), "")]
    for born in ("2000-02-29", "1900-01-01", today().isoformat()):
        cells = row("patients", birth_date=born, onset_on="", diagnosed_on="")
        found.append(Sound("patients", cells, "birth_date", born))
    for onset, diagnosis in (
        (BIRTH, BIRTH),
        ("2010-01", "2010-01"),
        ("2010", "2010"),
        ("2010", BIRTH),
        ("2018-12-31", "2018"),
        ("2018-06-30", "2018-06"),
        ("2018-06", "2018-06-01"),
        ("2018", "2018-01"),
        ("", "2018-06"),
        ("2018-06", ""),
        (str(today().year), today().isoformat()[:7]),
    ):
        cells = row("patients", onset_on=onset, diagnosed_on=diagnosis)
        found.append(Sound("patients", cells, "onset_on", onset))
        found.append(Sound("patients", cells, "diagnosed_on", diagnosis))
    return found


def _texts() -> list[Sound]:
    found = [
        _sound(table, column, code)
        for (table, column), allowed in CODES.items()
        for code in (allowed if column != "analyte" else ())
    ]
    found += [
        _sound("phenotypes", column, cell)
        for column, cell in (("perianal", "yes"), ("perianal", "no"), ("location", ""))
    ]
    for note in (
        '=HYPERLINK("http://example.org")',
        "@SUM(A1:A9)",
        "-1+1",
        "a, b; c\td",
        'say "so"',
        "two\nlines",
        "back\\slash \\N \\.",
        "%s %(x)s 100 %",
        "{0} $1 ' '' ;--",
        "克罗恩病 Zürich 🧒",
        "N" * 100_000,
        "null",
    ):
        found.append(_sound("follow_up_ends", "note", note))
    found.append(_sound("surgeries", "procedure", "é" * 500))
    found.append(_sound("patients", "centre", "Klinik Nord 2"))
    for change in ("NM_001167.4:c.664C>T", "NM_1.2(XIAP):c.88+1G>A", "c.*12_*14del", "c.-5dup"):
        found.append(_sound("gene_findings", "hgvs_c", change))
    for change in ("p.R222X", "p.Arg222Ter", "NP_001158.2:p.(Arg222Ter)", "p.?", ""):
        found.append(_sound("gene_findings", "hgvs_p", change))
    return found


SOUND = [*_numbers(), *_measured(), *_dates(), *_texts()]


@pytest.fixture(scope="module")
def everything_sound(
    bench: Connection, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], dict[str, str]]:
    """All sound rows, each of a child of its own, after one import: by table and study id."""
    tables: dict[str, list[Cells]] = defaultdict(list)
    for number, sound in enumerate(SOUND):
        if sound.table != "patients":
            tables["patients"].append(row("patients", patient_id=f"S{number}"))
        tables[sound.table].append(sound.cells | {"patient_id": f"S{number}"})
    folder = write_all(tmp_path_factory.mktemp("sound"), tables)
    savepoint = bench.begin_nested()
    accepted(bench, folder)
    found = {}
    for table, rows in tables.items():
        for cells in contents(bench, table):
            found[table, cells[0]] = dict(zip(COLUMNS[table], cells, strict=True))
        assert len([key for key in found if key[0] == table]) == len(rows)
    savepoint.rollback()
    return found


@pytest.mark.parametrize("number", range(len(SOUND)), ids=[str(sound)[:60] for sound in SOUND])
def test_a_valid_cell_comes_back_as_it_went_in(
    everything_sound: dict[tuple[str, str], dict[str, str]], number: int
) -> None:
    sound = SOUND[number]
    assert everything_sound[sound.table, f"S{number}"][sound.column] == sound.stored


def test_a_study_id_is_held_to_its_pattern(connection: Connection, tmp_path: Path) -> None:
    good = ["A", "z-9_", "_", "-1", "0" * 32]
    bad = ["P 1", "P.1", "0" * 33, "Pé", "=P1", "P/1", "P\u200b1", "¼"]
    folder = tmp_path / "ids"
    write(folder, "patients", [row("patients", patient_id=given) for given in [*good, *bad]])
    result = take(connection, folder)
    words = "is not a study id: 1 to 32 of A-Z a-z 0-9 _ -"
    assert complaints(result) == [
        ("patients.csv", line, "patient_id", "***", words)
        for line, _ in enumerate(bad, start=2 + len(good))
    ]


@pytest.mark.parametrize("table", VALID)
def test_a_row_needs_a_study_id(connection: Connection, tmp_path: Path, table: str) -> None:
    folder = write(tmp_path, table, [row(table, patient_id="  ")])
    assert complaints(take(connection, folder)) == [
        (f"{table}.csv", 2, "patient_id", "  ", "is missing")
    ]


def _pcdai(points: int | None = 5, **cells: str) -> Cells:
    items = {} if points is None else {item: str(points) for item in ITEMS}
    return row("pcdai_visits", total="") | items | cells


def _without(cells: Cells, *columns: str) -> Cells:
    return cells | dict.fromkeys(columns, "")


SUM = "is not the sum of the items, "
NO_TOTAL = "is missing, and so are the items to compute it from: "
# Cells -> computed total, or the complaint about the total.
PCDAI = [
    (_pcdai(), "55"),
    (_pcdai(total="55"), "55"),
    (_pcdai(total="55.0"), "55"),
    (_pcdai(total="52.5"), f"{SUM}55"),
    (_pcdai(hematocrit="2.5", total="52.5"), "52.5"),
    (_pcdai(0, total="0"), "0"),
    (_pcdai(0, total="2.5"), f"{SUM}0"),
    (_without(_pcdai(), "height"), "50"),
    # Without the height the declared total may count points that no item shows.
    (_without(_pcdai(total="55"), "height"), "50"),
    (_without(_pcdai(total="20"), "stools"), None),
    (_pcdai(None, total="20"), None),
    (_pcdai(None, total="20", stools="5"), None),
    (_without(_pcdai(), "stools"), f"{NO_TOTAL}stools"),
    (_without(_pcdai(), "height", "esr", "weight"), f"{NO_TOTAL}esr, weight"),
    (
        _without(_pcdai(), *ITEMS[:4]),
        f"{NO_TOTAL}abdominal_pain, stools, functioning, albumin",
    ),
]


@pytest.mark.parametrize(("cells", "expected"), PCDAI)
def test_the_total_against_the_items(
    connection: Connection, tmp_path: Path, cells: Cells, expected: str | None
) -> None:
    folder = write_all(tmp_path, {"patients": [VALID["patients"]], "pcdai_visits": [cells]})
    result = take(connection, folder)
    if expected is not None and expected.startswith("is "):
        place = ("pcdai_visits.csv", 2, "total", cells["total"] or None)
        assert complaints(result) == [(*place, expected)]
        return
    assert complaints(result) == []
    computed = connection.execute(
        text("select trim_scale(computed_total)::text from clinical.pcdai_visit")
    ).scalar_one()
    assert computed == expected


def test_an_unreadable_item_is_one_complaint_not_two(
    connection: Connection, tmp_path: Path
) -> None:
    folder = write_all(
        tmp_path, {"patients": [VALID["patients"]], "pcdai_visits": [_pcdai(stools="many")]}
    )
    assert complaints(take(connection, folder)) == [
        ("pcdai_visits.csv", 2, "stools", "many", "is not a number")
    ]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("patients", "centre"),
        ("surgeries", "procedure"),
        ("tdm_levels", "assay"),
        ("gene_findings", "hgvs_c"),
    ],
)
def test_a_text_that_an_index_could_not_hold(
    connection: Connection, tmp_path: Path, table: str, column: str
) -> None:
    long = f"c.1_2ins{'ACGTTGCA' * 70}"
    tables = {"patients": [VALID["patients"]], table: [row(table, **{column: long})]}
    assert complaints(take(connection, write_all(tmp_path, tables))) == [
        (f"{table}.csv", 2, column, long, "is longer than 500 characters")
    ]


def test_the_entered_protein_change_is_kept_beside_the_three_letter_form(
    connection: Connection, tmp_path: Path
) -> None:
    rows = [
        row("gene_findings", hgvs_p="p.R222X"),
        row("gene_findings", gene="FOXP3", hgvs_c="c.758T>C", hgvs_p=" p.L253P "),
        row("gene_findings", gene="IL10RA", hgvs_c="c.251C>T", hgvs_p=""),
    ]
    folder = write_all(tmp_path, {"patients": [VALID["patients"]], "gene_findings": rows})
    accepted(connection, folder)
    found = connection.execute(
        text(f"select hgvs_p, hgvs_p_normalised from clinical.{TABLE_NAMES['gene_findings']}")
    )
    assert sorted(tuple(pair) for pair in found if pair[0]) == [
        ("p.L253P", "p.(Leu253Pro)"),
        ("p.R222X", "p.(Arg222Ter)"),
    ]


def test_centres_and_assays_add_themselves(connection: Connection, tmp_path: Path) -> None:
    tables = {"patients": [VALID["patients"]], "tdm_levels": [row("tdm_levels", assay="ELISA 2")]}
    accepted(connection, write_all(tmp_path, tables))
    known = text("select code from reference.centre union all select name from reference.assay")
    assert {"BCH", "ELISA 2"} <= set(connection.execute(known).scalars())


def test_a_haematocrit_is_no_more_than_the_whole(connection: Connection, tmp_path: Path) -> None:
    """34 in a column of fractions was meant as per cent."""
    values = [("0.34", "L/L"), ("1", "L/L"), ("100", "%"), ("34", "L/L"), ("100.1", "%")]
    rows = [
        row("lab_results", analyte="HCT", value=value, unit=unit, collected_on=f"2019-01-0{day}")
        for day, (value, unit) in enumerate(values, start=1)
    ]
    write_all(tmp_path, {"patients": [VALID["patients"]], "lab_results": rows})
    assert complaints(take(connection, tmp_path)) == [
        ("lab_results.csv", 5, "value", "34", "is outside 0 to 1 L/L"),
        ("lab_results.csv", 6, "value", "100.1", "is outside 0 to 100 %"),
    ]
