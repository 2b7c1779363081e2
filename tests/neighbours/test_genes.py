"""Phenopackets of the standard's own form, and the common data elements for rare diseases."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from google.protobuf.json_format import Parse
from phenopackets.schema.v2.core.interpretation_pb2 import (
    AcmgPathogenicityClassification,
    GenomicInterpretation,
)
from phenopackets.schema.v2.phenopackets_pb2 import Phenopacket

from tests.neighbours.conftest import DEAD, LEAVING, NO_GENES, WHOLE, Export


def packets_of(folder: Path) -> dict[str, Phenopacket]:
    """Id -> packet; a field that the standard does not have is refused."""
    found = [
        Parse(file.read_text(encoding="utf-8"), Phenopacket()) for file in folder.glob("*.json")
    ]
    return {packet.id: packet for packet in found}


def test_findings_leave_as_phenopackets(export: Export) -> None:
    outcome, folder = export("phenopackets")
    assert outcome.status == 0, outcome
    packets = packets_of(folder)
    # Who withdrew genetics has no packet, though the other records may leave.
    assert packets.keys() == {WHOLE, DEAD} == LEAVING - {NO_GENES}
    whole = packets[WHOLE]
    assert whole.subject.sex == 2
    assert whole.diseases[0].term.id == "MONDO:0005011"
    assert whole.diseases[0].onset.age.iso8601duration == "P8Y2M"
    assert packets[DEAD].diseases[0].onset.age.iso8601duration == "P8Y"
    assert packets[DEAD].subject.vital_status.status == 2
    read = {}
    for one in whole.interpretations:
        (genomic,) = one.diagnosis.genomic_interpretations
        variant = genomic.variant_interpretation
        described = variant.variation_descriptor
        read[described.gene_context.symbol] = (
            GenomicInterpretation.InterpretationStatus.Name(genomic.interpretation_status),
            AcmgPathogenicityClassification.Name(variant.acmg_pathogenicity_classification),
            described.gene_context.value_id,
            [expression.value for expression in described.expressions],
            described.allelic_state.id,
            one.diagnosis.disease.label,
        )
    assert read == {
        "XIAP": ("CAUSATIVE", "PATHOGENIC", "hgnc.symbol:XIAP",
                 ["c.664C>T", "p.(Arg222Ter)"], "GENO:0000134", "XLP2"),
        "FOXP3": ("UNKNOWN_STATUS", "NOT_PROVIDED", "HGNC:6106",
                  ["c.758T>C"], "", "Crohn disease"),
    }  # fmt: skip
    # A packet of a child tells ages, no days.
    assert "2010" not in (folder / f"{WHOLE}.json").read_text()


def test_the_sixteen_elements_of_a_child(export: Export) -> None:
    outcome, folder = export("rare-disease")
    assert outcome.status == 0, outcome
    with (folder / "common_data_elements.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["pseudonym"]: row for row in csv.DictReader(file)}
    assert rows.keys() == LEAVING
    assert rows[WHOLE] == {
        "pseudonym": WHOLE, "date_of_birth": "2010-01-15", "sex": "male",
        "patient_status": "alive", "date_of_death": "", "first_contact": "2018-06-01",
        "age_at_onset": "~8", "age_at_diagnosis": "8",
        "diagnosis": "ORPHA:206 NON RARE IN EUROPE: Crohn disease",
        "genetic_diagnosis": "FOXP3 c.758T>C; XIAP c.664C>T", "undiagnosed_case": "no",
        "agreement_to_be_contacted": "", "consent_to_reuse": "yes",
        "biological_sample": "", "link_to_biobank": "", "functioning": "",
    }  # fmt: skip
    dead = rows[DEAD]
    assert (dead["patient_status"], dead["date_of_death"]) == ("dead", "2021-05-05")
    assert dead["diagnosis"] == "ICD-10 K51 Ulcerative colitis"
    assert rows[NO_GENES]["genetic_diagnosis"] == ""
    about = json.loads((folder / "elements.json").read_text())
    assert [one["column"] for one in about] == list(rows[WHOLE])
    assert len(about) == 16
