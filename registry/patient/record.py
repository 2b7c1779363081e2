"""One patient's record as plain data: what was entered, and beside it what the rules make of it.

Names are those of the import files; what is derived stands beside what it is derived from. A row
is `seen` when it is dated up to the data cut of the definition: the rules know of no other, so
that what they say of one that is not seen is None. Dates are dates, numbers exact decimals; a
measured value is the limit itself where its comparator is `<` or `>`. `missing_reasons` says of a
column that is None why, where that is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Person:
    """Who the child is; ages in completed years, of a partial onset in the middle of its period.

    `paris_age` is the age at diagnosis in the Paris classification: A1a, A1b or A2.
    """

    patient_id: str
    centre: str
    sex: str
    birth_date: date
    onset_on: date | None
    onset_on_precision: str | None
    diagnosed_on: date | None
    diagnosed_on_precision: str | None
    diagnosis: str
    age_now: int
    age_at_onset: int | None
    age_at_start: int | None
    paris_age: str | None
    missing_reasons: dict[str, str] | None


@dataclass(frozen=True)
class HeldTo:
    """The definition and those of its parameters that a course is drawn against (points).

    `cut_on` is the day up to which the rules see, also where there is no data cut.

    `response_at_most` is the baseline PCDAI less the fall asked for; None without a baseline.
    """

    name: str
    version: int
    hash: str
    data_cut: date | None
    cut_on: date
    response_drop: Decimal
    response_at_most: Decimal | None
    remission_below: Decimal
    lor_above: Decimal
    lor_requires_rise: bool
    lor_confirmations: int


@dataclass(frozen=True)
class Status:
    """The stored status under the definition."""

    state: str
    eligible: bool
    reason: str | None
    start_on: date | None
    baseline_on: date | None
    baseline_pcdai: Decimal | None
    week14_on: date | None
    week14_pcdai: Decimal | None
    induction_outcome: str | None
    event: bool | None
    event_on: date | None
    event_pcdai: Decimal | None
    end_on: date | None
    time_days: int | None
    censor_reason: str | None
    last_negative_on: date | None
    deciding_table: str | None
    deciding_record_id: int | None
    deciding_on: date | None


@dataclass(frozen=True)
class Mechanism:
    """Why response was lost, as far as drug levels tell, and what the guideline advises."""

    mechanism: str
    action: str
    action_source: str
    caveat: str | None
    level_record_id: int | None
    sampled_on: date | None
    trough_status: str
    ada_status: str | None


@dataclass(frozen=True)
class AfterLoss:
    """What was done after the loss and what came of it."""

    outcome: str
    intensified_on: date | None
    regained: bool | None


@dataclass(frozen=True)
class Visit:
    """A scored visit: PCDAI and its items (points), day from t0, phase and severity."""

    record_id: int
    visited_on: date
    seen: bool
    day: int | None
    phase: str | None
    score: Decimal
    severity: str | None
    abdominal_pain: Decimal | None
    stools: Decimal | None
    functioning: Decimal | None
    hematocrit: Decimal | None
    esr: Decimal | None
    albumin: Decimal | None
    weight: Decimal | None
    height: Decimal | None
    abdomen: Decimal | None
    perirectal: Decimal | None
    extraintestinal: Decimal | None
    total: Decimal | None
    computed_total: Decimal | None
    no_height: bool | None
    missing_reasons: dict[str, str] | None


@dataclass(frozen=True)
class Infusion:
    """An infusion: mg, kg, mg/kg, days since the one before, and whether it intensifies."""

    record_id: int
    infused_on: date
    seen: bool
    number: int | None
    dose_mg: Decimal
    weight_kg: Decimal
    dose_mg_per_kg: Decimal
    interval_days: int | None
    dose_raised: bool | None
    interval_shortened: bool | None
    intensified: bool | None
    product: str | None
    missing_reasons: dict[str, str] | None


@dataclass(frozen=True)
class Level:
    """A drug level (ug/mL) and antibodies (AU/mL), with the threshold it is held to."""

    record_id: int
    sampled_on: date
    seen: bool
    ifx_ug_ml: Decimal | None
    ifx_ug_ml_comparator: str | None
    is_trough: bool | None
    timepoint: str | None
    threshold_ug_ml: Decimal | None
    threshold_source: str | None
    phenotype_held_to: str | None
    trough_level: str | None
    low_between_infusions: bool | None
    ada_au_ml: Decimal | None
    ada_au_ml_comparator: str | None
    ada_status: str | None
    assay: str | None
    missing_reasons: dict[str, str] | None


@dataclass(frozen=True)
class Treatment:
    """A course of another drug; without a precision of its stop it is still taken."""

    record_id: int
    drug: str
    drug_class: str
    started_on: date
    stopped_on: date | None
    stopped_on_precision: str | None
    seen: bool


@dataclass(frozen=True)
class LabValue:
    """A laboratory value as entered, in the analyte's own unit, and against the definition's limit.

    `side` says which side of `cut_off` stands out (above or below), `beyond` whether the value
    lies there: None without a limit, or where a censored value does not tell.
    """

    record_id: int
    collected_on: date
    seen: bool
    analyte: str
    value: Decimal
    value_comparator: str | None
    unit: str
    own_value: Decimal
    own_unit: str
    side: str | None
    cut_off: Decimal | None
    beyond: bool | None


@dataclass(frozen=True)
class Growth:
    """Height (cm), weight (kg) and Z-scores, entered or computed."""

    record_id: int
    measured_on: date
    seen: bool
    height_cm: Decimal | None
    weight_kg: Decimal | None
    height_z: Decimal | None
    height_z_source: str | None
    bmi_z: Decimal | None
    bmi_z_source: str | None
    missing_reasons: dict[str, str] | None


@dataclass(frozen=True)
class PatientRecord:
    """All of one patient under one definition: by import file its rows, each list by date.

    Rows of which a rule speaks are of the classes above; the others have the table's own columns,
    with `seen` behind the dates.
    """

    person: Person
    definition: HeldTo
    status: Status
    mechanism: Mechanism | None
    after_loss: AfterLoss | None
    tables: Mapping[str, tuple[Any, ...]]

    def to_json(self) -> dict[str, Any]:
        """The record as one JSON document: the patient's own columns first, then the rest."""
        tree = asdict(self)
        person: dict[str, Any] = tree.pop("person")
        rows: dict[str, Any] = tree.pop("tables")
        return person | tree | rows
