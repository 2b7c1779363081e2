"""Writes the rows that cox.R reads: `python cox_rows.py HOME FILE` with a registry's home.

The study: `registry demo` makes the home. The synthetic cohort, whose file stands beside this one:
`registry synth --patients 700 --seed 4`, imported and derived. A row per patient and stretch of
days at risk without a change, under the definition `paper`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from registry.database.engine import open_database
from registry.settings import Settings

QUERY = """
select e.patient_id, s.centre, e.start_day as start, e.stop_day as stop, e.event,
    s.entry_days as entry, s.time_days as time, s.event::integer as lost,
    a.bmi_z_low::integer, a.growth_delay::integer,
    a.response_without_remission::integer as response,
    a.sex_female::integer as female, a.im_over_6_months::integer as im_fixed,
    e.im_over_6_months::integer as im, e.glucocorticoid::integer
from analytics.exposure e
join analytics.survival s using (definition, patient_id)
join analytics.analysis_set a using (definition, patient_id)
where e.definition = 'paper' and e.at_risk
order by e.patient_id, e.start_day
"""


def main() -> None:
    home, out = Path(sys.argv[1]), Path(sys.argv[2])
    settings = Settings.read(home=home, database_url=None, user="golden")
    with open_database(settings) as database, database.engine.connect() as connection:
        rows = pd.DataFrame(connection.exec_driver_sql(QUERY).mappings().all())
    held = ["patient_id", "im", "glucocorticoid"]
    part = (rows[held] != rows[held].shift()).any(axis=1).cumsum()
    kept = rows.groupby(part).agg("last")
    kept["start"] = rows.groupby(part)["start"].first()
    kept["event"] = rows.groupby(part)["event"].max()
    names = {one: f"S{number}" for number, one in enumerate(kept["patient_id"].unique(), 1)}
    kept["patient_id"] = kept["patient_id"].map(names)
    kept.astype("object").to_csv(out, index=False)


main()
