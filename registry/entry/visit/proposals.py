"""Proposes items of a PCDAI from laboratory values and weights; the person accepts or not.

Proposed are haematocrit, ESR, albumin and weight. Height is not: at diagnosis it asks for channels
of an earlier growth curve, later for the SD of a growth velocity, and the registry has neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from registry.entry.answers.findings import measured, shown, signed
from registry.entry.answers.limits import Band, band_of, limits, range_of
from registry.parsing.numbers import read_number, split_number
from registry.parsing.text import Unreadable
from registry.parsing.units import same_unit
from registry.records.patient_number import no_patient
from registry.words import tr

GIVEN = "given"
ANALYTE_OF_ITEM = {"hematocrit": "HCT", "esr": "ESR", "albumin": "ALB"}
WEIGHT = "weight"
GIVEN_WEIGHT = "weight_kg"

CHILD = text(
    "select p.patient_id, p.sex, extract(year from age(:visited_on, p.birth_date))::integer "
    "as years, p.birth_date > :visited_on as unborn from clinical.patient p "
    "join reference.patient_number n using (patient_id) where n.study_id = :study_id"
)
LABS = text(
    "select distinct on (l.analyte) l.analyte, l.value, l.value_comparator as comparator, l.unit, "
    "l.value * u.factor as own_value, u.own_unit, l.collected_on as dated_on "
    "from clinical.lab_result l join reference.analyte_unit u using (analyte, unit) "
    "where l.patient_id = :patient and l.collected_on between :since and :until "
    "order by l.analyte, abs(l.collected_on - :visited_on), l.collected_on"
)
UNITS = text("select analyte, unit, own_unit, factor from reference.analyte_unit")
NEAREST_WEIGHT = text(
    "select place, weighed_on, weight_kg from rules.weighing where patient_id = :patient "
    "and weighed_on between :since and :until "
    "order by abs(weighed_on - :visited_on), weighed_on, place limit 1"
)
EARLIER_WEIGHT = text(
    "select place, weighed_on, weight_kg from rules.weighing where patient_id = :patient "
    "and weighed_on between :since and :until "
    "order by weighed_on desc, place limit 1"
)


@dataclass(frozen=True)
class Proposal:
    """Points proposed for one item, and the row they come from.

    `table` is the row's table, or `given` for a value that was typed and is not saved yet;
    `dated_on` its day; `value_text` the value as entered; `why` the band and its limits in words.
    """

    item: str
    points: Decimal
    table: str
    dated_on: date
    value_text: str
    why: str


@dataclass(frozen=True)
class _Value:
    """A laboratory value as entered, and in the analyte's own unit."""

    entered: str
    own_value: Decimal
    own_unit: str
    comparator: str | None
    table: str
    dated_on: date


@dataclass(frozen=True)
class _Visit:
    """The child on the day of the visit, and the limits held to."""

    patient: int
    sex: str
    years: int
    on: date
    limit: dict[str, Decimal]

    def days(self, key: str) -> timedelta:
        """A limit in days."""
        return timedelta(days=int(self.limit[key]))

    def window(self) -> dict[str, Any]:
        """Where a value must lie to count for the visit, as parameters of a query."""
        return {
            "patient": self.patient,
            "visited_on": self.on,
            "since": self.on - self.days("visit_days_before"),
            "until": self.on + self.days("visit_days_after"),
        }


def propose_items(
    connection: Connection, study_id: str, visited_on: date, given: Mapping[str, str]
) -> list[Proposal]:
    """The items that can be proposed for a visit on that day, in the order of the index.

    `given` are values of the same day that are not saved yet: HCT, ESR and ALB with their unit or
    in the analyte's own, and weight_kg. They beat the rows of the registry; one that cannot be read
    gives no proposal. A row counts when it lies near enough to the visit; the nearest decides, of
    two the earlier. Raises NotFound for a patient who is not there.
    """
    values = {"study_id": study_id, "visited_on": visited_on}
    child = connection.execute(CHILD, values).one_or_none()
    if child is None:
        raise no_patient(connection, study_id)
    if child.unborn:
        return []
    visit = _Visit(child.patient_id, child.sex, child.years, visited_on, limits(connection))
    found = [*_laboratory(connection, visit, given), _weight(connection, visit, given)]
    return [proposal for proposal in found if proposal is not None]


def _laboratory(
    connection: Connection, visit: _Visit, given: Mapping[str, str]
) -> list[Proposal | None]:
    values = {
        row.analyte: _Value(
            f"{measured(row.value, row.comparator)} {row.unit}",
            row.own_value,
            row.own_unit,
            row.comparator,
            "lab_result",
            row.dated_on,
        )
        for row in connection.execute(LABS, visit.window())
    }
    units = {(row.analyte, row.unit): row for row in connection.execute(UNITS)}
    own_units = {row.analyte: row.own_unit for row in units.values()}
    proposals = []
    for item, analyte in ANALYTE_OF_ITEM.items():
        value = values.get(analyte)
        if typed := given.get(analyte, "").strip():
            value = _typed(typed, analyte, own_units[analyte], units, visit.on)
        if value is not None:
            proposals.append(_of_value(connection, visit, item, value))
    return proposals


def _typed(
    typed: str, analyte: str, own_unit: str, units: Mapping[tuple[str, str], Any], on: date
) -> _Value | None:
    """A typed value with its unit, or in the analyte's own; None for what cannot be read."""
    comparator, number, behind = split_number(typed)
    unit = (
        same_unit(behind, [known for of, known in units if of == analyte]) if behind else own_unit
    )
    value = _number(number)
    if unit is None or value is None:
        return None
    entered = f"{measured(value, comparator)} {unit}"
    own_value = value * units[analyte, unit].factor
    return _Value(entered, own_value, own_unit, comparator or None, GIVEN, on)


def _number(text: str) -> Decimal | None:
    """A number as people write it, which no measurement is below nought; None for anything else."""
    try:
        value = Decimal(read_number(text))
    except Unreadable:
        return None
    return value if value >= 0 else None


def _of_value(connection: Connection, visit: _Visit, item: str, value: _Value) -> Proposal | None:
    held = range_of(value.own_value, value.comparator)
    band = band_of(connection, item, held, sex=visit.sex, years=visit.years)
    if band is None:
        return None
    points = Decimal(band.reading)
    if item == "hematocrit":
        who = tr("a girl") if visit.sex == "female" else tr("a boy")
        why = tr(
            "{band} is {points} points for {who} of {years:year|years}; {when}.",
            band=band.words(value.own_unit),
            points=shown(points),
            who=who,
            years=visit.years,
            when=_when(visit, value.dated_on),
        )
    else:
        why = tr(
            "{band} is {points} points; {when}.",
            band=band.words(value.own_unit),
            points=shown(points),
            when=_when(visit, value.dated_on),
        )
    return Proposal(item, points, value.table, value.dated_on, value.entered, why)


def _when(visit: _Visit, dated_on: date) -> str:
    """The day of a value, and the days that count."""
    if dated_on == visit.on:
        return tr("of the day of the visit")
    window = visit.window()
    return tr(
        "dated {on}, values from {since} to {until} count",
        on=dated_on,
        since=window["since"],
        until=window["until"],
    )


def _weight(connection: Connection, visit: _Visit, given: Mapping[str, str]) -> Proposal | None:
    """The item of weight, from the weight of the visit against an earlier one."""
    typed = given.get(GIVEN_WEIGHT, "").strip()
    if typed:
        comparator, number, behind = split_number(typed)
        kg = _number(number)
        if kg is None or comparator or behind not in ("", "kg"):
            return None
        place, weighed_on, weight_kg = GIVEN, visit.on, kg
    else:
        row = connection.execute(NEAREST_WEIGHT, visit.window()).one_or_none()
        if row is None:
            return None
        place, weighed_on, weight_kg = row
    earlier = connection.execute(
        EARLIER_WEIGHT,
        {
            "patient": visit.patient,
            "since": weighed_on - visit.days("earlier_weight_to"),
            "until": weighed_on - visit.days("earlier_weight_from"),
        },
    ).one_or_none()
    if earlier is None:
        return None
    # Held as a hundred times the difference against the band times the earlier weight: exact.
    changed = (weight_kg - earlier.weight_kg) * 100
    band = band_of(connection, WEIGHT, range_of(changed), share=earlier.weight_kg)
    if band is None:
        return None
    return Proposal(
        WEIGHT,
        Decimal(band.reading),
        place,
        weighed_on,
        f"{shown(weight_kg)} kg",
        _why_of_weight(visit, band, changed / earlier.weight_kg, earlier),
    )


def _why_of_weight(visit: _Visit, band: Band, percent: Decimal, earlier: Any) -> str:
    why = tr(
        "{percent} % against {earlier} kg of {on} ({place}), the last weight {newest} to {oldest} "
        "days before; {band} is {points} points.",
        percent=signed(percent.quantize(Decimal("0.1"))),
        earlier=shown(earlier.weight_kg),
        on=earlier.weighed_on,
        place=earlier.place,
        newest=shown(visit.limit["earlier_weight_from"]),
        oldest=shown(visit.limit["earlier_weight_to"]),
        band=band.words("%"),
        points=band.reading,
    )
    if Decimal(band.reading) > 0:
        why += " " + tr("If involuntary: weights do not tell; voluntary is 0 points.")
    return why
