"""What a gene finding and a measurement are answered with."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, text

from registry.entry.answers.answer import Answer
from tests.entry.children import add, add_child, answered, on, text_of

XIAP = {"gene": "XIAP", "hgvs_c": "c.664C>T", "hgvs_p": "p.R222X", "zygosity": "hemizygous"}


def found(connection: Connection, sex: str = "male", **values: Any) -> Answer:
    patient = add_child(connection, sex=sex)
    record = add(connection, "gene_finding", patient, **XIAP | values)
    return answered(connection, "gene_finding", patient, record)


def test_the_studys_findings_are_in_order(database: Connection) -> None:
    first = found(database)
    assert first.warnings == []
    assert first.to_json() == {
        "gene": "XIAP",
        "chromosome": "X",
        "hgvs_c": "c.664C>T",
        "hgvs_p": "p.(Arg222Ter)",
        "codon": 222,
    }
    assert text_of(first, "hgvs_p") == "p.(Arg222Ter), entered as p.R222X"
    patient = add_child(database, "E002")
    values = {"gene": "FOXP3", "hgvs_c": "c.758T>C", "hgvs_p": "p.L253P"}
    record = add(database, "gene_finding", patient, zygosity="hemizygous", **values)
    second = answered(database, "gene_finding", patient, record)
    assert second.warnings == []
    assert second.to_json()["hgvs_p"] == "p.(Leu253Pro)"


@pytest.mark.parametrize(
    ("dna", "protein", "warned"),
    [
        ("c.664C>T", "p.R222X", False),
        ("c.666A>T", "p.R222X", False),
        ("c.663C>T", "p.R222X", True),
        ("c.667C>T", "p.R222X", True),
        ("NM_001167.4:c.664C>T", "NP_001158.2:p.(Arg222Ter)", False),
        ("NM_001167.4(XIAP):c.661C>T", "p.R222X", True),
        # In an intron, outside the coding part, no substitution: nothing to hold together.
        ("c.664+1G>A", "p.R300X", False),
        ("c.-14G>C", "p.R300X", False),
        ("c.*46T>A", "p.R300X", False),
        ("c.664del", "p.R300fs", False),
        ("c.664C>T", None, False),
        ("c.664C>T", "p.?", False),
    ],
)
def test_the_codon_is_held_to_the_protein(
    database: Connection, dna: str, protein: str | None, warned: bool
) -> None:
    warnings = found(database, hgvs_c=dna, hgvs_p=protein).warnings
    assert bool(warnings) is warned
    if warned:
        assert "but p.(Arg222Ter) names codon 222" in warnings[0].replace(protein or "", "")


@pytest.mark.parametrize(
    ("sex", "gene", "zygosity", "warnings"),
    [
        ("male", "XIAP", "hemizygous", []),
        ("female", "XIAP", "hemizygous", ["Hemizygous, but the patient is not male."]),
        ("female", "XIAP", "heterozygous", []),
        ("male", "IL10RA", "hemizygous", ["Hemizygous, but IL10RA lies on chromosome 11."]),
        ("male", "IL10RA", "homozygous", []),
        (
            "male",
            "FOXP3",
            "homozygous",
            [
                "FOXP3 lies on the X, of which a male has one: homozygous would be hemizygous.",
            ],
        ),
        ("male", "FOXP3", "unknown", []),
        # A gene that the registry does not know is on no chromosome that speaks against it.
        ("male", "ABC1", "hemizygous", []),
        ("female", "ABC1", "hemizygous", ["Hemizygous, but the patient is not male."]),
        ("male", "TTC37", "homozygous", ["TTC37 is now SKIC3."]),
        ("male", "xiap", "hemizygous", ["xiap is now XIAP."]),
    ],
)
def test_zygosity_sex_and_chromosome(
    database: Connection, sex: str, gene: str, zygosity: str, warnings: list[str]
) -> None:
    assert found(database, sex, gene=gene, zygosity=zygosity).warnings == warnings


def test_an_unknown_gene_says_that_its_chromosome_is_not_known(database: Connection) -> None:
    answer = found(database, gene="ABC1")
    assert answer.to_json()["chromosome"] is None
    assert text_of(answer, "chromosome") == "not known for this gene: zygosity is not held to it"


def test_base_by_three_is_the_codon(database: Connection) -> None:
    """Every place of every codon, against arithmetic."""
    for codon in (1, 2, 99, 100, 3000):
        for place in range(3):
            dna = f"c.{codon * 3 - place}C>T"
            read = database.execute(
                text("select rules.codon_of(:dna), rules.protein_position(:protein)"),
                {"dna": dna, "protein": f"p.(Arg{codon}Ter)"},
            ).one()
            assert tuple(read) == (codon, codon)


def measured(connection: Connection, **values: Any) -> Answer:
    """A boy of ten years, 120 months of 30.4375 days."""
    patient = add_child(connection, birth=date(2010, 1, 6))
    record = add(connection, "anthropometry", patient, measured_on=on(0), **values)
    return answered(connection, "anthropometry", patient, record)


def test_z_scores_of_height_weight_and_bmi(database: Connection) -> None:
    """WHO 2007 at 120 months: medians 137.7795 cm, 31.1586 kg, 16.4433 kg/m2."""
    told = measured(database, height_cm=Decimal("137.8"), weight_kg=Decimal("31.2"))
    scores = told.to_json()
    assert told.warnings == []
    assert all(abs(scores[key]) < 0.02 for key in ("height_z", "weight_z", "bmi_z"))
    assert scores["bmi"] == 16.43
    assert (scores["height_z_source"], scores["bmi_z_source"]) == ("computed", "computed")
    assert text_of(told, "weight_z").endswith("(computed, WHO)")


@pytest.mark.parametrize(
    ("entered", "warned"), [("0.5", False), ("-0.49", False), ("0.52", True), ("-0.53", True)]
)
def test_an_entered_score_wins_and_is_pointed_out_when_far(
    database: Connection, entered: str, warned: bool
) -> None:
    told = measured(database, height_cm=Decimal("137.8"), height_z=Decimal(entered))
    assert told.to_json()["height_z"] == float(entered)
    assert text_of(told, "height_z").endswith("(entered)")
    assert bool(told.warnings) is warned
    if warned:
        assert told.warnings[0].startswith(f"The entered Z-score of height, {entered}, is 0.5")


def test_a_score_alone_is_enough(database: Connection) -> None:
    told = measured(database, bmi_z=Decimal("-1.2"))
    assert told.to_json()["bmi_z"] == -1.2
    assert told.to_json()["height_z"] is None
    assert text_of(told, "height_z") == "none"
    assert told.warnings == []


def test_what_cannot_be_is_pointed_out(database: Connection) -> None:
    told = measured(database, height_cm=Decimal("90"), weight_kg=Decimal("31"))
    assert [warning.split(" is ")[0].split(" for ")[1] for warning in told.warnings] == [
        "height",
        "BMI",
    ]
    patient = add_child(database, "E002", birth=date(2010, 1, 6))
    add(database, "anthropometry", patient, measured_on=on(0), height_cm=140)
    record = add(database, "anthropometry", patient, measured_on=on(30), height_cm=130)
    assert answered(database, "anthropometry", patient, record).warnings == [
        "130 cm on 2020-02-05 is less than 140 cm on 2020-01-06."
    ]
