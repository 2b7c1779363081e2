"""The growth reference as WHO prints it by month, month 24 lying and standing.

What was there before took the day before a month is complete from WHO's tables by day, and had
month 24 standing only.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

DATA = Path(__file__).parents[1] / "data"
ROWS = """
insert into reference.growth_reference
select * from jsonb_populate_recordset(
    cast(null as reference.growth_reference), cast(:rows as jsonb))
"""


def fill(name: str) -> None:
    """Puts the rows of a file in the place of those that are there."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        rows = json.dumps(list(csv.DictReader(file)))
    op.execute("delete from reference.growth_reference")
    op.get_bind().execute(sa.text(ROWS), {"rows": rows})


def key(*columns: str) -> None:
    """Makes these the primary key."""
    op.drop_constraint("pk_growth_reference", "growth_reference", schema="reference")
    op.create_primary_key(
        "pk_growth_reference", "growth_reference", list(columns), schema="reference"
    )


def upgrade() -> None:
    op.execute("alter table reference.growth_reference add position text not null default 'any'")
    op.execute("alter table reference.growth_reference alter position drop default")
    key("measure", "sex", "position", "month")
    fill("growth_reference.csv")


def downgrade() -> None:
    op.execute("delete from reference.growth_reference where position = 'lying' and month = 24")
    key("measure", "sex", "month")
    op.execute("alter table reference.growth_reference drop position")
    fill("0003_growth_reference.csv")
