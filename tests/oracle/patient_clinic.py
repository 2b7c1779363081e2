"""Random laboratory values, growth, phenotype, drugs, conditions, levels and the other records."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from .draft import CUTS, Draft, decimals, weighted
from .records import Measured, certain_stop

# Analyte -> its own unit, a unit ten times as large, its cut-off or a usual value.
ANALYTES: dict[str, tuple[str, str | None, Decimal]] = {
    "CRP": ("mg/L", "mg/dL", Decimal(12)),
    "ESR": ("mm/h", None, Decimal(20)),
    "WBC": ("10^9/L", None, Decimal(10)),
    "HGB": ("g/L", "g/dL", Decimal(110)),
    "HCT": ("%", None, Decimal(35)),
    "PLT": ("10^9/L", None, Decimal(400)),
    "ALB": ("g/L", "g/dL", Decimal(35)),
    "FCAL": ("ug/g", None, Decimal(250)),
}

IMMUNOMODULATORS = ("azathioprine", "mercaptopurine", "methotrexate")
GLUCOCORTICOIDS = (
    "prednisone",
    "prednisolone",
    "methylprednisolone",
    "budesonide",
    "hydrocortisone",
)
BIOLOGICS = (
    "adalimumab",
    "certolizumab",
    "golimumab",
    "vedolizumab",
    "ustekinumab",
    "risankizumab",
)
SMALL_MOLECULES = ("tofacitinib", "upadacitinib")
CONTRAINDICATIONS = ("severe_infection", "active_tuberculosis", "lymphoma", "malignancy")


def add_labs(draft: Draft) -> None:
    """Values at the cut-off and beside it, censored on either side, in either unit."""
    rng = draft.rng
    for analyte, (own, tenfold, limit) in ANALYTES.items():
        count = weighted(rng, [(10, 0), (55, 1), (35, 3)])
        for _ in range(count):
            number = rng.choice((-31, -30, -29, -14, -2, -2, -1, -1, 0, 0, 1))
            off = rng.choice(decimals("-5", "-2", "-0.1", "0", "0", "0.1", "2", "5"))
            value, unit = limit + off, own
            if tenfold is not None and rng.random() < 0.3:
                value, unit = value / 10, tenfold
            comparator = weighted(rng, [(70, None), (15, "<"), (15, ">")])
            draft.add(
                "lab_results",
                collected_on=draft.day(number),
                analyte=analyte,
                value=Measured(comparator, value),
                unit=unit,
            )


def add_anthropometry(draft: Draft) -> None:
    """Rows with a Z-score, with what one is computed from, with half of that, and later rows."""
    rng = draft.rng
    age_years = Decimal((draft.start_on - draft.birth_date).days) / 365
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        number = rng.choice((-31, -30, -30, -29, -7, -1, 0, 0, 1, 100))
        height = (Decimal(76) + 6 * age_years).quantize(Decimal("0.1"))
        # Beyond the third curve on either side, too, where the scores are made in another way.
        tenths = weighted(rng, [(6, (120, 230)), (2, (105, 125)), (2, (260, 380))])
        bmi = Decimal(rng.randrange(*tenths)) / 10
        weight = (bmi * height * height / 10000).quantize(Decimal("0.1"))
        bmi_z = rng.choice(decimals("-1", "-1", "-1.01", "-0.99", "-3.2", "0.4", "1.7"))
        form = weighted(rng, [(60, "z"), (20, "no z"), (10, "height"), (10, "z alone")])
        draft.add(
            "anthropometry",
            measured_on=draft.day(number),
            height_cm=height if form != "z alone" else None,
            weight_kg=weight if form in {"z", "no z"} else None,
            height_z=Decimal("-0.7") if form == "z" else None,
            bmi_z=bmi_z if form.startswith("z") else None,
        )


def add_phenotypes(draft: Draft) -> None:
    """Assessments before, on and after t0, any field of which may be empty."""
    rng = draft.rng
    for _ in range(weighted(rng, [(6, 0), (60, 1), (34, 3)])):
        draft.add(
            "phenotypes",
            assessed_on=draft.day(rng.choice((-700, -60, -31, -1, -1, 0, 0, 0, 1, 200))),
            location=rng.choice(("L1", "L2", "L2", "L3", "none", None)),
            upper_gi=rng.choice((None, None, None, "L4a", "L4b", "L4ab")),
            behaviour=rng.choice(("B1", "B1", "B2", "B3", "B2B3", None)),
            perianal=rng.choice((True, True, False, False, None)),
            growth=rng.choice(("G0", "G0", "G1", "G1", None)),
        )


def add_course(draft: Draft, drug: str, started_on: date, stopped_on: date | str | None) -> None:
    """A course of a drug, unless it meets another of the same drug: stop and start may touch."""
    course = {"started_on": started_on, "stopped_on": stopped_on}
    for other in draft.records["medications"]:
        if other["drug"] != drug:
            continue
        stop, other_stop = certain_stop(course), certain_stop(other)
        begins_after = other_stop is not None and started_on >= other_stop
        ends_before = stop is not None and stop <= other["started_on"]
        if not begins_after and not ends_before:
            return
    draft.add("medications", drug=drug, started_on=started_on, stopped_on=stopped_on)


def add_courses_around(draft: Draft, drugs: tuple[str, ...], days: tuple[int, ...]) -> None:
    """One or more courses of a class whose days on it come to one of the given numbers."""
    rng = draft.rng
    first, second = rng.sample(drugs, 2)
    wanted = rng.choice(days)
    begin = rng.choice((0, 1, 30, 98))
    end = min([*(row["ended_on"] for row in draft.records["follow_up_ends"]), CUTS[0]])
    before = draft.day(-rng.choice((1, 90, 400)))
    form = rng.randrange(14)
    if form >= 12:  # stopped on a day of which no more is known than a year, or nothing
        start = rng.choice((before, draft.start_on, draft.day(begin)))
        known = (f"{start:%Y}", f"{start:%Y-%m}", f"{draft.day(begin + wanted):%Y-%m}")
        add_course(draft, first, start, rng.choice((*known, "unknown", "unknown")))
    elif form == 0:  # stopped on t0, and begun on it
        add_course(draft, first, before, draft.start_on)
        add_course(draft, second, draft.start_on, draft.start_on)
    elif form == 1:  # one day into the treatment
        add_course(draft, first, before, draft.day(1))
    elif form == 2:  # begun before, stopped on the wanted day
        add_course(draft, first, before, draft.day(wanted))
    elif form == 3:  # open, from before or after t0
        add_course(draft, first, rng.choice((before, draft.day(begin))), None)
    elif form == 4:  # of no length, between t0 and the end
        add_course(draft, first, draft.day(begin), draft.day(begin))
    elif form == 5:  # two drugs whose courses overlap, together the wanted days
        half = wanted // 2
        add_course(draft, first, draft.day(begin), draft.day(begin + half + 5))
        add_course(draft, second, draft.day(begin + half - 5), draft.day(begin + wanted))
    elif form == 6:  # one drug in two courses that touch
        add_course(draft, first, draft.day(begin), draft.day(begin + 40))
        add_course(draft, first, draft.day(begin + 40), draft.day(begin + wanted))
    elif form == 7:  # up to the end of observation or beyond it
        add_course(draft, first, end - timedelta(days=wanted), rng.choice((end, None)))
    elif form == 8:  # begun on the last day, or after it
        add_course(draft, first, end + timedelta(days=rng.choice((0, 1))), None)
    elif form == 9:  # one course within another of the class
        add_course(draft, first, draft.day(begin), draft.day(begin + wanted))
        add_course(draft, second, draft.day(begin + 2), draft.day(begin + 20))
    elif form == 10:  # two courses apart
        add_course(draft, first, draft.day(begin), draft.day(begin + 50))
        add_course(draft, first, draft.day(begin + 60), draft.day(begin + 10 + wanted))
    else:
        add_course(draft, first, draft.day(begin), draft.day(begin + wanted))


def add_medications(draft: Draft) -> None:
    rng = draft.rng
    if draft.chance(0.5):
        add_courses_around(draft, IMMUNOMODULATORS, (182, 183, 184, 184, 300, 90))
    if draft.chance(0.4):
        add_courses_around(draft, GLUCOCORTICOIDS, (60, 84, 183))
    before = draft.day(-rng.choice((1, 1, 200)))
    if "prior_biologic" in draft.troubles:
        stopped_on = rng.choice((None, before, draft.start_on, "unknown"))
        add_course(draft, rng.choice(BIOLOGICS), before, stopped_on)
    if draft.chance(0.12):
        later = draft.day(rng.choice((0, 0, 1, 300)))
        add_course(draft, rng.choice(BIOLOGICS), later, None)
    if draft.chance(0.08):
        add_course(draft, rng.choice(SMALL_MOLECULES), before, None)
    if draft.chance(0.3):
        drug = rng.choice(("EEN", "mesalazine", "thalidomide"))
        add_course(draft, drug, before, draft.day(rng.choice((0, 40, 400))))


def add_conditions(draft: Draft) -> None:
    """Contraindications that exclude, and those over the day before t0 or begun the day after."""
    rng = draft.rng
    before = draft.day(-rng.choice((1, 30, 30, 300)))
    serious = rng.choice(CONTRAINDICATIONS)
    if "contraindication" in draft.troubles:
        onset_on, resolved_on = rng.choice(
            (
                (before, None),
                (before, draft.start_on),
                (before, draft.day(rng.choice((1, 60)))),
                (draft.start_on, None),
                (draft.start_on, draft.start_on),
            )
        )
        draft.add("conditions", condition=serious, onset_on=onset_on, resolved_on=resolved_on)
    if draft.chance(0.08):
        onset_on, resolved_on = draft.day(-60), draft.day(-1)
        draft.add("conditions", condition=serious, onset_on=onset_on, resolved_on=resolved_on)
    if draft.chance(0.05):
        draft.add("conditions", condition=serious, onset_on=draft.day(1), resolved_on=None)
    if draft.chance(0.08):
        draft.add("conditions", condition="other", onset_on=draft.day(-90), resolved_on=None)


def add_levels(draft: Draft) -> None:
    """Levels around infusion 4 and later ones, some censored, some by two assays on one day."""
    rng = draft.rng
    days = []
    if draft.chance(0.6):
        off = rng.choice((-3, -2, -2, -1, 0, 0, 1))
        days.append(draft.fourth_on() + timedelta(days=off))
        if draft.chance(0.3):
            days.extend(draft.fourth_on() + timedelta(days=off) for off in (-2, 0))
    if draft.chance(0.3):
        days.append(draft.day(rng.randrange(120, 900)))
    for on in days:
        assays = rng.choice((["ELISA"], ["ELISA"], [None], ["ELISA", "ECLIA"], ["ECLIA", None]))
        for assay in assays:
            number = rng.choice(decimals("0.4", "2.13", "4.99", "5", "12.7", "31"))
            level = Measured(weighted(rng, [(80, None), (15, "<"), (5, ">")]), number)
            antibodies = Measured(rng.choice((None, "<")), rng.choice(decimals("10", "44", "104")))
            draft.add(
                "tdm_levels",
                sampled_on=on,
                ifx_ug_ml=level if rng.random() < 0.9 else None,
                ada_au_ml=antibodies if rng.random() < 0.8 else None,
                assay=assay,
            )


def add_rare_records(draft: Draft) -> None:
    """Records on which no rule of the cohort rests, so that no table is always empty."""
    rng = draft.rng
    if draft.chance(0.3):
        cdeis = rng.choice([*decimals("0", "2.9", "3", "9", "12", "44"), None])
        draft.add("endoscopies", performed_on=draft.day(-rng.randrange(60)), cdeis=cdeis)
    if draft.chance(0.1):
        on = draft.day(rng.choice((-200, -1, 0, 30)))
        draft.add("surgeries", performed_on=on, procedure=rng.choice(("fistulotomy", "colectomy")))
    if draft.chance(0.03):
        male = draft.records["patients"][0]["sex"] == "male"
        draft.add(
            "gene_findings",
            reported_on=draft.day(rng.randrange(900)) if rng.random() < 0.7 else None,
            gene="XIAP",
            hgvs_c="c.664C>T",
            hgvs_p=rng.choice(("p.R222X", "p.Arg222Ter", None)),
            zygosity="hemizygous" if male else "heterozygous",
            acmg_class="pathogenic",
            diagnosis=None,
        )


def add_clinic(draft: Draft) -> None:
    """Everything but the person, the infusions, the visits and the end of follow-up."""
    add_labs(draft)
    add_anthropometry(draft)
    add_phenotypes(draft)
    add_medications(draft)
    add_conditions(draft)
    add_levels(draft)
    add_rare_records(draft)
