"""Further units that laboratories report in, each with the exact factor to the analyte's own."""

from __future__ import annotations

from decimal import Decimal

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# (analyte, unit, own unit, factor)
UNITS = (
    ("CRP", "ug/mL", "mg/L", "1"),
    ("WBC", "/uL", "10^9/L", "0.001"),
    ("HCT", "L/L", "%", "100"),
    ("PLT", "/uL", "10^9/L", "0.001"),
    ("PLT", "10^4/uL", "10^9/L", "10"),
    ("FCAL", "mg/kg", "ug/g", "1"),
)

UNIT = "unit in ('mg/L', 'mg/dL', {}'mm/h', '10^9/L', {}'g/L', 'g/dL', '%', {}'ug/g'{})"
PAIRS = (
    "(analyte, unit) in (('CRP', 'mg/L'), ('CRP', 'mg/dL'), {}('ESR', 'mm/h'), ('WBC', '10^9/L'), "
    "{}('HGB', 'g/L'), ('HGB', 'g/dL'), ('HCT', '%'), {}('PLT', '10^9/L'), {}('ALB', 'g/L'), "
    "('ALB', 'g/dL'), ('FCAL', 'ug/g'){})"
)


def constrain(unit: str, pairs: str) -> None:
    """Holds `lab_result` to these units, and each analyte to its own of them."""
    op.execute(
        "alter table clinical.lab_result drop constraint ck_lab_result_unit, "
        "drop constraint ck_lab_result_unit_of_analyte, "
        f"add constraint ck_lab_result_unit check ({unit}), "
        f"add constraint ck_lab_result_unit_of_analyte check ({pairs})"
    )


def upgrade() -> None:
    """Adds the units."""
    constrain(
        UNIT.format("'ug/mL', ", "'/uL', ", "'L/L', '10^4/uL', ", ", 'mg/kg'"),
        PAIRS.format(
            "('CRP', 'ug/mL'), ",
            "('WBC', '/uL'), ",
            "('HCT', 'L/L'), ",
            "('PLT', '/uL'), ('PLT', '10^4/uL'), ",
            ", ('FCAL', 'mg/kg')",
        ),
    )
    columns = ("analyte", "unit", "own_unit")
    op.bulk_insert(
        sa.table(
            "analyte_unit",
            *(sa.column(name) for name in columns),
            sa.column("factor", sa.Numeric),
            schema="reference",
        ),
        [
            {"analyte": analyte, "unit": unit, "own_unit": own, "factor": Decimal(factor)}
            for analyte, unit, own, factor in UNITS
        ],
    )


def downgrade() -> None:
    """Takes them away; a value in one of them is converted to the analyte's own unit."""
    listed = ", ".join(f"('{analyte}', '{unit}')" for analyte, unit, _own, _factor in UNITS)
    op.execute("select set_config('registry.reason', 'its unit is taken away', true)")
    op.execute(
        "update clinical.lab_result r "
        "set value = trim_scale(r.value * u.factor), unit = u.own_unit "
        "from reference.analyte_unit u where u.analyte = r.analyte and u.unit = r.unit "
        f"and (r.analyte, r.unit) in ({listed})"
    )
    op.execute(f"delete from reference.analyte_unit where (analyte, unit) in ({listed})")
    constrain(UNIT.format(*[""] * 4), PAIRS.format(*[""] * 5))
