"""The clinical tables, each declared once: what it is called, what names a record, where it shows.

A table's columns are declared where they are mapped, in `registry/models`; whatever else anybody
tells of it stands here, and each teller reads it: the commands of single records with their help
and completion, files, templates and exports, a patient's screen and course, the worklist. Nothing
heavy is imported, since help lists the commands from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from registry.words import note


class OnCourse(NamedTuple):
    """How a record is drawn on a patient's course: one letter, the shape of a figure, its words.

    `words` have columns as `{places}`; `legend` explains the letter.
    """

    sign: str
    shape: str
    words: str
    legend: str


class ClinicalTable(NamedTuple):
    """All that is told of one clinical table but its columns.

    `file` is the import file without its ending, `command` the group of its commands, `holds` their
    help and `examples` an example of each verb; they follow each other: what is added is amended,
    then voided. `key` names the columns that with the patient name a record to people; `dates` are
    held to the birth, the first dates the record; `dates_past` date it too once they are not in the
    future. A record `is_contact` when the child was seen or heard of on its day, and `is_released`
    when others may need it for research. `heading` is that
    of its section on a patient's screen (none: the screen draws it above the sections), `told` the
    line of a record there, in parts: one with an empty place is left out, `{column|words}` says
    words for an empty one. Without `told` the screen has a table or a sentence of its own for it.
    `on_course` is None where a record is no single event of the course.
    """

    name: str
    file: str
    command: str
    holds: str
    key: tuple[str, ...]
    dates: tuple[str, ...]
    examples: Mapping[str, str]
    dates_past: tuple[str, ...] = ()
    is_contact: bool = True
    is_released: bool = True
    heading: str = ""
    told: tuple[str, ...] = ()
    on_course: OnCourse | None = None


# Patients first: everything else refers to them. The order is that of files, sheets and commands.
CLINICAL_TABLES = (
    ClinicalTable(
        name="patient",
        file="patients",
        command="patient",
        holds="Children of the registry.",
        key=(),
        dates=("onset_on", "diagnosed_on"),
        examples={
            "add": "P900 --centre BCH --sex female --birth-date 2012-05-03 --onset-on 2019-08 "
            "--diagnosis CD",
            "list": "--limit 5",
            "show": "P023",
            "amend": "P900 --diagnosed-on 2019-09-12 --reason 'letter of the clinic'",
            "void": "P900 --with-records --reason 'entered twice'",
        },
    ),
    ClinicalTable(
        name="phenotype",
        file="phenotypes",
        command="phenotype",
        holds="Paris classifications.",
        key=("assessed_on",),
        dates=("assessed_on",),
        heading=note("Phenotype"),
        examples={
            "add": "P900 --assessed-on 2019-09-12 --location L3 --behaviour B1 --perianal no",
            "list": "P023",
            "show": "P900 2019-09-12",
            "amend": "P900 2019-09-12 --growth G0 --reason 'growth chart seen'",
            "void": "P900 2019-09-12 --reason 'another child'",
        },
    ),
    ClinicalTable(
        name="anthropometry",
        file="anthropometry",
        command="anthropometry",
        holds="Heights and weights.",
        key=("measured_on",),
        dates=("measured_on",),
        heading=note("Growth"),
        examples={
            "add": "P900 --measured-on 2019-10-01 --height-cm 124.5 --weight-kg 23.8",
            "list": "P023",
            "show": "P900 2019-10-01",
            "amend": "P900 2019-10-01 --weight-kg 24.1 --reason 'misread'",
            "void": "P900 2019-10-01 --reason 'another child'",
        },
    ),
    ClinicalTable(
        name="infusion",
        file="infusions",
        command="infusion",
        holds="Infusions of infliximab.",
        key=("infused_on",),
        dates=("infused_on",),
        heading=note("Infusions"),
        examples={
            "add": "P900 --infused-on 2019-10-01 --dose-mg 120 --weight-kg 23.8",
            "list": "P023 --from 2019-01-01",
            "show": "P900 2019-10-01",
            "amend": "P900 2019-10-01 --dose-mg 140 --reason 'typed wrong'",
            "void": "P900 2019-10-01 --reason 'not given'",
        },
    ),
    ClinicalTable(
        name="tdm_level",
        file="tdm_levels",
        command="tdm",
        holds="Drug levels and antibodies.",
        key=("sampled_on", "assay"),
        dates=("sampled_on",),
        heading=note("Drug levels"),
        examples={
            "add": "P900 --sampled-on 2020-01-07 --ifx-ug-ml '<0.4' --assay ELISA",
            "list": "P023",
            "show": "P900 2020-01-07",
            "amend": "P900 2020-01-07 ELISA --ada-au-ml 35 --reason 'antibodies reported later'",
            "void": "P900 2020-01-07 --reason 'sample mixed up'",
        },
    ),
    ClinicalTable(
        name="pcdai_visit",
        file="pcdai_visits",
        command="pcdai",
        holds="PCDAI visits.",
        key=("visited_on",),
        dates=("visited_on",),
        examples={
            "add": "P900 --visited-on 2019-10-01 --total 37.5",
            "list": "P023",
            "show": "P900 2019-10-01",
            "amend": "P900 2019-10-01 --total 35 --reason 'items counted again'",
            "void": "P900 2019-10-01 --reason 'another child'",
        },
    ),
    ClinicalTable(
        name="lab_result",
        file="lab_results",
        command="lab",
        holds="Laboratory values.",
        key=("collected_on", "analyte"),
        dates=("collected_on",),
        heading=note("Last laboratory values"),
        examples={
            "add": "P900 --collected-on 2019-10-01 --analyte CRP --value 48 --unit mg/L",
            "list": "P023 --from 2019-01-01",
            "show": "P900 2019-10-01 CRP",
            "amend": "P900 2019-10-01 CRP --value 4.8 --unit mg/dL --reason 'unit of the letter'",
            "void": "P900 2019-10-01 CRP --reason 'haemolysed'",
        },
    ),
    ClinicalTable(
        name="medication",
        file="medications",
        command="medication",
        holds="Courses of other drugs.",
        key=("drug", "started_on"),
        dates=("started_on",),
        dates_past=("stopped_on",),
        heading=note("Other drugs"),
        examples={
            "add": "P900 --drug azathioprine --started-on 2019-10-01",
            "list": "P023",
            "show": "P900 azathioprine 2019-10-01",
            "amend": "P900 azathioprine 2019-10-01 --stopped-on 2020-03-01 --reason 'stopped'",
            "void": "P900 azathioprine 2019-10-01 --reason 'never taken'",
        },
    ),
    ClinicalTable(
        name="endoscopy",
        file="endoscopies",
        command="endoscopy",
        holds="Endoscopies.",
        key=("performed_on",),
        dates=("performed_on",),
        heading=note("Endoscopy"),
        told=("{performed_on}  CDEIS {cdeis}",),
        on_course=OnCourse("E", "diamond", note("endoscopy, CDEIS {cdeis}"), note("E endoscopy")),
        examples={
            "add": "P900 --performed-on 2019-09-12 --cdeis 14",
            "list": "P023",
            "show": "P900 2019-09-12",
            "amend": "P900 2019-09-12 --cdeis 13 --reason 'scored again'",
            "void": "P900 2019-09-12 --reason 'another child'",
        },
    ),
    ClinicalTable(
        name="surgery",
        file="surgeries",
        command="surgery",
        holds="Operations.",
        key=("performed_on", "procedure"),
        dates=("performed_on",),
        heading=note("Surgery"),
        told=("{performed_on}  {procedure}",),
        on_course=OnCourse("S", "down", note("surgery: {procedure}"), note("S surgery")),
        examples={
            "add": "P900 --performed-on 2020-02-02 --procedure 'ileocaecal resection'",
            "list": "P023",
            "show": "P900 2020-02-02",
            "amend": "P900 2020-02-02 --performed-on 2020-02-03 --reason 'operation note'",
            "void": "P900 2020-02-03 --reason 'another child'",
        },
    ),
    ClinicalTable(
        name="gene_finding",
        file="gene_findings",
        command="gene",
        holds="Gene findings.",
        key=("gene", "hgvs_c"),
        dates=("reported_on",),
        heading=note("Genes"),
        examples={
            "add": "P900 --gene IL10RA --hgvs-c c.301C>T --hgvs-p p.R101W --zygosity homozygous",
            "list": "",
            "show": "P900 IL10RA",
            "amend": "P900 IL10RA --acmg-class pathogenic --reason 'report amended'",
            "void": "P900 IL10RA --reason 'sample mixed up'",
        },
    ),
    ClinicalTable(
        name="condition",
        file="conditions",
        command="condition",
        holds="Contraindications and comorbidities.",
        key=("condition", "onset_on"),
        dates=("onset_on",),
        heading=note("Conditions"),
        told=("{onset_on} - {resolved_on|unresolved}  {condition}",),
        examples={
            "add": "P900 --condition severe_infection --onset-on 2019-07-01 "
            "--resolved-on 2019-07-20",
            "list": "P023",
            "show": "P900 severe_infection 2019-07-01",
            "amend": "P900 severe_infection 2019-07-01 --resolved-on 2019-07-25 --reason 'letter'",
            "void": "P900 severe_infection 2019-07-01 --reason 'another child'",
        },
    ),
    ClinicalTable(
        name="adverse_event",
        file="adverse_events",
        command="adverse-event",
        holds="Adverse events.",
        key=("started_on", "term"),
        dates=("started_on",),
        heading=note("Adverse events"),
        told=(
            "{started_on} - {resolved_on|unresolved}  {term}, {severity}",
            ", {serious}",
        ),
        on_course=OnCourse("A", "up", note("adverse event: {term}"), note("A adverse event")),
        examples={
            "add": "P900 --started-on 2020-01-08 --term 'infusion related reaction' "
            "--severity moderate --serious no",
            "list": "P023",
            "show": "P900 2020-01-08",
            "amend": "P900 2020-01-08 --resolved-on 2020-01-09 --reason 'letter'",
            "void": "P900 2020-01-08 --reason 'another child'",
        },
    ),
    ClinicalTable(
        name="consent",
        file="consents",
        command="consent",
        holds="Consents of families, by what they allow.",
        key=("scope", "signed_on", "given_by"),
        dates=("signed_on",),
        is_contact=False,
        is_released=False,
        heading=note("Consents"),
        told=(
            "{signed_on}  {scope}, {given_by}",
            ", form {form_version}",
            ", until {valid_until}",
            ", withdrawn on {withdrawn_on}",
        ),
        examples={
            "add": "P900 --scope research --signed-on 2019-09-12 --given-by parent_or_guardian "
            "--form-version 3",
            "list": "P023",
            "show": "P900 research 2019-09-12 parent_or_guardian",
            "amend": "P900 research 2019-09-12 parent_or_guardian --valid-until 2030-05-03 "
            "--reason 'as the form says'",
            "void": "P900 research 2019-09-12 parent_or_guardian --reason 'another child'",
        },
    ),
    ClinicalTable(
        name="follow_up_end",
        file="follow_up_ends",
        command="follow-up",
        holds="Ends of follow-up.",
        key=(),
        dates=("ended_on",),
        is_contact=False,
        heading=note("End of follow-up"),
        told=("{ended_on}  {reason}", ": {note}"),
        on_course=OnCourse("X", "square", note("end: {reason}"), note("X end of follow-up")),
        examples={
            "add": "P900 --ended-on 2021-06-30 --reason transferred_to_adult_care",
            "list": "P023",
            "show": "P900",
            "amend": "P900 --ended-on 2021-07-01 --reason 'date of the letter'",
            "void": "P900 --reason 'came back'",
        },
    ),
)

BY_NAME = {table.name: table for table in CLINICAL_TABLES}
BY_FILE = {table.file: table for table in CLINICAL_TABLES}
BY_COMMAND = {table.command: table for table in CLINICAL_TABLES}
