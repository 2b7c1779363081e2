"""Made the odd files of other programs beside it, once: by Gnumeric, PSPP, ReadStat and pandas.

`python tests/importing/odd_files/others.py` makes those that are not there; it needs the programs
`ssconvert` and `pspp`. The old Excel and OpenDocument workbooks are the .xlsx beside them, saved
anew by Gnumeric.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pyreadstat
from openpyxl import Workbook
from workbooks import PATIENTS, sheet, workbook

HERE = Path(__file__).parent
FORMATS = {".xls": "Gnumeric_Excel:excel_biff8", ".ods": "Gnumeric_OpenCalc:odf"}
# Not saved anew: what is no workbook, and formulas, which Gnumeric computes.
ALONE = ("cut_off", "formula_computed", "formula_never_computed")

BORN = "birth_date (edate10)"
WHO = f"patient_id (a4) centre (a12) sex (f1) {BORN} diagnosis (a4)"
MEASURED = "patient_id (a4) measured_on (edate10) height_cm (f8.2) weight_kg (f8.2)"

SPSS: dict[str, str] = {
    "patients/labels_as_codes.sav": f"""
data list list (";") / {WHO}.
begin data
P3;BCH;1;15.01.2010;CD
P4;BCH;2;03.02.2011;UC
end data.
value labels sex 1 'male' 2 'Female'.""",
    "patients/labels_in_german.sav": f"""
data list list (";") / {WHO}.
begin data
P3;BCH;1;15.01.2010;CD
end data.
value labels sex 1 'männlich' 2 'weiblich'.""",
    "patients/numbers_without_labels.sav": f"""
data list list (";") / {WHO}.
begin data
P3;BCH;1;15.01.2010;CD
end data.""",
    "anthropometry/user_missing.sav": f"""
data list list (";") / {MEASURED}.
begin data
P1;01.01.2020;121.5;999
P1;02.01.2020;998;31.25
end data.
missing values height_cm weight_kg (998, 999).
value labels weight_kg 999 'not weighed'.""",
    "anthropometry/system_missing.sav": f"""
data list list (";") / {MEASURED}.
begin data
P1;01.01.2020;121.5;.
end data.""",
    "anthropometry/labelled_as_missing_only.sav": f"""
data list list (";") / {MEASURED}.
begin data
P1;01.01.2020;121.5;999
end data.
value labels weight_kg 999 'not weighed'.""",
    "pcdai_visits/labelled_items.sav": """
data list list (";") / patient_id (a4) visited_on (sdate10) total (f4.1) abdominal_pain (f2).
begin data
P1;2020/01/01;37.5;5
end data.
value labels abdominal_pain 0 'none' 5 'mild' 10 'severe'.""",
    "lab_results/padded_texts.sav": """
data list list (";") / patient_id (a4) collected_on (adate10) analyte (a8) value (a12) unit (a8).
begin data
P1;01/31/2020;CRP;<0.5;mg/L
P1;02/01/2020;ALB;38.50;g/L
end data.""",
    "surgeries/moments.sav": """
data list list (";") / patient_id (a4) performed_on (datetime20) procedure (a20).
begin data
P1;01-JAN-2020 00:00:00;fistulotomy
P1;02-JAN-2020 14:30:00;drainage
end data.""",
}


def frame(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns)


TWO = {"patient_id": ["P3", "P4"], "centre": ["BCH", "北京"]}
SEX = {"sex": ["male", "female"]}
REST = {"birth_date": [date(2010, 1, 15), date(2011, 2, 3)], "diagnosis": ["CD", "UC"]}
DAY = {"patient_id": ["P1"], "measured_on": [date(2020, 1, 1)]}


def stata_labels(path: Path) -> None:
    made = frame(**TWO, sex=[1, 2], **REST)
    pyreadstat.write_dta(made, path, variable_value_labels={"sex": {1: "male", 2: "female"}})


def stata_old(path: Path) -> None:
    made = frame(patient_id=["P3"], centre=["BCH"], sex=["male"], diagnosis=["CD"])
    made["birth_date"] = pd.to_datetime(["2010-01-15"])
    made.to_stata(path, write_index=False, version=114, convert_dates={"birth_date": "td"})


def stata_missing(path: Path) -> None:
    made = frame(**DAY, height_cm=[121.5], weight_kg=["a"])
    pyreadstat.write_dta(made, path, missing_user_values={"weight_kg": ["a"]})


def stata_flags(path: Path) -> None:
    made = frame(
        patient_id=["P1", "P1"],
        assessed_on=[date(2020, 1, 1), date(2020, 1, 2)],
        perianal=[0, 1],
    )
    pyreadstat.write_dta(made, path, variable_value_labels={"perianal": {0: "No", 1: "Yes"}})


def stata_bare_flags(path: Path) -> None:
    made = frame(patient_id=["P1"], assessed_on=[date(2020, 1, 1)], perianal=[1.0])
    pyreadstat.write_dta(made, path)


def stata_long_text(path: Path) -> None:
    made = frame(patient_id=["P1"], procedure=["é" * 1500])
    made["performed_on"] = pd.to_datetime(["2020-01-01"])
    made.to_stata(path, write_index=False, version=118, convert_strl=["procedure"],
                  convert_dates={"performed_on": "td"})  # fmt: skip


def sas(path: Path) -> None:
    made = frame(PATIENTI=["P3"], CENTRE=["BCH"], SEX=["male"],
                 BIRTHDAT=[date(2010, 1, 15)], DIAGNOSI=["CD"])  # fmt: skip
    pyreadstat.write_xport(made, path, file_format_version=5, table_name="PATIENTS")


def sas_missing(path: Path) -> None:
    made = frame(PATIENTI=["P1", "P1"], MEASURED=[date(2020, 1, 1), date(2020, 1, 2)],
                 HEIGHTCM=[121.5, None], WEIGHTKG=[None, 31.25])  # fmt: skip
    pyreadstat.write_xport(made, path, file_format_version=5)


def sas_long_names(path: Path) -> None:
    made = frame(**DAY, height_cm=[121.5])
    pyreadstat.write_xport(made, path, file_format_version=8)


def sas_day_numbers(path: Path) -> None:
    made = frame(PATIENTI=["P1"], MEASURED=[21915.0], HEIGHTCM=[121.5])
    pyreadstat.write_xport(made, path, file_format_version=5)


OTHERS: dict[str, Callable[[Path], None]] = {
    "patients/stata_labels.dta": stata_labels,
    "patients/stata_10.dta": stata_old,
    "anthropometry/stata_missing.dta": stata_missing,
    "phenotypes/stata_flags.dta": stata_flags,
    "phenotypes/stata_bare_flags.dta": stata_bare_flags,
    "surgeries/stata_long_text.dta": stata_long_text,
    "patients/sas.xpt": sas,
    "anthropometry/sas_missing.xpt": sas_missing,
    "anthropometry/sas_long_names.xpt": sas_long_names,
    "anthropometry/sas_day_numbers.xpt": sas_day_numbers,
}


def filtered(book: Workbook) -> None:
    rows = [(f"P{n}", "BCH", "male", date(2010, 1, 15), "CD") for n in (3, 4, 5)]
    made = sheet(book, "patients", PATIENTS, *rows)
    made.auto_filter.ref = "A1:E4"
    for line in (3, 4):
        made.row_dimensions[line].hidden = True


def cut(name: str, share: float) -> bytes:
    content = (HERE / name).read_bytes()
    return content[: int(len(content) * share)]


def main() -> None:
    """Makes the files that are not there."""
    for name, syntax in SPSS.items():
        if not (HERE / name).exists():
            (HERE / name).parent.mkdir(exist_ok=True)
            with tempfile.NamedTemporaryFile("w", suffix=".sps", encoding="utf-8") as program:
                program.write(f"set locale='UTF-8'.\n{syntax}\nsave outfile='{HERE / name}'.\n")
                program.flush()
                subprocess.run(["pspp", program.name], check=True)
    for name, make in OTHERS.items():
        if not (HERE / name).exists():
            (HERE / name).parent.mkdir(exist_ok=True)
            make(HERE / name)
    books = {"workbook/filtered.xlsx": workbook(filtered)}
    for name, content in books.items():
        if not (HERE / name).exists():
            (HERE / name).write_bytes(content)
    for path in [*(HERE / "workbook").glob("*.xlsx"), HERE / "patients" / "one_sheet.xlsx"]:
        for ending, form in FORMATS.items():
            target = path.with_suffix(ending)
            if path.stem not in ALONE and not target.exists():
                subprocess.run(["ssconvert", "-T", form, path, target], check=True)
    copies = {
        "patients/with_macros.xlsm": (HERE / "patients/one_sheet.xlsx").read_bytes(),
        "patients/cut_off.sav": cut("patients/labels_as_codes.sav", 0.3),
        "patients/cut_off.dta": cut("patients/stata_labels.dta", 0.3),
        "patients/cut_off.xls": cut("patients/one_sheet.xls", 0.3),
        "patients/cut_off.ods": cut("patients/one_sheet.ods", 0.6),
        "patients/text_named.sav": b"patient_id,centre\nP3,BCH\n",
        "patients/text_named.xls": b"patient_id,centre\nP3,BCH\n",
    }
    for name, content in copies.items():
        if not (HERE / name).exists():
            (HERE / name).write_bytes(content)


if __name__ == "__main__":
    main()
