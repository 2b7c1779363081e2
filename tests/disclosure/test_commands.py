"""`--disclosure publish` of the commands, on the study's cohort: nobody is told of, and it is
said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from registry.cli.analyse.data import Data
from registry.database.engine import Database
from registry.disclosure.audience import Audience
from registry.report.telling import Content
from tests.programs import Program

PUBLISH = ("--disclosure", "publish")
CHILD_LISTS = (("status",), ("explain", "P023"), ("export", "analysis_set", "--to"))


def document_of(content: Content, name: str) -> dict[str, Any]:
    found = content.documents[name]
    assert not isinstance(found, str), found
    return dict(found)


def test_a_command_tells_what_a_report_does(
    program: Program, shared_study: Database, published_study: Content
) -> None:
    told = program(shared_study, "analyse", "flow", *PUBLISH, "--format", "json").document
    assert told["disclosure"]["limit"] == 5
    assert told["disclosure"]["changes"][0] in told["notes"]
    assert told == json.loads(json.dumps(published_study.documents["flow"]))


def test_the_flow_hides_reasons_of_few_children(published_study: Content) -> None:
    flow = document_of(published_study, "flow")
    shown = {one["reason"]: one for one in flow["excluded"]}
    hidden = [one for one in shown.values() if one["n"] is None]
    assert len(hidden) == 6
    assert all(one["suppressed"] for one in hidden)
    assert (shown["primary_non_response"]["n"], flow["started"], flow["eligible"]) == (5, 85, 69)


def test_table_1_hides_a_level_with_what_would_give_it_back(published_study: Content) -> None:
    rows = {row["id"]: row for row in document_of(published_study, "table1")["rows"]}
    assert [rows[one]["n"] for one in ("B1", "B2", "B3", "B2B3")] == [43, 16, None, None]
    # Three have no CDEIS: neither they nor a percentage of the others may tell so.
    assert rows["cdeis_mild"] == {
        "id": "cdeis_mild", "label": "CDEIS 3 to <9, mild", "n": 19, "percent": None,
        "known": None, "missing": None, "suppressed": True,
    }  # fmt: skip
    missing = {row["variable"]: row for row in document_of(published_study, "missing")["rows"]}
    assert missing["cdeis"]["missing"] is None
    assert missing["cdeis"]["percent"] is None
    assert (missing["sex"]["missing"], missing["week14_trough"]["missing"]) == (0, 35)


def test_a_median_is_of_those_around_it(study_data: Data, published_study: Content) -> None:
    """35 of 69 would be one child's; the 33rd to the 37th are five children's."""
    ages = sorted(study_data.view("baseline")["duration_before_start_months"].astype(float))
    rows = document_of(published_study, "table1")["rows"]
    [told] = [row for row in rows if row["id"] == "duration_before_ifx_mo"]
    assert told["median"] == round(sum(ages[32:37]) / 5, 2)
    assert told["values"] is None


def test_table_2_tells_a_covariate_whole_or_not_at_all(published_study: Content) -> None:
    rows = {row["covariate"]: row for row in document_of(published_study, "table2")["rows"]}
    assert rows["sex_female"]["events_true"] == 7
    assert "suppressed" not in rows["sex_female"]
    young = rows["veo_cd"]
    # Two of six with early onset lost response: how many they are may be told, how many lost not.
    assert (young["n_true"], young["n_false"], young["missing"]) == (6, 63, 0)
    assert [young[key] for key in ("events_true", "events_false", "chi2", "p")] == [None] * 4


def test_a_curve_is_in_steps_of_several_children(published_study: Content) -> None:
    for group in document_of(published_study, "km")["groups"]:
        curve = group["curve"]
        for leaving in (curve["events"], curve["censored"]):
            assert min(n for n in leaving if n) >= 5
        assert sum(curve["events"]) == group["events"] == 18
        assert sum(curve["events"]) + sum(curve["censored"]) == group["n"] == 69


def test_competing_events_of_few_are_told_together(published_study: Content) -> None:
    """Of 69 lost 18 response, 23 stopped, 4 were transferred and none died; 24 were censored."""
    [group] = document_of(published_study, "cuminc")["groups"]
    assert [(one["cause"], one["events"]) for one in group["causes"]] == [
        ("loss_of_response", 18), ("other", 27),
    ]  # fmt: skip
    assert group["censored"] == 24
    curve = group["curve"]
    for leaving in (*curve["causes"], curve["censored"]):
        assert min(n for n in leaving if n) >= 5
    # Who is at risk is who has not left in a step before.
    left = 0
    for n, *leaving in zip(curve["at_risk"], *curve["causes"], curve["censored"], strict=True):
        assert n == 69 - left
        left += sum(leaving)


def test_of_drug_levels_several_children_are_told(published_study: Content) -> None:
    """Of 18 losses six have a trough; a quartile of 34 has too few, a mechanism of eight too."""
    levels = document_of(published_study, "tdm")
    assert [group["n"] for group in levels["groups"]] == [6, 28]
    assert levels["quartiles"] is None
    assert levels["levels"] is levels["roc"]["points"] is levels["roc"]["youden"] is None
    assert [row["n"] for row in levels["mechanisms"]["rows"]] == [10, None, None]
    rows = {row["id"]: row for row in levels["measured"]["rows"]}
    assert (rows["sex_female"]["measured"]["n"], rows["sex_female"]["not_measured"]["n"]) == (
        12,
        16,
    )
    assert rows["veo_cd"]["measured"]["n"] is rows["veo_cd"]["p"] is None


def test_a_published_figure_says_why_its_curve_is_coarse(
    program: Program, shared_study: Database, tmp_path: Path
) -> None:
    stem = tmp_path / "km"
    drawn = program(shared_study, "analyse", "km", *PUBLISH, "--figure", str(stem))
    assert drawn.status == 0
    assert "steps of at least 5 losses" in " ".join(drawn.out.split())
    assert stem.with_suffix(".svg").stat().st_size > 0


def test_curves_by_a_covariate_of_few_are_refused_with_the_cure(
    program: Program, shared_study: Database
) -> None:
    said = program(shared_study, "analyse", "km", "--by", "veo_cd", *PUBLISH).refused(4)
    assert "VEO-CD" in said
    assert "--disclosure none" in said


@pytest.mark.parametrize("command", CHILD_LISTS, ids=lambda command: command[0])
def test_lists_of_children_are_refused_with_the_cure(
    program: Program, shared_study: Database, command: tuple[str, ...], tmp_path: Path
) -> None:
    file = (str(tmp_path / "out.csv"),) if command[-1] == "--to" else ()
    said = program(shared_study, *command, *file, *PUBLISH).refused(1)
    assert "registry release create" in said
    assert not list(tmp_path.iterdir())


def test_the_default_is_a_setting_kept_with_who_and_why(program: Program, study: Database) -> None:
    made = program(study, "disclosure", "--format", "json").document
    assert made == {"level": "none", "limit": 5, "rounds": 20, "studies": 5}
    program(study, "disclosure", "publish", "--limit", "8", "--reason", "to the network")
    flow = program(study, "analyse", "flow", "--format", "json").document
    assert flow["disclosure"]["limit"] == 8
    assert program(study, "status").status == 1
    assert program(study, "status", "--disclosure", "none").status == 0
    with study.engine.connect() as connection:
        kept = connection.execute(
            text("select reason, summary from reference.change_set order by change_id desc limit 1")
        ).one()
    assert kept.reason == "to the network"
    assert kept.summary == "disclosure: level none, now publish; limit 5, now 8"


def test_a_report_leaves_out_what_tells_of_single_children(
    program: Program,
    shared_study: Database,
    published_study: Content,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Audience] = []

    def content(*_: Any, audience: Audience, **__: Any) -> Content:
        asked.append(audience)
        return published_study

    monkeypatch.setattr("registry.cli.report.content.content_of", content)
    page = tmp_path / "report.html"
    assert program(shared_study, "report", "--out", str(page), *PUBLISH).status == 0
    assert asked == [Audience.PUBLISH]
    written = page.read_text(encoding="utf-8")
    assert "[c]" in written
    assert "figure-levels" not in written
    assert "figure-roc" not in written
    # Under each figure of curves, and once under their tables.
    assert written.count("a curve of few losses has a step or two") > 1
    assert "are of single children: those never leave" in written
