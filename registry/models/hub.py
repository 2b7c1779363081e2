"""Records on their way to a hub: as they leave a hospital, and as they lie there until gathered."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, DateTime, PrimaryKeyConstraint, Text, func
from sqlalchemy.dialects.postgresql import JSONB

from registry.models.base import DERIVED, Base, column

HOSPITAL_CODE = "^[A-Z][A-Z0-9]{1,9}$"
# Why a child is not sent any more. Who is `gone` was voided or joined with another.
WHY_LEFT = ("erased", "withdrawn", "gone")


class HubRecord(Base):
    """One row per record as a file spells it, under the number that its own registry gave it."""

    __tablename__ = "hub_record"
    __table_args__ = (
        PrimaryKeyConstraint("hospital", "file", "record"),
        CheckConstraint(f"hospital ~ '{HOSPITAL_CODE}'", name="hospital"),
        {
            "schema": DERIVED,
            "comment": "One row per record that is sent to a hub, or came from one",
        },
    )

    hospital = column(Text, comment="code of the hospital whose record it is")
    file = column(Text, comment="table, by the name of its import file")
    record = column(
        BigInteger, comment="number of the record in the hospital's registry; a child's own number"
    )
    number = column(BigInteger, comment="number of the child in the hospital's registry")
    study_id = column(Text, comment="study id in the hospital's registry")
    cells = column(JSONB, comment="the columns of the import file but free text, as it spells them")


class HubLeaving(Base):
    """One row per child who was sent to a hub and is not any more, without a value of the child."""

    __tablename__ = "hub_leaving"
    __table_args__ = (
        PrimaryKeyConstraint("hospital", "number"),
        CheckConstraint(f"why in ({', '.join(map(repr, WHY_LEFT))})", name="why"),
        {"schema": DERIVED, "comment": "One row per child who is not sent to a hub any more"},
    )

    hospital = column(Text, comment="code of the hospital")
    number = column(BigInteger, comment="number of the child in the hospital's registry")
    why = column(
        Text, comment="erased; withdrawn: consent to share; gone: voided or joined with another"
    )
    left_at = column(DateTime(timezone=True), server_default=func.now(), comment="since when")


class HubChild(Base):
    """One row per child whom a hub has gathered: whose number of which hospital is whose here."""

    __tablename__ = "hub_child"
    __table_args__ = (
        PrimaryKeyConstraint("hospital", "number"),
        {"schema": DERIVED, "comment": "One row per child that a hub has from a hospital"},
    )

    hospital = column(Text, comment="code of the hospital")
    number = column(BigInteger, comment="number of the child in the hospital's registry")
    here = column(BigInteger, comment="number of the child in this registry", unique=True)
