"""Children with a course of infliximab behind them, and what a clinic day leaves in the tables."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from registry.entry.visit.day import Visit, read_day
from registry.entry.visit.write import Outcome, save
from registry.models import ENTITIES, Patient, table_of
from tests.entry.children import INDUCTION, add, add_child, give, on, see

# Eight weeks after the last infusion, when a responder loses response.
DAY = on(154)

# The day as somebody enters it, by field.
DAYS_WORK = {
    "anthropometry.weight_kg": "31.5",
    "anthropometry.height_cm": "138",
    "lab.CRP": "<5",
    "lab.ALB": "3.4 g/dL",
    "pcdai.abdominal_pain": "5",
    "pcdai.stools": "5",
    "pcdai.functioning": "0",
    "pcdai.hematocrit": "2.5",
    "pcdai.esr": "0",
    "pcdai.albumin": "5",
    "pcdai.weight": "0",
    "pcdai.height": "0",
    "pcdai.abdomen": "5",
    "pcdai.perirectal": "0",
    "pcdai.extraintestinal": "0",
    "tdm.ifx_ug_ml": "<0.4",
    "tdm.ada_au_ml": "35",
    "tdm.assay": "ELISA",
    "infusion.dose_mg": "200",
    "infusion.product": "Remicade",
    "medication.started": "prednisone",
    "medication.stopped": "azathioprine",
}
# Worked out by hand from the fields above: what the tables must hold of that day.
ROWS = {
    "anthropometry": [("2020-06-08", "138", "31.5")],
    "infusion": [("2020-06-08", "200", "31.5", "Remicade")],
    "lab_result": [
        ("2020-06-08", "ALB", "3.4", None, "g/dL"),
        ("2020-06-08", "CRP", "5", "<", "mg/L"),
    ],
    "medication": [
        ("azathioprine", "2020-01-06", "2020-06-08"),
        ("prednisone", "2020-06-08", None),
    ],
    "pcdai_visit": [("2020-06-08", "5 5 0 2.5 0 5 0 0 5 0 0", None, "22.5")],
    "tdm_level": [("2020-06-08", "0.4", "<", "35", None, "ELISA")],
}  # fmt: skip
COLUMNS = {
    "anthropometry": "measured_on, height_cm, weight_kg",
    "infusion": "infused_on, dose_mg, weight_kg, product",
    "lab_result": "collected_on, analyte, value, value_comparator, unit",
    "medication": "drug, started_on, stopped_on",
    "pcdai_visit": "visited_on, concat_ws(' ', trim_scale(abdominal_pain), trim_scale(stools), "
    "trim_scale(functioning), trim_scale(hematocrit), trim_scale(esr), trim_scale(albumin), "
    "trim_scale(weight), trim_scale(height), trim_scale(abdomen), trim_scale(perirectal), "
    "trim_scale(extraintestinal)), total, score",
    "tdm_level": "sampled_on, ifx_ug_ml, ifx_ug_ml_comparator, ada_au_ml, ada_au_ml_comparator, "
    "assay",
}


def add_responder(connection: Connection, study_id: str) -> int:
    """A boy of eleven who responded: PCDAI 40, at week 14 it is 5; azathioprine since the start."""
    patient = add_child(connection, study_id)
    give(connection, patient, *INDUCTION)
    see(connection, patient, {0: 40, 98: 5})
    add(connection, "medication", patient, drug="azathioprine", started_on=on(0))
    add(connection, "tdm_level", patient, sampled_on=on(98), ifx_ug_ml=6, assay="ELISA")
    add(
        connection, "lab_result", patient,
        collected_on=on(98), analyte="ALB", value=3.9, unit="g/dL",
    )  # fmt: skip
    return patient


def rows_of(connection: Connection, patient: int, day: date = DAY) -> dict[str, list[tuple]]:
    """What the tables hold of that day, as text; of drugs all courses."""
    found = {}
    for table, columns in COLUMNS.items():
        dated = columns.split(",")[0]
        where = "true" if table == "medication" else f"{dated} = :day"
        rows = connection.execute(
            text(
                f"select {columns} from clinical.{table} "
                f"where patient_id = :patient and {where} order by 1, 2"
            ),
            {"patient": patient, "day": day},
        )
        found[table] = [tuple(map(_shown, row)) for row in rows]
    return found


def everything(connection: Connection) -> dict[str, list[Any]]:
    """Every row of the clinical tables and of the audit, to see that nothing was left behind."""
    tables = [table_of(entity).fullname for entity in ENTITIES if entity is not Patient]
    tables += ["audit.record_change", "reference.change_set"]
    return {
        table: list(map(tuple, connection.execute(text(f"select * from {table} order by 1, 2"))))
        for table in tables
    }


def begin_change(connection: Connection) -> None:
    """As at the beginning of a transaction: what follows is a change of its own."""
    connection.execute(text("select set_config('registry.change', '', true)"))


def saved(
    connection: Connection, study_id: str, values: dict[str, str], reason: str | None = None
) -> Outcome:
    """A visit of that day read and saved at once."""
    begin_change(connection)
    return save(
        connection, Visit(read_day(connection, study_id, DAY), values), user="tester", reason=reason
    )


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    text_ = str(value)
    return text_.rstrip("0").rstrip(".") if "." in text_ and " " not in text_ else text_
