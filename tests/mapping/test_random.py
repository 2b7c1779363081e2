"""Any renaming, recoding and reordering of random records, mapped back, gives the records."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from sqlalchemy import Connection

from registry.importing.drafting.suggest import quoted
from registry.importing.mapping.file import codes_of, read_mapping
from registry.importing.mapping.run import import_mapped
from registry.records.rows import BY_FILE_NAME, dictionary_columns
from tests.importing.tables import contents
from tests.importing.test_round_trip import spelled
from tests.oracle.patients import random_patients
from tests.oracle.records import COLUMNS

LETTERS = "abcxyz男女第周日期_-()[]{}.=#'\" 0123"


def odd_name(dice: Random, taken: set[str]) -> str:
    """A name that no other has, of letters that are apt to be misread."""
    while True:
        name = "".join(dice.choices(LETTERS, k=dice.randint(1, 12))).strip()
        if name and name not in taken:
            taken.add(name)
            return name


@given(seed=st.integers(0, 2**32), number=st.integers(1, 4))
@settings(
    deadline=None, max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_mapping_undoes_a_renaming(database: Connection, seed: int, number: int) -> None:
    dice = Random(seed)
    patients = list(random_patients(seed, number))
    book = Workbook()
    book.remove(book.active)
    lines = []
    sheets: set[str] = set()
    for table, columns in COLUMNS.items():
        rows = [cells for records in patients for cells in records[table]]
        headers: set[str] = set()
        names = {column: odd_name(dice, headers) for column in columns}
        title = f"{dice.choice('表页sheet')}{len(sheets)}"
        sheets.add(title)
        lines += ["[[source]]", f"sheet = {quoted(title)}",
                  f"patient_id = {quoted(names['patient_id'])}"]  # fmt: skip
        lines += ["[[source.rows]]", f"table = {quoted(table)}"]
        coded = {}
        for column, variable in dictionary_columns(BY_FILE_NAME[table]).items():
            lines.append(f"columns.{column} = {quoted(names[column])}")
            cells: set[str] = set()
            codes = {code: odd_name(dice, cells) for code in codes_of(variable)}
            # A unit is read with its analyte, in its many spellings; it keeps its name.
            coded[column] = {} if column == "unit" else codes
            lines += [
                f"codes.{column}.{quoted(cell)} = {quoted(code)}"
                for code, cell in coded[column].items()
            ]
        order = list(columns)
        dice.shuffle(order)
        page = book.create_sheet(title)
        page.append([names[column] for column in order])
        for row in rows:
            texts = {column: spelled(row[column]) for column in order}
            page.append(
                [coded.get(column, {}).get(texts[column], texts[column]) for column in order]
            )
    savepoint = database.begin_nested()
    with TemporaryDirectory() as name:
        folder = Path(name)
        book.save(folder / "随访.xlsx")
        (folder / "map.toml").write_text("\n".join(lines), encoding="utf-8")
        mapping = read_mapping(folder / "map.toml")
        result = import_mapped(database, [folder / "随访.xlsx"], mapping)
        assert [str(problem) for problem in result.errors] == []
    for table, columns in COLUMNS.items():
        expected = Counter(
            tuple(spelled(cells[column]) for column in columns)
            for records in patients
            for cells in records[table]
        )
        assert contents(database, table) == expected
    savepoint.rollback()
