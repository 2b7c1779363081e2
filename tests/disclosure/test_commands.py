"""`--disclosure publish` of the commands, on the study's cohort: nobody is told of, and it is
said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from registry.database.engine import Database
from tests.programs import Program

PUBLISH = ("--disclosure", "publish")
CHILD_LISTS = (("status",), ("explain", "P023"), ("export", "analysis_set", "--to"))


def published(program: Program, study: Database, *command: str) -> dict[str, Any]:
    found: dict[str, Any] = program(
        study, "analyse", *command, *PUBLISH, "--format", "json"
    ).document
    assert found["disclosure"]["limit"] == 5
    assert found["disclosure"]["changes"][0] in found["notes"]
    return found


def test_the_flow_hides_reasons_of_few_children(program: Program, shared_study: Database) -> None:
    flow = published(program, shared_study, "flow")
    shown = {one["reason"]: one for one in flow["excluded"]}
    hidden = [one for one in shown.values() if one["n"] is None]
    assert len(hidden) == 6
    assert all(one["suppressed"] for one in hidden)
    assert (shown["primary_non_response"]["n"], flow["started"], flow["eligible"]) == (5, 85, 69)


def test_table_1_hides_a_level_with_what_would_give_it_back(
    program: Program, shared_study: Database
) -> None:
    rows = {row["id"]: row for row in published(program, shared_study, "table1")["rows"]}
    assert [rows[one]["n"] for one in ("B1", "B2", "B3", "B2B3")] == [43, 16, None, None]
    # Three have no CDEIS: neither they nor a percentage of the others may tell so.
    assert rows["cdeis_mild"] == {
        "id": "cdeis_mild", "label": "CDEIS 3 to <9, mild", "n": 19, "percent": None,
        "known": None, "missing": None, "suppressed": True,
    }  # fmt: skip


def test_a_median_is_of_those_around_it(program: Program, shared_study: Database) -> None:
    """35 of 69 would be one child's; the 33rd to the 37th are five children's."""
    with shared_study.engine.connect() as connection:
        ages = connection.execute(
            text(
                "select duration_before_start_months from analytics.baseline "
                "where definition = 'paper' order by 1"
            )
        ).scalars()
        middle = [float(age) for age in ages][32:37]
    rows = published(program, shared_study, "table1")["rows"]
    [told] = [row for row in rows if row["id"] == "duration_before_ifx_mo"]
    assert told["median"] == round(sum(middle) / 5, 2)
    assert "values" not in told


def test_table_2_tells_a_covariate_whole_or_not_at_all(
    program: Program, shared_study: Database
) -> None:
    rows = {row["covariate"]: row for row in published(program, shared_study, "table2")["rows"]}
    assert rows["sex_female"]["events_true"] == 7
    assert "suppressed" not in rows["sex_female"]
    young = rows["veo_cd"]
    # Two of six with early onset lost response: how many they are may be told, how many lost not.
    assert (young["n_true"], young["n_false"], young["missing"]) == (6, 63, 0)
    assert [young[key] for key in ("events_true", "events_false", "chi2", "p")] == [None] * 4


def test_a_curve_is_in_steps_of_several_children(
    program: Program, shared_study: Database, tmp_path: Path
) -> None:
    from registry.cli.analyse.analyses import BY_NAME
    from registry.cli.analyse.data import Data
    from registry.cli.analyse.publication import plan_for
    from registry.disclosure.level import Level

    analysis = BY_NAME["km"]
    with shared_study.engine.connect() as connection:
        data = Data(lambda: (connection, "paper"))
        plan = plan_for(data, Level.PUBLISH)
        full = analysis.published(analysis.run(data, by="sex_female"), plan, full=True)
    for group in full["groups"]:
        curve = group["curve"]
        for leaving in (curve["events"], curve["censored"]):
            assert min(n for n in leaving if n) >= 5
        assert sum(curve["events"]) == group["events"]
        assert sum(curve["events"]) + sum(curve["censored"]) == group["n"]
    document = published(program, shared_study, "km", "--by", "sex_female")
    assert "curve" not in document["groups"][0]
    stem = tmp_path / "km"
    drawn = program(shared_study, "analyse", "km", *PUBLISH, "--figure", str(stem))
    assert drawn.status == 0
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
    program: Program, shared_study: Database, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    assert program(shared_study, "report", "--out", str(page), *PUBLISH).status == 0
    written = page.read_text(encoding="utf-8")
    assert "[c]" in written
    assert "figure-levels" not in written
