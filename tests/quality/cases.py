"""The rules of plausibility: what makes each speak, what is just inside, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Cells = Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """One rule: the records that are `given`, the one that fails it, and that one just inside.

    `given` and `table` are named as import files; `record` holds the cells of both, which
    `failing` and `inside` complete. `column` is where the rule finds fault, `says` what it says.
    `child` holds cells of the child that are not those of every case's. Where the rule finds fault
    with another record than the one that is written, `told_of` is the table of that.
    """

    rule: str
    table: str
    record: Cells
    failing: Cells
    inside: Cells
    column: str | None
    says: str
    given: tuple[tuple[str, Cells], ...] = ()
    child: Cells = field(default_factory=dict)
    told_of: str | None = None


def lab(
    rule: str,
    analyte: str,
    failing: str,
    inside: str,
    says: str,
    column: str,
    before: tuple[str, str, str] | None = None,
) -> Case:
    """A laboratory value of a day, with its unit behind it."""
    given: tuple[tuple[str, Cells], ...] = ()
    if before is not None:
        earlier, day, measured = before
        cells = {"collected_on": day, "analyte": earlier, **_measured(measured)}
        given = (("lab_results", cells),)
    return Case(
        rule,
        "lab_results",
        {"collected_on": "2022-03-01", "analyte": analyte},
        _measured(failing),
        _measured(inside),
        column,
        says,
        given,
    )


def item(
    name: str, failing: str, inside: str, measured: tuple[str, str], gives: str, day: str
) -> Case:
    """An item of a PCDAI beside a laboratory value of its day."""
    analyte, text = measured
    return Case(
        "pcdai_laboratory_item",
        "pcdai_visits",
        {"visited_on": day, "total": "30"},
        {name: failing},
        {name: inside},
        name,
        f"The item {name} has {failing} points, but {analyte} of {text} on that day gives {gives}.",
        given=(("lab_results", {"collected_on": day, "analyte": analyte, **_measured(text)}),),
    )


def gene(
    rule: str,
    record: Cells,
    failing: Cells,
    inside: Cells,
    column: str,
    says: str,
    child: Cells | None = None,
) -> Case:
    """A gene finding."""
    reported = {"reported_on": "2022-03-01", **record}
    return Case(rule, "gene_findings", reported, failing, inside, column, says, child=child or {})


def ended(reason: str) -> tuple[str, Cells]:
    """The end of a child's follow-up, the same day of every case."""
    return "follow_up_ends", {"ended_on": "2022-04-01", "reason": reason}


def drug_of_the_dead(
    rule: str, failing: Cells, inside: Cells, column: str | None, says: str
) -> Case:
    """A course of a drug of a child who died."""
    record = {"drug": "azathioprine"}
    given = (ended("died"),)
    return Case(rule, "medications", record, failing, inside, column, says, given)


INFUSED = ("infusions", {"infused_on": "2022-03-01", "dose_mg": "150", "weight_kg": "30"})


def _measured(text: str) -> Cells:
    value, unit = text.split()
    return {"value": value, "unit": unit}


CASES = (
    lab(
        "lab_unit",
        "ALB",
        "3.5 g/L",
        "35 g/L",
        "ALB of 3.5 g/L is outside the usual 10 to 60 g/L; in g/dL it would be usual (35 g/L). "
        "Is the unit right?",
        "unit",
    ),
    lab(
        "lab_slip",
        "ALB",
        "352 g/L",
        "35.2 g/L",
        "ALB of 352 g/L is outside the usual 10 to 60 g/L; 35.2 g/L would be usual. "
        "Is the decimal point right, or the unit?",
        "value",
    ),
    lab(
        "lab_unit",
        "HCT",
        "0.35 %",
        "0.35 L/L",
        "HCT of 0.35 % is outside the usual 10 to 65 %; in L/L it would be usual (35 %). "
        "Is the unit right?",
        "unit",
    ),
    lab(
        "lab_unit",
        "PLT",
        "300000 10^9/L",
        "300000 /uL",
        "PLT of 300000 10^9/L is outside the usual 40 to 2000 10^9/L; in /uL it would be usual "
        "(300 10^9/L). Is the unit right?",
        "unit",
    ),
    lab(
        "lab_slip",
        "CRP",
        "12000 mg/L",
        "500 mg/L",
        "CRP of 12000 mg/L is outside the usual 0 to 500 mg/L; 12 mg/L would be usual. "
        "Is the decimal point right, or the unit?",
        "value",
    ),
    lab(
        "lab_slip",
        "ESR",
        "900 mm/h",
        "150 mm/h",
        "ESR of 900 mm/h is outside the usual 0 to 150 mm/h; 90 mm/h would be usual. "
        "Is the decimal point right, or the unit?",
        "value",
    ),
    lab(
        "lab_unit",
        "HGB",
        "110 g/dL",
        "11 g/dL",
        "HGB of 110 g/dL is outside the usual 30 to 220 g/L; in g/L it would be usual (110 g/L). "
        "Is the unit right?",
        "unit",
    ),
    lab(
        "lab_unit",
        "WBC",
        "7200 10^9/L",
        "7.2 10^9/L",
        "WBC of 7200 10^9/L is outside the usual 0.5 to 60 10^9/L; in /uL it would be usual "
        "(7.2 10^9/L). Is the unit right?",
        "unit",
    ),
    lab(
        "lab_low",
        "ALB",
        "0 g/L",
        "10 g/L",
        "ALB of 0 g/L is below the usual 10 to 60 g/L.",
        "value",
    ),
    lab(
        "lab_high",
        "WBC",
        "60001 10^9/L",
        "60 10^9/L",
        "WBC of 60001 10^9/L is above the usual 0.5 to 60 10^9/L.",
        "value",
    ),
    lab(
        "lab_unit_of_last",
        "PLT",
        "43 10^9/L",
        "86 10^9/L",
        "PLT of 43 10^9/L is far from 420 10^9/L of 2022-02-01; in 10^4/uL it would be like it. "
        "Is the unit right?",
        "unit",
        before=("PLT", "2022-02-01", "420 10^9/L"),
    ),
    Case(
        "two_weights",
        "infusions",
        {"infused_on": "2022-03-01", "dose_mg": "200"},
        {"weight_kg": "33.1"},
        {"weight_kg": "33"},
        "weight_kg",
        "Two weights on 2022-03-01: 33.1 kg at the infusion, 30 kg measured.",
        given=(("anthropometry", {"measured_on": "2022-03-01", "weight_kg": "30"}),),
    ),
    Case(
        "dose_low",
        "infusions",
        {"infused_on": "2022-03-01", "weight_kg": "30"},
        {"dose_mg": "134.9"},
        {"dose_mg": "135"},
        "dose_mg",
        "Below the usual 5-10 mg/kg: 134.9 mg for 30 kg.",
    ),
    Case(
        "dose_high",
        "infusions",
        {"infused_on": "2022-03-01", "weight_kg": "30"},
        {"dose_mg": "330.1"},
        {"dose_mg": "330"},
        "dose_mg",
        "Above the usual 5-10 mg/kg: 330.1 mg for 30 kg.",
    ),
    # WHO 2006: a boy of 0 months has a median of 3.3464 kg.
    Case(
        "weight_for_age",
        "anthropometry",
        {"measured_on": "2012-03-28"},
        {"weight_kg": "30"},
        {"weight_kg": "4"},
        "weight_kg",
        "A weight of 30 kg on 2012-03-28 is implausible for a child born on 2012-03-01: "
        "the median of that age is 3.3 kg.",
    ),
    # WHO 2007 at 168 months: 163.1816 cm and 19.0050 kg/m2 of boys are 50.6 kg.
    Case(
        "weight_for_age",
        "infusions",
        {"infused_on": "2022-03-02", "dose_mg": "900"},
        {"weight_kg": "152"},
        {"weight_kg": "151"},
        "weight_kg",
        "A weight of 152 kg on 2022-03-02 is implausible for a child born on 2008-03-01: "
        "the median of that age is 50.6 kg.",
        child={"birth_date": "2008-03-01"},
    ),
    Case(
        "weight_jump",
        "anthropometry",
        {"measured_on": "2022-03-01"},
        {"weight_kg": "33.1"},
        {"weight_kg": "33"},
        "weight_kg",
        "The weight jumps: 33.1 kg is +10 % against 30 kg of 2022-02-01 (anthropometry), "
        "28 days apart.",
        given=(("anthropometry", {"measured_on": "2022-02-01", "weight_kg": "30"}),),
    ),
    # However far back: half as much again, and the median grows by 1.52 from 6 to 10 years.
    Case(
        "weight_jump",
        "anthropometry",
        {"measured_on": "2022-03-01"},
        {"weight_kg": "46.5"},
        {"weight_kg": "45"},
        "weight_kg",
        "The weight jumps: 46.5 kg is +133 % against 20 kg of 2018-03-01 (anthropometry), "
        "1461 days apart.",
        given=(("anthropometry", {"measured_on": "2018-03-01", "weight_kg": "20"}),),
    ),
    Case(
        "height_falls",
        "anthropometry",
        {"measured_on": "2022-03-01"},
        {"height_cm": "127.9"},
        {"height_cm": "128"},
        "height_cm",
        "127.9 cm on 2022-03-01 is less than 130 cm on 2022-02-01.",
        given=(("anthropometry", {"measured_on": "2022-02-01", "height_cm": "130"}),),
    ),
    # WHO 2007: 137.7795 cm is the median of boys of 120 months, 3653 days.
    Case(
        "z_entered",
        "anthropometry",
        {"measured_on": "2022-03-02", "height_cm": "137.8"},
        {"height_z": "0.51"},
        {"height_z": "0.5"},
        "height_z",
        "The entered Z-score of height, 0.51, is 0.51 SD from the 0 computed by the WHO's "
        "reference; the entered one is kept.",
    ),
    Case(
        "z_implausible",
        "anthropometry",
        {"measured_on": "2022-03-01"},
        {"bmi_z": "-5.01"},
        {"bmi_z": "-5"},
        "bmi_z",
        "A Z-score of -5.01 for BMI is implausible: check height, weight, date and birth.",
    ),
    # A boy of 10 completed years: 33 % and more is no points; a day later he is 11, and 35 % is.
    item("hematocrit", "2.5", "0", ("HCT", "33 %"), "0", "2023-02-28"),
    item("hematocrit", "0", "2.5", ("HCT", "0.34 L/L"), "2.5", "2023-03-01"),
    item("esr", "5", "2.5", ("ESR", "50 mm/h"), "2.5", "2022-03-01"),
    item("albumin", "0", "10", ("ALB", "3 g/dL"), "10", "2022-03-01"),
    item("albumin", "10", "5", ("ALB", "30.1 g/L"), "5", "2022-03-01"),
    Case(
        "pcdai_weight_item",
        "pcdai_visits",
        {"visited_on": "2022-03-01", "total": "30"},
        {"weight": "10"},
        {"weight": "5"},
        "weight",
        "The item weight has 10 points, but 27.1 kg on that day against 30 kg of 2022-01-01 "
        "gives 5.",
        given=(
            ("anthropometry", {"measured_on": "2022-01-01", "weight_kg": "30"}),
            ("anthropometry", {"measured_on": "2022-03-01", "weight_kg": "27.1"}),
        ),
    ),
    Case(
        "pcdai_total",
        "pcdai_visits",
        {"visited_on": "2022-03-01", "stools": "10"},
        {"total": "7.5"},
        {"total": "10"},
        "total",
        "On 2022-03-01 the total is 7.5, but the items allow 10 to 100.",
    ),
    Case(
        "phenotype_goes_back",
        "phenotypes",
        {"assessed_on": "2022-03-01"},
        {"behaviour": "B1"},
        {"behaviour": "B2"},
        "behaviour",
        "behaviour went back from B2 (2022-02-01) to B1 (2022-03-01).",
        given=(("phenotypes", {"assessed_on": "2022-02-01", "behaviour": "B2"}),),
    ),
    gene(
        "codon",
        {"gene": "XIAP", "hgvs_c": "c.667C>T", "zygosity": "hemizygous"},
        {"hgvs_p": "p.R222X"},
        {"hgvs_p": "p.R223X"},
        "hgvs_p",
        "c.667C>T lies in codon 223, but p.(Arg222Ter) names codon 222.",
    ),
    gene(
        "hemizygous_not_male",
        {"gene": "XIAP", "hgvs_c": "c.664C>T"},
        {"zygosity": "hemizygous"},
        {"zygosity": "heterozygous"},
        "zygosity",
        "Hemizygous, but the patient is not male.",
        child={"sex": "female"},
    ),
    gene(
        "hemizygous_not_on_x",
        {"gene": "IL10RA", "hgvs_c": "c.664C>T"},
        {"zygosity": "hemizygous"},
        {"zygosity": "homozygous"},
        "zygosity",
        "Hemizygous, but IL10RA lies on chromosome 11.",
    ),
    gene(
        "zygosity_of_male",
        {"gene": "FOXP3", "hgvs_c": "c.664C>T"},
        {"zygosity": "homozygous"},
        {"zygosity": "hemizygous"},
        "zygosity",
        "FOXP3 lies on the X, of which a male has one: homozygous would be hemizygous.",
    ),
    Case(
        "assay_case",
        "tdm_levels",
        {"sampled_on": "2022-03-01", "ifx_ug_ml": "5"},
        {"assay": "elisa"},
        {"assay": "ELISA 2"},
        "assay",
        "Two samples of 2022-03-01, whose assays differ in case alone: elisa and ELISA.",
        given=(("tdm_levels", {"sampled_on": "2022-03-01", "ifx_ug_ml": "5", "assay": "ELISA"}),),
    ),
    Case(
        "too_old",
        "surgeries",
        {"procedure": "seton"},
        {"performed_on": "2022-03-02"},
        {"performed_on": "2022-03-01"},
        "performed_on",
        "A child born on 1997-03-01 would be 25 years old on 2022-03-02 (surgery).",
        child={"birth_date": "1997-03-01"},
    ),
    Case(
        "same_child",
        "patients",
        {"sex": "male", "birth_date": "2012-03-01", "onset_on": "2020-01-01", "diagnosis": "CD"},
        {"centre": "BCH", "patient_id": "q-7"},
        {"centre": "BCH", "patient_id": "Q8"},
        "patient_id",
        "q-7 and Q007 may be one child: one birth date and sex, and ids that differ in case, "
        "hyphens or leading zeros alone.",
    ),
    Case(
        "infusion_twice",
        "infusions",
        {"dose_mg": "150", "weight_kg": "30"},
        {"infused_on": "2022-03-07"},
        {"infused_on": "2022-03-08"},
        "infused_on",
        "Infusions on 2022-03-01 and 2022-03-07, 6 days apart.",
        given=(INFUSED,),
    ),
    Case(
        "onset_after_infliximab",
        "infusions",
        {"dose_mg": "150", "weight_kg": "30"},
        {"infused_on": "2019-12-31"},
        {"infused_on": "2020-01-01"},
        None,
        "The first symptoms (2020-01-01) lie after the first infusion (2019-12-31).",
        told_of="patient",
    ),
    Case(
        "diagnosis_after_infliximab",
        "infusions",
        {"dose_mg": "150", "weight_kg": "30"},
        {"infused_on": "2020-05-31"},
        {"infused_on": "2020-06-01"},
        None,
        "The diagnosis (2020-06-01) lies after the first infusion (2020-05-31).",
        child={"diagnosed_on": "2020-06-01"},
        told_of="patient",
    ),
    Case(
        "biologic_with_infliximab",
        "medications",
        {"drug": "adalimumab"},
        {"started_on": "2022-02-28"},
        {"started_on": "2022-03-01"},
        "started_on",
        "adalimumab from 2022-02-28 to …, but infliximab was infused on 2022-03-01.",
        given=(INFUSED,),
    ),
    Case(
        "infusion_after_end",
        "infusions",
        {"dose_mg": "150", "weight_kg": "30"},
        {"infused_on": "2022-04-02"},
        {"infused_on": "2022-04-01"},
        "infused_on",
        "Follow-up ended on 2022-04-01 (ifx_stopped), but infliximab was infused on 2022-04-02.",
        given=(INFUSED, ended("ifx_stopped")),
    ),
    Case(
        "visit_after_end",
        "pcdai_visits",
        {"total": "30"},
        {"visited_on": "2022-04-02"},
        {"visited_on": "2022-04-01"},
        "visited_on",
        "Follow-up ended on 2022-04-01 (lost_to_follow_up), but there is a visit of 2022-04-02.",
        given=(ended("lost_to_follow_up"),),
    ),
    Case(
        "records_after_death",
        "pcdai_visits",
        {"total": "30"},
        {"visited_on": "2022-04-02"},
        {"visited_on": "2022-04-01"},
        "visited_on",
        "The child died on 2022-04-01, but 1 record is later; the first is of 2022-04-02 in "
        "pcdai_visit.",
        given=(ended("died"),),
    ),
    drug_of_the_dead(
        "drug_open_after_death",
        {"started_on": "2022-03-01"},
        {"started_on": "2022-03-01", "stopped_on": "2022-04-01"},
        "stopped_on",
        "The child died on 2022-04-01, but azathioprine from 2022-03-01 has no end.",
    ),
    drug_of_the_dead(
        "drug_stopped_after_death",
        {"started_on": "2022-03-01", "stopped_on": "2022-04-02"},
        {"started_on": "2022-03-01", "stopped_on": "2022-04-01"},
        "stopped_on",
        "The child died on 2022-04-01, but azathioprine from 2022-03-01 ends on 2022-04-02.",
    ),
    drug_of_the_dead(
        "drug_begun_after_death",
        {"started_on": "2022-04-02"},
        {"started_on": "2022-04-01"},
        "started_on",
        "The child died on 2022-04-01, but azathioprine begins on 2022-04-02.",
    ),
)
