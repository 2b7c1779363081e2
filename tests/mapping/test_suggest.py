"""Drafts: what is recognised, what is left to a person, and that nothing of a patient is shown."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from registry.errors import Refused
from registry.importing.drafting.names import identifiers, plain, read_heading, synonyms
from registry.importing.drafting.suggest import draft as drafted
from registry.importing.mapping.file import codes_of, read_mapping
from registry.records.rows import BY_FILE_NAME, dictionary_columns
from registry.vocabulary import ANALYTES, DRUGS


def draft(folder: Path, text: str, name: str = "data.csv") -> tuple[str, dict[str, Any]]:
    """The draft's text, and its one source."""
    (folder / name).write_text(text, encoding="utf-8")
    said = drafted([folder / name]).text
    assert said == drafted([folder / name]).text
    # As a person confirms the units that it proposes.
    (folder / "map.toml").write_text(said.replace('?"', '"'), encoding="utf-8")
    [source] = tomllib.loads(said)["source"]
    return said, source


@pytest.mark.parametrize(
    ("header", "name", "unit", "number", "template"),
    [
        ("CRP_w0", "crp", None, "0", "CRP_w{w}"),
        ("CRP w14", "crp", None, "14", "CRP w{w}"),
        ("CRP(第14周)", "crp", None, "14", "CRP(第{w}周)"),
        ("第14周CRP", "crp", None, "14", "第{w}周CRP"),
        ("CRP week 14 (mg/L)", "crp", "mg/L", "14", "CRP week {w} (mg/L)"),
        ("血红蛋白_14周", "血红蛋白", None, "14", "血红蛋白_{w}周"),
        ("crp_2", "crp", None, "2", "crp_{n}"),
        ("第2次输注日期", "输注日期", None, "2", "第{n}次输注日期"),
        ("身高(m)", "身高", "m", None, "身高(m)"),
        ("体重（kg）", "体重", "kg", None, "体重（kg）"),
        ("WBC ×10⁹/L", "wbc", "×10⁹/L", None, "WBC ×10⁹/L"),
        ("weight_kg", "weightkg", None, None, "weight_kg"),
        ("Paris G", "parisg", None, None, "Paris G"),
        ("W14", "w14", None, None, "W14"),
        ("基线CRP", "crp", None, "0", "基线CRP"),
        ("CRP(基线)", "crp", None, "0", "CRP(基线)"),
        ("基线 白蛋白(g/L)", "白蛋白", "g/L", "0", "基线 白蛋白(g/L)"),
        ("Baseline PCDAI", "pcdai", None, "0", "Baseline PCDAI"),
        ("基线日期", "基线日期", None, None, "基线日期"),
    ],
)
def test_a_header_is_taken_apart(
    header: str, name: str, unit: str | None, number: str | None, template: str
) -> None:
    found = read_heading(header)
    assert (found.name, found.unit, found.number, found.template) == (name, unit, number, template)


@pytest.mark.parametrize(
    "header",
    ["姓名", "病案号", "住院号", "身份证号", "联系电话", "患儿姓名(全名)", "Patient name", "MRN",
     "Phone number", "家庭住址"],
)  # fmt: skip
def test_who_the_patient_is_is_never_taken(tmp_path: Path, header: str) -> None:
    text, source = draft(tmp_path, f"研究编号,{header},性别,出生日期\nP1,SECRET1,男,2010-01-01\n")
    assert source["ignore"] == [header]
    assert "tells who the patient is" in text
    assert "SECRET1" not in text


def test_no_cell_is_shown_but_few_codes(tmp_path: Path) -> None:
    rows = "".join(f"P{n},2020-01-{n:02},结果{n},备注{n},1.5\n" for n in range(1, 20))
    text, _ = draft(tmp_path, "study id,date,location,note,height\n" + rows)
    assert not any(shown in text for shown in ("P1", "2020", "结果", "备注1", "1.5"))
    rows = "".join(f"P{n},2020-01-{n:02},{'部位' if n % 2 else 'l1'}\n" for n in range(1, 20))
    text, source = draft(tmp_path, "study id,date,location\n" + rows, "phenotypes.csv")
    assert '# codes.location."部位" = "..."  # unsure: one of L1, L2, L3, none' in text
    assert "codes" not in source["rows"][0]


def test_what_a_file_does_not_say_is_left_to_a_person(tmp_path: Path) -> None:
    """Followed as its comments ask, the draft is a mapping."""
    text, source = draft(tmp_path, "编号,性别,出生日期,身高\nP1,男,2010-01-01,120\n")
    assert [rows["table"] for rows in source["rows"]] == ["patients"]
    assert '"身高",  # unsure: anthropometry needs measured_on as well' in text
    for name, value in (("centre", "BCH"), ("diagnosis", "CD")):
        assert f'\n# constants.{name} = "..."  # unsure:' in text
        text = text.replace(f'# constants.{name} = "..."', f'constants.{name} = "{value}"')
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    [rows] = read_mapping(tmp_path / "map.toml").sources[0].rows
    assert {name for name, taken in rows.records[0].columns.items() if taken.constant} == {
        "centre",
        "diagnosis",
    }


def test_weeks_are_counted_from_the_first_infusion_and_that_is_unsure(tmp_path: Path) -> None:
    text, source = draft(
        tmp_path, "id,patient id,首次输注日期,CRP_w0,CRP_w14\n1,P1,2020-01-02,5,6\n"
    )
    assert source["patient_id"] == "patient id"
    [rows] = source["rows"]
    assert rows["repeat"] == {"w": ["0", "14"]}
    assert rows["columns"] == {"collected_on": {"on": "首次输注日期", "weeks": "{w}"}}
    assert "unsure: no date of its own" in text
    assert source["ignore"] == ["id"]


def test_weeks_are_counted_from_a_start_date_too(tmp_path: Path) -> None:
    """The whole sheet was left out: the header was known as the start of a drug alone."""
    _, source = draft(tmp_path, "study_id,start_date,CRP_w0,CRP_w14\nP1,2020-01-02,5,6\n")
    [rows] = source["rows"]
    assert rows["columns"] == {"collected_on": {"on": "start_date", "weeks": "{w}"}}
    assert "ignore" not in source


def test_a_file_that_fills_no_table_says_what_it_lacks(tmp_path: Path) -> None:
    """It was said that no header is known, which sent people to look for other headers."""
    text, source = draft(tmp_path, "study_id,CRP_w0,CRP_w14,shoe\nP1,5,6,33\n")
    assert source == {"file": "data.csv", "skip": True}
    assert '\n# "CRP_w14": lab_results needs collected_on as well\n' in text
    assert '\n# "shoe": not known; name its column if it is one\n' in text
    assert "as first infusion date or 首次输注日期, and draft again." in text


def test_the_baseline_of_a_wide_file_is_week_0(tmp_path: Path) -> None:
    """Its columns were left out; with the others they fill rows of their own."""
    header = (
        "研究编号,首次输注日期,基线CRP,第14周CRP,基线ALB(g/L),第14周ALB(g/L),基线PCDAI,14周PCDAI"
    )
    _, source = draft(tmp_path, f"{header}\nP1,2020-01-02,30,5,30,38,35,5\n")
    assert "ignore" not in source
    taken = {
        (
            rows["table"],
            *rows.get("analytes", {}).values(),
            *filter(None, [rows["columns"].get("total")]),
        ): (
            next(day for day in rows["columns"].values() if isinstance(day, dict))["weeks"],
            rows.get("repeat"),
        )
        for rows in source["rows"]
    }
    assert taken == {
        ("pcdai_visits", "基线PCDAI"): (0, None),
        ("pcdai_visits", "{w}周PCDAI"): ("{w}", {"w": ["14"]}),
        ("lab_results", "基线CRP", "基线ALB(g/L)"): (0, None),
        ("lab_results", "第{w}周CRP", "第{w}周ALB(g/L)"): ("{w}", {"w": ["14"]}),
    }
    days = {
        taken.days
        for rows in read_mapping(tmp_path / "map.toml").sources[0].rows
        for record in rows.records
        for taken in record.columns.values()
    }
    assert days == {None, 0, 98}


def test_a_week_that_is_written_in_another_way_is_not_lost(tmp_path: Path) -> None:
    header = "研究编号,首次输注日期,第14周CRP,CRP week 30,第54周CRP"
    _, source = draft(tmp_path, f"{header}\nP1,2020-01-02,5,6,7\n")
    assert "ignore" not in source
    assert [(rows["analytes"], rows.get("repeat")) for rows in source["rows"]] == [
        ({"CRP": "第{w}周CRP"}, {"w": ["14", "54"]}),
        ({"CRP": "CRP week 30"}, None),
    ]


def test_columns_that_only_some_weeks_have_give_a_mapping_all_the_same(tmp_path: Path) -> None:
    header = "研究编号,首次输注日期,第14周CRP,第30周CRP,第54周CRP,第14周日期,第54周日期,第30周ESR"
    row = "P1,2020-01-02,5,6,7,2020-04-01,2021-01-02,20"
    _, source = draft(tmp_path, f"{header}\n{row}\n")
    assert "ignore" not in source
    assert [
        (rows["repeat"]["w"], rows["analytes"], rows["columns"]["collected_on"])
        for rows in source["rows"]
    ] == [
        (["14", "54"], {"CRP": "第{w}周CRP"}, "第{w}周日期"),
        (
            ["30"],
            {"CRP": "第{w}周CRP", "ESR": "第{w}周ESR"},
            {"on": "首次输注日期", "weeks": "{w}"},
        ),
    ]


def test_an_order_of_days_and_months(tmp_path: Path) -> None:
    head = "patient id,visit date,PCDAI\n"
    _, source = draft(tmp_path, head + "P1,03/04/2020,10\nP1,13/05/2020,10\n")
    assert source["date_order"] == "dmy"
    text, source = draft(tmp_path, head + "P1,03/04/2020,10\n")
    assert "date_order" not in source
    assert '# date_order = "dmy"\n# date_order = "mdy"\n' in text


def test_a_file_without_a_study_id_is_skipped(tmp_path: Path) -> None:
    text, source = draft(tmp_path, "姓名,CRP\nx,5\n")
    assert source == {"file": "data.csv", "skip": True}
    assert "unsure: no header is known as the study id" in text
    cure = "Call the column of study ids patient_id, or 研究编号, and draft again."
    assert f"\n# {cure}\n" in text
    assert drafted([tmp_path / "data.csv"]).warnings == [
        "data.csv: no column of study ids was found, so the draft takes nothing from it. " + cure
    ]


def test_other_tests_of_a_laboratory_are_left_out(tmp_path: Path) -> None:
    rows = "P1,2020-01-01,CRP,5,mg/L\nP1,2020-01-01,谷丙转氨酶,30,U/L\n"
    text, source = draft(tmp_path, "研究编号,采血日期,项目,结果,单位\n" + rows)
    assert source["rows"][0]["where"] == {"项目": ["CRP"]}
    assert "unsure: other tests are left out: 1" in text


def test_the_list_of_names_names_what_there_is() -> None:
    listed = synonyms()
    for table, columns in listed.items():
        if table in BY_FILE_NAME:
            assert set(columns) <= set(dictionary_columns(BY_FILE_NAME[table])), table
    assert set(listed["analytes"]) == set(ANALYTES)
    assert set(listed["codes"]["drug"]) == set(DRUGS)
    assert set(listed["tables"]) == set(BY_FILE_NAME)
    known = {
        column: set(codes_of(variable))
        for entity in BY_FILE_NAME.values()
        for column, variable in dictionary_columns(entity).items()
        if codes_of(variable)
    }
    for column, codes in listed["codes"].items():
        assert set(codes) <= known[column], column


def test_no_name_stands_twice_for_one_table() -> None:
    """Two columns of one table with one name could not be told apart."""
    for table, columns in synonyms().items():
        if table in BY_FILE_NAME or table == "analytes":
            names = Counter(plain(name) for one in columns.values() for name in {*map(plain, one)})
            assert [name for name, number in names.items() if number > 1] == [], table
    for column, codes in synonyms()["codes"].items():
        names = Counter(name for one in codes.values() for name in {*map(plain, one)})  # type: ignore[attr-defined]
        assert [name for name, number in names.items() if number > 1] == [], column
    assert not identifiers() & {plain(name) for name in synonyms()["every"]["patient_id"]}


def test_a_header_id_names_the_patient_where_no_other_does(tmp_path: Path) -> None:
    _, source = draft(tmp_path, "id,date,CRP\nP1,2020-01-02,5\n")
    assert source["patient_id"] == "id"
    assert [rows["table"] for rows in source["rows"]] == ["lab_results"]


@pytest.mark.parametrize(
    ("header", "cells", "unit"),
    [
        ("HGB", ["9.8", "11.2", "12,4"], "g/dL"),
        ("HGB", ["98", "112", "124"], "g/L"),
        ("白蛋白", ["3.5", "4.1"], "g/dL"),
        ("Hämatokrit", ["0.35", "0.41"], "L/L"),
        ("plaquettes", ["300000", "420000"], "/uL"),
        ("leucocitos", ["7.2", "9"], "10^9/L"),
    ],
)
def test_a_unit_is_proposed_from_the_values_and_must_be_confirmed(
    tmp_path: Path, header: str, cells: list[str], unit: str
) -> None:
    rows = "".join(f'P1,2020-01-{n:02},"{cell}"\n' for n, cell in enumerate(cells, start=1))
    text, source = draft(tmp_path, f"study id,lab date,{header}\n{rows}")
    [(_, proposed)] = source["rows"][0]["units"].items()
    assert proposed == f"{unit}?"
    assert f"the values look like {unit}" in text
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=r"is not confirmed") as refused:
        read_mapping(tmp_path / "own.toml")
    assert "?" in str(refused.value.cure)
    assert read_mapping(tmp_path / "map.toml").sources


def test_a_height_in_metres_is_seen(tmp_path: Path) -> None:
    _, source = draft(tmp_path, "study id,date,height,weight\nP1,2020-01-02,1.28,25\n")
    assert source["rows"][0]["units"] == {"height_cm": "m?"}


@pytest.mark.parametrize(
    ("header", "row", "sex"),
    [
        ("Studien-ID,Geschlecht,Geburtsdatum,Diagnose,Nachname", "weiblich", "female"),
        ("numéro patient,sexe,date de naissance,diagnostic,prénom", "garçon", "male"),
        ("código de paciente,sexo,fecha de nacimiento,diagnóstico,apellidos", "mujer", "female"),
    ],
)
def test_headers_and_codes_in_other_languages(
    tmp_path: Path, header: str, row: str, sex: str
) -> None:
    _, source = draft(tmp_path, f"{header}\nP1,{row},2010-01-15,CD,SECRET\n")
    [rows] = source["rows"]
    names = header.split(",")
    assert rows["table"] == "patients"
    assert source["patient_id"] == names[0]
    assert rows["columns"] == dict(zip(["sex", "birth_date", "diagnosis"], names[1:], strict=False))
    assert rows["codes"]["sex"] == {row: sex}
    assert source["ignore"] == [names[4]]


@pytest.mark.parametrize("week", ["CRP Woche 14", "CRP S14", "CRP 14 semaines", "CRP semana 14"])
def test_weeks_in_other_languages(week: str) -> None:
    found = read_heading(week)
    assert (found.name, found.family, found.number) == ("crp", "w", "14")
