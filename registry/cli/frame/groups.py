"""The command groups of single records."""

from __future__ import annotations

# Command -> the table's import file and what it holds.
GROUPS = {
    "patient": ("patients", "Children of the registry."),
    "phenotype": ("phenotypes", "Paris classifications."),
    "anthropometry": ("anthropometry", "Heights and weights."),
    "infusion": ("infusions", "Infusions of infliximab."),
    "tdm": ("tdm_levels", "Drug levels and antibodies."),
    "pcdai": ("pcdai_visits", "PCDAI visits."),
    "lab": ("lab_results", "Laboratory values."),
    "medication": ("medications", "Courses of other drugs."),
    "endoscopy": ("endoscopies", "Endoscopies."),
    "surgery": ("surgeries", "Operations."),
    "gene": ("gene_findings", "Gene findings."),
    "condition": ("conditions", "Contraindications and comorbidities."),
    "follow-up": ("follow_up_ends", "Ends of follow-up."),
}
