"""Exported views read back by readers of other programs: pandas, pyarrow, openpyxl."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest
from pyarrow import parquet

from registry.database.engine import Database
from registry.export.formats import FORMATS, Labelled, cut
from registry.export.write import CODEBOOK, write_all, write_view


@pytest.fixture(scope="module")
def folder(shared_study: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The view `exposure` in every format."""
    made = tmp_path_factory.mktemp("export")
    with shared_study.engine.connect() as connection:
        for ending in FORMATS:
            write_view(connection, "exposure", made / f"exposure{ending}")
    return made


@pytest.fixture(scope="module")
def expected(shared_study: Database) -> pd.DataFrame:
    with shared_study.engine.connect() as connection:
        return pd.read_sql("select * from analytics.exposure t order by t", connection)


def comment(database: Database, view: str, column: str) -> str:
    with database.engine.connect() as connection:
        return str(
            connection.exec_driver_sql(
                "select col_description(a.attrelid, a.attnum) from pg_attribute a"
                f" where a.attrelid = 'analytics.{view}'::regclass and a.attname = '{column}'"
            ).scalar_one()
        )


def days_since_1960(values: pd.Series) -> list[float]:
    return [float((value - date(1960, 1, 1)).days) for value in values]


def test_sas_transport_reads_back(folder: Path, expected: pd.DataFrame) -> None:
    read = pd.read_sas(folder / "exposure.xpt", format="xport", encoding="utf-8")
    assert len(read) == len(expected)
    assert read["PATIENTI"].tolist() == expected["patient_id"].tolist()
    assert read["START_ON"].tolist() == days_since_1960(expected["start_on"])
    assert read["STOP_DAY"].round(9).tolist() == expected["stop_day"].tolist()
    # pandas reads a zero as 5.4e-79, the least number of the format; R reads 0.
    assert read["IMMUNOMO"].round(9).tolist() == expected["immunomodulator"].astype(float).tolist()
    dose = pd.to_numeric(expected["dose_mg_per_kg"]).to_numpy(dtype=float)
    assert np.array_equal(read["DOSEMGPE"].to_numpy(), dose)
    assert read["TROUGHUG"].isna().tolist() == expected["trough_ug_ml"].isna().tolist()


def test_stata_reads_back_with_labels(
    folder: Path, expected: pd.DataFrame, shared_study: Database
) -> None:
    with pd.io.stata.StataReader(folder / "exposure.dta") as reader:
        labels, title = reader.variable_labels(), reader.data_label
        read = reader.read()
    assert list(read) == list(expected)
    assert [day.date() for day in read["start_on"]] == expected["start_on"].tolist()
    assert read["at_risk"].tolist() == expected["at_risk"].astype(float).tolist()
    assert read["trough_comparator"].tolist() == expected["trough_comparator"].fillna("").tolist()
    assert labels["glucocorticoid"] == comment(shared_study, "exposure", "glucocorticoid")
    assert title.startswith("One row per eligible patient")
    assert max(len(label) for label in labels.values()) <= 80


def test_parquet_keeps_types_and_labels(
    folder: Path, expected: pd.DataFrame, shared_study: Database
) -> None:
    table = parquet.read_table(folder / "exposure.parquet")
    assert table.column("start_on").to_pylist() == expected["start_on"].tolist()
    assert str(table.schema.field("at_risk").type) == "bool"
    label = table.schema.field("entry_day").metadata[b"label"].decode()
    assert label == comment(shared_study, "exposure", "entry_day")
    assert table.schema.metadata[b"label"].decode().startswith("One row per eligible patient")


def test_a_workbook_has_a_sheet_of_labels(folder: Path, expected: pd.DataFrame) -> None:
    book = openpyxl.load_workbook(folder / "exposure.xlsx")
    assert book.sheetnames == ["data", "labels"]
    assert book["data"].max_row == len(expected) + 1
    labels = [tuple(row) for row in book["labels"].iter_rows(values_only=True)]
    assert labels[0] == ("column", "label")
    assert [name for name, _ in labels[2:]] == list(expected)


def test_all_views_with_a_codebook(shared_study: Database, tmp_path: Path) -> None:
    with shared_study.engine.connect() as connection:
        rows = write_all(connection, tmp_path / "new", ".xpt")
        views = set(
            connection.exec_driver_sql(
                "select viewname from pg_views where schemaname = 'analytics'"
            ).scalars()
        )
    assert set(rows) == views
    files = {path.name for path in (tmp_path / "new").iterdir()}
    assert files == {f"{view}.xpt" for view in views} | {CODEBOOK}
    with (tmp_path / "new" / CODEBOOK).open(encoding="utf-8-sig") as file:
        book = list(csv.DictReader(file))
    assert {row["view"] for row in book} == views
    assert all(row["label"] for row in book)
    for view in ("analysis_set", "worklist", "definition"):
        names = [row["name_in_file"].upper() for row in book if row["view"] == view]
        assert len(set(names)) == len(names)
        assert max(map(len, names)) <= 8
        read = pd.read_sas(tmp_path / "new" / f"{view}.xpt", format="xport", encoding="utf-8")
        assert len(read) == rows[view]
        assert list(read) == names


ODD = pd.DataFrame(
    {
        "text": ["é" * 150, None, "=1+1"],
        "moment": pd.to_datetime(["2020-01-01 12:00", None, "1959-12-31 00:00"]),
        "flag": pd.array([True, None, False], dtype="boolean"),
        "none": pd.array([None, None, None], dtype="Float64"),
        "number": [0.1, -1e-70, 1e70],
    }
)


def odd_file(path: Path, frame: pd.DataFrame = ODD) -> Path:
    labels = {name: f"the {name}" for name in frame}
    FORMATS[path.suffix].write(Labelled("odd", "é" * 90, frame, labels, frozenset()), path)
    return path


def test_odd_values_in_sas_transport(tmp_path: Path) -> None:
    path = odd_file(tmp_path / "odd.xpt")
    read = pd.read_sas(path, format="xport", encoding="utf-8")
    assert read["TEXT"].tolist() == ["é" * 100, "", "=1+1"]
    assert read["MOMENT"].fillna(-1).tolist() == [1893499200.0, -1, -86400.0]
    assert read["FLAG"].fillna(-1).round(9).tolist() == [1, -1, 0]
    assert read["NONE"].isna().all()
    assert read["NUMBER"].tolist() == [0.1, -1e-70, 1e70]
    assert path.stat().st_size % 80 == 0


def test_odd_values_in_spss(tmp_path: Path) -> None:
    path = odd_file(tmp_path / "odd.sav")
    read, meta = pyreadstat.read_sav(path, dates_as_pandas_datetime=True)
    assert read["text"].tolist() == ["é" * 150, "", "=1+1"]
    assert read["moment"].tolist() == ODD["moment"].tolist()
    assert read["flag"].fillna(-1).tolist() == [1, -1, 0]
    assert meta.variable_value_labels == {"flag": {0: "no", 1: "yes"}}
    assert read["number"].tolist() == [0.1, -1e-70, 1e70]
    assert meta.column_names_to_labels["moment"] == "the moment"


def test_spss_reads_back_with_labels(
    folder: Path, expected: pd.DataFrame, shared_study: Database
) -> None:
    read, meta = pyreadstat.read_sav(folder / "exposure.sav")
    assert list(read) == list(expected)
    assert read["start_on"].tolist() == expected["start_on"].tolist()
    assert read["trough_comparator"].tolist() == expected["trough_comparator"].fillna("").tolist()
    label = meta.column_names_to_labels["entry_day"]
    assert comment(shared_study, "exposure", "entry_day").startswith(f"{label};")


@pytest.mark.parametrize("ending", FORMATS)
def test_no_rows_can_be_exported(tmp_path: Path, ending: str) -> None:
    frame = pd.DataFrame({"a": pd.Series(dtype="float64"), "b": pd.Series(dtype=object)})
    assert odd_file(tmp_path / f"empty{ending}", frame).stat().st_size > 0


def test_all_views_can_be_written_for_spss(shared_study: Database, tmp_path: Path) -> None:
    with shared_study.engine.connect() as connection:
        rows = write_all(connection, tmp_path, ".sav")
    for view in ("status_transition", "worklist", "definition"):
        read, _ = pyreadstat.read_sav(tmp_path / f"{view}.sav")
        assert len(read) == rows[view]


@pytest.mark.parametrize(
    ("words", "short"),
    [
        ("the study id; given once", "the study id"),
        ("day of the event or of censoring", "day of the event or..."),
        ("a" * 40, "a" * 21 + "..."),
    ],
)
def test_labels_are_cut_between_words(words: str, short: str) -> None:
    assert cut(words, 24) == short
