"""The rules of what is measured: laboratory values, doses, weights, heights, scores."""

from __future__ import annotations

from tests.quality.case import Case, item, lab

LABORATORY = (
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
)

MEASURED = (
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
)
