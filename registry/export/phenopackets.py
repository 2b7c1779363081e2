"""Writes a phenopacket (GA4GH, version 2) of every child with a gene finding.

It says what was found, how it is read and since when the child is ill, by age; no date of the child
and no place. A gene has its HGNC number where the table of codes has one, else its symbol.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from registry import __version__
from registry.export.leaving import Leaving, Row
from registry.models import FollowUpEnd, GeneFinding, Patient
from registry.vocabulary import DIAGNOSIS_MEANINGS

_RESOURCES = (
    ("mondo", "Mondo Disease Ontology", "http://purl.obolibrary.org/obo/mondo.owl", "MONDO"),
    ("geno", "Genotype Ontology", "http://purl.obolibrary.org/obo/geno.owl", "GENO"),
    ("hgnc", "HUGO Gene Nomenclature Committee", "https://www.genenames.org", "HGNC"),
    ("ncbitaxon", "NCBI organismal classification",
     "http://purl.obolibrary.org/obo/ncbitaxon.owl", "NCBITaxon"),
    ("crohn-registry", "Names of the Crohn registry", "urn:crohn-registry:", "CrohnRegistry"),
)  # fmt: skip
_ACMG = {
    "pathogenic": "PATHOGENIC",
    "likely_pathogenic": "LIKELY_PATHOGENIC",
    "uncertain": "UNCERTAIN_SIGNIFICANCE",
    "likely_benign": "LIKELY_BENIGN",
    "benign": "BENIGN",
}


def write_phenopackets(leaving: Leaving, part: Path) -> tuple[int, dict[str, int]]:
    """Fills the folder with `<study id>.json`; children and findings of each file."""
    findings = leaving.by_child(GeneFinding)
    ends = leaving.by_child(FollowUpEnd)
    created = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    rows = {}
    for child in leaving.records(Patient):
        found = findings.get(child["patient_id"])
        if found:
            packet = _packet(leaving, child, found, ends.get(child["patient_id"], []), created)
            name = f"{child['study_id']}.json"
            (part / name).write_text(
                json.dumps(packet, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
            )
            rows[name] = len(found)
    return len(rows), rows


def _packet(
    leaving: Leaving, child: Row, found: list[Row], ends: list[Row], created: str
) -> dict[str, Any]:
    died = any(end["reason"] == "died" for end in ends)
    disease = _term(leaving, "diagnosis", child["diagnosis"], "MONDO")
    onset = _age(child, "onset_on")
    return {
        "id": child["study_id"],
        "subject": {
            "id": child["study_id"],
            "sex": child["sex"].upper(),
            **({"vitalStatus": {"status": "DECEASED"}} if died else {}),
            "taxonomy": {"id": "NCBITaxon:9606", "label": "Homo sapiens"},
        },
        "interpretations": list(_interpretations(leaving, child, found, disease)),
        "diseases": [
            {"term": disease, **({"onset": {"age": {"iso8601duration": onset}}} if onset else {})}
        ],
        "metaData": {
            "created": created,
            "createdBy": f"crohn-registry {__version__}",
            "resources": [
                {"id": id_, "name": name, "url": url, "version": "not stated",
                 "namespacePrefix": prefix, "iriPrefix": url}
                for id_, name, url, prefix in _RESOURCES
            ],
            "phenopacketSchemaVersion": "2.0",
        },
    }  # fmt: skip


def _interpretations(
    leaving: Leaving, child: Row, found: list[Row], disease: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """One a finding: each may have led to a diagnosis of its own."""
    for row in found:
        named = row["diagnosis"]
        yield {
            "id": f"{child['study_id']}-{row['record_id']}",
            "progressStatus": "SOLVED" if _status(row) == "CAUSATIVE" else "UNKNOWN_PROGRESS",
            "diagnosis": {
                "disease": {"id": "CrohnRegistry:monogenic", "label": named} if named else disease,
                "genomicInterpretations": [
                    {
                        "subjectOrBiosampleId": child["study_id"],
                        "interpretationStatus": _status(row),
                        "variantInterpretation": {
                            "acmgPathogenicityClassification": _ACMG.get(
                                row["acmg_class"], "NOT_PROVIDED"
                            ),
                            "variationDescriptor": _variation(leaving, child, row),
                        },
                    }
                ],
            },
        }


def _status(row: Row) -> str:
    """What a finding is to the disease: the cause where a monogenic one was recorded with it."""
    if row["acmg_class"] in ("benign", "likely_benign"):
        return "REJECTED"
    if row["diagnosis"] and row["acmg_class"] in ("pathogenic", "likely_pathogenic"):
        return "CAUSATIVE"
    return "CANDIDATE" if row["acmg_class"] else "UNKNOWN_STATUS"


def _variation(leaving: Leaving, child: Row, row: Row) -> dict[str, Any]:
    gene = leaving.coder.one("gene", row["gene"], "HGNC")
    protein = row["hgvs_p_normalised"] or row["hgvs_p"]
    expressions = [{"syntax": "hgvs.c", "value": row["hgvs_c"]}]
    if protein:
        expressions.append({"syntax": "hgvs.p", "value": protein})
    zygosity = row["zygosity"]
    return {
        "id": f"{child['study_id']}-variant-{row['record_id']}",
        "geneContext": {
            "valueId": gene.code if gene else f"hgnc.symbol:{row['gene']}",
            "symbol": row["gene"],
        },
        "expressions": expressions,
        "moleculeContext": "transcript",
        **({"allelicState": _term(leaving, "zygosity", zygosity, "GENO")} if zygosity else {}),
    }


def _term(leaving: Leaving, kind: str, name: str, system: str) -> dict[str, str]:
    code = leaving.coder.one(kind, name, system)
    if code is None:
        return {"id": f"CrohnRegistry:{name}", "label": DIAGNOSIS_MEANINGS.get(name, name)}
    return {"id": code.code, "label": code.display}


def _age(child: Row, column: str) -> str | None:
    """Completed years, and months where the month is known, as ISO 8601 has a duration."""
    day: date | None = child[column]
    if day is None:
        return None
    born: date = child["birth_date"]
    months = (day.year - born.year) * 12 + day.month - born.month
    if child[f"{column}_precision"] == "year":
        return f"P{max(day.year - born.year, 0)}Y"
    if child[f"{column}_precision"] == "day" and day.day < born.day:
        months -= 1
    years, rest = divmod(max(months, 0), 12)
    return f"P{years}Y{rest}M"
