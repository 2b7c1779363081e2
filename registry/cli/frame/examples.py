"""An example of every command of single records, as its help shows it; a test runs them all."""

from __future__ import annotations

# Group -> verb -> what stands after it. They follow each other: what is added is amended, then
# voided.
EXAMPLES = {
    "patient": {
        "add": "P900 --centre BCH --sex female --birth-date 2012-05-03 --onset-on 2019-08 "
        "--diagnosis CD",
        "list": "--limit 5",
        "show": "P023",
        "amend": "P900 --diagnosed-on 2019-09-12 --reason 'letter of the clinic'",
        "void": "P900 --with-records --reason 'entered twice'",
    },
    "phenotype": {
        "add": "P900 --assessed-on 2019-09-12 --location L3 --behaviour B1 --perianal no",
        "list": "P023",
        "show": "P900 2019-09-12",
        "amend": "P900 2019-09-12 --growth G0 --reason 'growth chart seen'",
        "void": "P900 2019-09-12 --reason 'another child'",
    },
    "anthropometry": {
        "add": "P900 --measured-on 2019-10-01 --height-cm 124.5 --weight-kg 23.8",
        "list": "P023",
        "show": "P900 2019-10-01",
        "amend": "P900 2019-10-01 --weight-kg 24.1 --reason 'misread'",
        "void": "P900 2019-10-01 --reason 'another child'",
    },
    "infusion": {
        "add": "P900 --infused-on 2019-10-01 --dose-mg 120 --weight-kg 23.8",
        "list": "P023 --from 2019-01-01",
        "show": "P900 2019-10-01",
        "amend": "P900 2019-10-01 --dose-mg 140 --reason 'typed wrong'",
        "void": "P900 2019-10-01 --reason 'not given'",
    },
    "tdm": {
        "add": "P900 --sampled-on 2020-01-07 --ifx-ug-ml '<0.4' --assay ELISA",
        "list": "P023",
        "show": "P900 2020-01-07",
        "amend": "P900 2020-01-07 ELISA --ada-au-ml 35 --reason 'antibodies reported later'",
        "void": "P900 2020-01-07 --reason 'sample mixed up'",
    },
    "pcdai": {
        "add": "P900 --visited-on 2019-10-01 --total 37.5",
        "list": "P023",
        "show": "P900 2019-10-01",
        "amend": "P900 2019-10-01 --total 35 --reason 'items counted again'",
        "void": "P900 2019-10-01 --reason 'another child'",
    },
    "lab": {
        "add": "P900 --collected-on 2019-10-01 --analyte CRP --value 48 --unit mg/L",
        "list": "P023 --from 2019-01-01",
        "show": "P900 2019-10-01 CRP",
        "amend": "P900 2019-10-01 CRP --value 4.8 --unit mg/dL --reason 'unit of the letter'",
        "void": "P900 2019-10-01 CRP --reason 'haemolysed'",
    },
    "medication": {
        "add": "P900 --drug azathioprine --started-on 2019-10-01",
        "list": "P023",
        "show": "P900 azathioprine 2019-10-01",
        "amend": "P900 azathioprine 2019-10-01 --stopped-on 2020-03-01 --reason 'stopped'",
        "void": "P900 azathioprine 2019-10-01 --reason 'never taken'",
    },
    "endoscopy": {
        "add": "P900 --performed-on 2019-09-12 --cdeis 14",
        "list": "P023",
        "show": "P900 2019-09-12",
        "amend": "P900 2019-09-12 --cdeis 13 --reason 'scored again'",
        "void": "P900 2019-09-12 --reason 'another child'",
    },
    "surgery": {
        "add": "P900 --performed-on 2020-02-02 --procedure 'ileocaecal resection'",
        "list": "P023",
        "show": "P900 2020-02-02",
        "amend": "P900 2020-02-02 --performed-on 2020-02-03 --reason 'operation note'",
        "void": "P900 2020-02-03 --reason 'another child'",
    },
    "gene": {
        "add": "P900 --gene IL10RA --hgvs-c c.301C>T --hgvs-p p.R101W --zygosity homozygous",
        "list": "",
        "show": "P900 IL10RA",
        "amend": "P900 IL10RA --acmg-class pathogenic --reason 'report amended'",
        "void": "P900 IL10RA --reason 'sample mixed up'",
    },
    "condition": {
        "add": "P900 --condition severe_infection --onset-on 2019-07-01 --resolved-on 2019-07-20",
        "list": "P023",
        "show": "P900 severe_infection 2019-07-01",
        "amend": "P900 severe_infection 2019-07-01 --resolved-on 2019-07-25 --reason 'letter'",
        "void": "P900 severe_infection 2019-07-01 --reason 'another child'",
    },
    "follow-up": {
        "add": "P900 --ended-on 2021-06-30 --reason transferred_to_adult_care",
        "list": "P023",
        "show": "P900",
        "amend": "P900 --ended-on 2021-07-01 --reason 'date of the letter'",
        "void": "P900 --reason 'came back'",
    },
}
