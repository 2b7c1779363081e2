"""Every number of the page's tables is that of the document, written as papers write it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from registry.cli.report.content import content_of
from registry.database.engine import Database
from registry.report import tdm_tables
from registry.report.page import page
from registry.report.preamble import Facts
from registry.report.telling import Content
from tests.analysis.test_imputation import imputed_cohort

from .reading import Element, read, rows_of

Tables = dict[str, Element]


def p(value: float) -> str:
    """As the study writes P values."""
    return "<0.001" if value < 0.001 else f"{value:.3f}" if value < 0.01 else f"{value:.2f}"


def test_flow(documents: dict[str, Any], tables: Tables) -> None:
    rows = {row[0]: row[1] for row in rows_of(tables["table-flow"])}
    assert rows["Registered"] == str(documents["flow"]["registered"]) == "85"
    assert rows["In the cohort"] == str(documents["flow"]["eligible"]) == "69"
    for one in documents["flow"]["excluded"]:
        assert rows[one["label"]] == str(one["n"])


def test_flow_diagram(documents: dict[str, Any], root: Element) -> None:
    drawn = next(one for one in root.all("figure") if one.attributes["id"] == "figure-flow")
    for size in drawn.all("svg"):
        words = " ".join(one.text for one in size.all("text"))
        assert "16 excluded" in words
        assert "69 in the cohort" in words
        assert "18 (26.1 %)" in words
        assert "51 (73.9 %)" in words
        assert "7 stopped infliximab" in words
        assert "5 regained response" in words


def test_table_1(documents: dict[str, Any], tables: Tables) -> None:
    shown = {row[0]: row[1] for row in rows_of(tables["table-table1"])}
    for row in documents["table1"]["rows"]:
        decimals = 2 if row["id"] in ("haz", "baz") else 1
        if "percent" in row:
            wanted = {f"{row['label']}, n (%)": f"{row['n']} ({row['percent']:.1f})"}
        elif "mean" in row:
            written = f"{row['mean']:.{decimals}f} ± {row['sd']:.{decimals}f}"
            wanted = {f"{row['label']}, mean ± SD": written}
        else:
            written = f"{row['median']:.1f} ({row['q1']:.1f} to {row['q3']:.1f})"
            wanted = {f"{row['label']}, median (quartiles)": written}
        assert wanted.items() <= shown.items()


def test_table_2(documents: dict[str, Any], tables: Tables) -> None:
    rows = rows_of(tables["table-table2"])
    assert len(rows) == 2 * len(documents["table2"]["rows"]) == 42
    for row, first, second in zip(documents["table2"]["rows"], rows[::2], rows[1::2], strict=True):
        lost = row["events_true"] + row["events_false"]
        kept = row["n_true"] + row["n_false"] - lost
        no_loss = row["n_false"] - row["events_false"]
        assert first[1] == f"{row['events_true']} ({100 * row['events_true'] / lost:.1f})"
        assert first[3:5] == [f"{row['chi2']:.3f}", p(row["p"])]
        assert second[0] == row["other_level"]
        assert second[2] == f"{no_loss} ({100 * no_loss / kept:.1f})"


def test_table_3_and_its_forest(documents: dict[str, Any], tables: Tables, root: Element) -> None:
    figure = next(one for one in root.all("figure") if one.attributes["id"] == "figure-cox")
    drawn = [[one.text for one in size.all("text")] for size in figure.all("svg")]
    for term, row in zip(documents["cox"]["terms"], rows_of(tables["table-cox"]), strict=True):
        assert row[0].startswith(term["label"])
        numbers = [f"{term[key]:.3f}" for key in ("coef", "se", "wald", "hr")]
        assert row[1:5] == numbers
        assert row[5] == f"{term['hr_lower']:.3f} to {term['hr_upper']:.3f}"
        assert row[6] == p(term["p"])
        words = f"{term['hr']:.2f} ({term['hr_lower']:.2f} to {term['hr_upper']:.2f})"
        assert all(words in texts for texts in drawn)


def test_curves(content: Content, tables: Tables) -> None:
    curves = {"km": content.documents["km"]} | {
        f"km{number}": one for number, one in enumerate(content.curves, start=1)
    }
    for name, document in curves.items():
        estimates = [one for group in document["groups"] for one in group["estimates"]]
        rows = rows_of(tables[f"table-{name}"])
        for one, row in zip(estimates, rows, strict=True):
            assert row[1:3] == [f"{one['at_months']:g}", str(one["at_risk"])]
            if one["cumulative_incidence"] is not None:
                assert row[3] == f"{100 * one['cumulative_incidence']:.1f}"


def test_numbers_at_risk_stand_under_the_curve(documents: dict[str, Any], root: Element) -> None:
    """Counted anew from the curve's own steps, at every tick."""
    curve = documents["km"]["groups"][0]["curve"]
    figure = next(one for one in root.all("figure") if one.attributes["id"] == "figure-km")
    readings = json.loads(figure.attributes["data-curves"])
    for size in figure.all("svg"):
        counted = [one for one in size.all("text") if "data-count" in one.attributes]
        assert counted
        for one in counted:
            what, _, month = one.attributes["data-count"].rsplit("-", 2)
            day = int(month) * 30.4375
            before = sum(
                e + c
                for d, e, c in zip(curve["days"], curve["events"], curve["censored"], strict=True)
                if d < day
            )
            wanted = {
                "at_risk": 69 - before,
                "events": sum(
                    n for d, n in zip(curve["days"], curve["events"], strict=True) if d <= day
                ),
                "censored": sum(
                    n for d, n in zip(curve["days"], curve["censored"], strict=True) if d <= day
                ),
            }
            assert one.text == str(wanted[what])
            # The last tick of the narrow drawing may lie behind the end of the axis.
            for told in readings[int(month) : int(month) + 1] if what == "at_risk" else ():
                assert told.endswith(f", at risk {wanted[what]}")
                shares = zip(curve["days"], curve["incidence"], strict=True)
                reached = max((share for at, share in shares if at <= day), default=0)
                assert f": {100 * reached:.1f} %" in told


def test_published_beside_sound(documents: dict[str, Any], tables: Tables, root: Element) -> None:
    rows = rows_of(tables["table-compare-published"])
    for one, row in zip(documents["compare-published"]["covariates"], rows, strict=True):
        for key, place in (("published", 1), ("sound", 4)):
            assert row[place] == f"{one[key]['hr']:.2f}"
            assert row[place + 2] == p(one[key]["p"])
    section = next(one for one in root.all("section") if one.attributes["id"] == "sound")
    for one in documents["compare-published"]["differences"]:
        assert " ".join(one["sentence"].split()) in section.text


def test_every_table_holds_the_cells_of_its_layout(
    content: Content, documents: dict[str, Any], tables: Tables
) -> None:
    for name in (
        "cuminc",
        "km_sound",
        "impute",
        "sensitivity",
        "outcomes",
        "mechanisms",
        "genes",
        "losses",
    ):
        made = (
            tdm_tables.mechanisms(documents["tdm"])
            if name == "mechanisms"
            else content.tellings[name].laid_out(documents[name])
        )
        assert made
        for number, laid_out in enumerate(made):
            table = tables[f"table-{name}-{number}" if number else f"table-{name}"]
            shown = [row[-len(laid_out.header) + 1 :] for row in rows_of(table)]
            assert shown == [[cell.strip() for cell in row[1:]] for row in laid_out.rows]


def test_what_was_imputed_stands_with_the_model_and_is_drawn(
    content: Content, facts: Facts
) -> None:
    document = imputed_cohort(60).to_json(details=True)
    made = replace(content, documents={**content.documents, "impute": document})
    [section] = [
        one for one in read(page(made, facts)).all("section") if one.attributes["id"] == "several"
    ]
    tables = {one.attributes["id"]: rows_of(one) for one in section.all("table")}
    assert [row[1] for row in tables["table-impute"]] == [
        f"{term['hr']:.2f}" for term in document["terms"]
    ]
    assert [row[1] for row in tables["table-impute-1"]] == [
        str(one["known"]) for one in document["covariates"]
    ]
    [figure] = [one for one in section.all("figure") if one.attributes["id"] == "figure-impute"]
    # Growth delay: a dot for each of four data sets and their mean, beside what the legend shows.
    assert all(len(size.all("circle")) == 6 for size in figure.all("svg"))


def test_drug_levels_are_all_drawn(documents: dict[str, Any], root: Element) -> None:
    figure = next(one for one in root.all("figure") if one.attributes["id"] == "figure-levels")
    for size in figure.all("svg"):
        assert len(size.all("circle")) == 34
    assert documents["levels"]["threshold"] == 5


MISSING_COUNT = """
select
    count(*),
    count(*) - count(b.cdeis),
    count(*) - count(b.crp),
    count(*) filter (where not exists (
        select from analytics.tdm_week14 t
        where t.definition = b.definition and t.patient_id = b.patient_id
    ))
from analytics.baseline b
where b.definition = :definition
"""


@pytest.mark.parametrize("definition", ["paper", "recommended"])
def test_what_is_missing_is_counted(shared_study: Database, definition: str) -> None:
    with shared_study.engine.connect() as connection:
        n, cdeis, crp, trough = connection.execute(
            text(MISSING_COUNT), {"definition": definition}
        ).one()
        rows = {
            row.variable: row
            for row in connection.execute(
                text("select * from analytics.missing_values where definition = :d"),
                {"d": definition},
            )
        }
    assert {row.patients for row in rows.values()} == {n}
    assert (rows["cdeis"].missing, rows["crp"].missing) == (cdeis, crp)
    assert rows["week14_trough"].missing == trough
    assert all(row.known + row.missing == n for row in rows.values())


def test_what_is_missing_is_shown(documents: dict[str, Any], tables: Tables) -> None:
    rows = {row[0]: row[1:] for row in rows_of(tables["table-missing"])}
    assert rows["CDEIS"] == ["66", "3", "4.3"]
    assert rows["Infliximab trough at week 14"] == ["34", "35", "50.7"]


def test_the_fingerprint_follows_the_data(study: Database, content: Content) -> None:
    with study.engine.begin() as connection:
        before = content_of(connection, "paper", curves_by=()).data_hash
        connection.execute(
            text(
                "update clinical.tdm_level set ifx_ug_ml = ifx_ug_ml + 0.01 where record_id ="
                " (select min(record_id) from clinical.tdm_level where ifx_ug_ml is not null)"
            )
        )
        after = content_of(connection, "paper", curves_by=()).data_hash
    assert before == content.data_hash
    assert after != before
