"""Dataset-JSON by the model of odmlib, ODM by the schema of CDISC that odmlib carries."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import odmlib
import pytest
from lxml import etree
from odmlib.dataset_json_1_1.model import DatasetJSON
from sqlalchemy import text

from registry.database.engine import Database
from registry.export.cdisc import write_cdisc
from registry.export.leaving import Writer
from registry.models import ENTITIES, table_of
from tests.neighbours.conftest import LEAVING, NO_GENES, WHOLE, Export

SCHEMA = Path(odmlib.__file__).parent / "schemas" / "odm" / "2.0" / "ODM.xsd"
ODM = {"o": "http://www.cdisc.org/ns/odm/v2.0"}
# Data type -> what a value of it is in JSON, by the specification of Dataset-JSON 1.1.
PYTHON: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "date": (str,),
    "integer": (int,),
    "double": (int, float),
    "boolean": (bool,),
}


@pytest.fixture
def exported(written: Callable[[Writer], Path]) -> Path:
    return written(write_cdisc)


def datasets_of(folder: Path) -> dict[str, Any]:
    return {file.stem: json.loads(file.read_text("utf-8")) for file in folder.glob("*.json")}


def test_each_table_is_a_dataset_of_the_standards_form(exported: Path) -> None:
    found = datasets_of(exported)
    assert found.keys() == {entity.file_name for entity in ENTITIES} | {"ADSL", "ADTTE"}
    for name, document in found.items():
        read = DatasetJSON.from_dict(document)
        assert (read.name, read.records) == (name, len(document["rows"]))
        kinds = [PYTHON[column["dataType"]] for column in document["columns"]]
        for row in document["rows"]:
            assert len(row) == len(kinds)
            assert all(
                value is None or isinstance(value, kind)
                for value, kind in zip(row, kinds, strict=True)
            )
            for value, column in zip(row, document["columns"], strict=True):
                if column["dataType"] == "date" and value is not None:
                    date.fromisoformat(value)


def test_values_and_who_leaves(export: Export) -> None:
    outcome, folder = export("cdisc")
    assert outcome.status == 0, outcome
    assert "1 child is left out: no consent to sharing." in outcome.err
    found = datasets_of(folder)

    def rows(name: str) -> list[dict[str, Any]]:
        columns = [column["name"] for column in found[name]["columns"]]
        return [dict(zip(columns, row, strict=True)) for row in found[name]["rows"]]

    assert {row["patient_id"] for row in rows("patients")} == LEAVING
    assert {row["patient_id"] for row in rows("gene_findings")} == LEAVING - {NO_GENES}
    assert {row["USUBJID"] for row in rows("ADSL")} <= LEAVING
    (level,) = [row for row in rows("tdm_levels") if row["sampled_on"] == "2018-10-05"]
    assert (level["ifx_ug_ml"], level["ada_au_ml"]) == ("<0.4", ">200")
    assert rows("infusions")[0]["dose_mg"] == 150
    assert {row["onset_on"] for row in rows("patients")} == {"2018", "2018-03"}


def test_dictionary_and_audit_are_valid_odm(exported: Path, few: Database) -> None:
    document = etree.parse(exported / "odm.xml")
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    assert schema.validate(document), schema.error_log.last_error
    named = {one.get("OID") for one in document.iterfind(".//*[@OID]")}
    for attribute in ("ItemOID", "ItemGroupOID", "CodeListOID", "UserOID", "LocationOID"):
        used = {one.get(attribute) for one in document.iterfind(f".//*[@{attribute}]")}
        assert used
        assert used <= named
    subjects = {one.get("SubjectKey") for one in document.iterfind(".//o:SubjectData", ODM)}
    assert subjects == LEAVING
    with few.engine.connect() as connection:
        kept = connection.execute(
            text(
                "select count(*) from audit.record_change c join reference.patient_number n "
                "using (patient_id) where n.study_id = any(:leaving) and c.table_name <> "
                "'patient_number' and not (c.table_name = 'gene_finding' and n.study_id = :none)"
            ),
            {"leaving": list(LEAVING), "none": NO_GENES},
        ).scalar_one()
    assert len(document.findall(".//o:AuditRecord", ODM)) == kept
    items = document.findall(".//o:ItemDef", ODM)
    columns = sum(
        name not in ("patient_id", "record_id", "row_version")
        for entity in ENTITIES
        for name in [column.name for column in table_of(entity).columns]
    )
    assert len(items) == columns


def test_the_audit_played_back_gives_the_record(exported: Path) -> None:
    document = etree.parse(exported / "odm.xml")
    record: dict[str, str | None] = {}
    for change in document.iterfind(
        f".//o:SubjectData[@SubjectKey='{WHOLE}']//o:ItemGroupData[@ItemGroupOID='IG.patient']", ODM
    ):
        assert change.findtext("o:AuditRecord/o:DateTimeStamp", namespaces=ODM)
        for item in change.iterfind("o:ItemData", ODM):
            record[item.get("ItemOID")] = item.findtext("o:Value", namespaces=ODM)
    assert record["IT.patient.sex"] == "male"
    assert record["IT.patient.onset_on"] == "2018-03-01"
    assert record["IT.patient.onset_on_precision"] == "month"
