"""Which roles a login was granted, for which centres, and of which centre a child is."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, Index, Text
from sqlalchemy import text as sql

from registry.models.base import AUDIT, REFERENCE, Base, column


class LoginRole(Base):
    """One row per login and role that `registry role grant` gave it."""

    __tablename__ = "login_role"
    __table_args__ = (
        {
            "schema": REFERENCE,
            "comment": "One row per login of the server and role that it was granted",
        },
    )

    login = column(Text, primary_key=True, comment="name of the login on the server")
    role = column(Text, primary_key=True, comment="name of the group role")
    centres = column(
        ARRAY(Text),
        server_default=sql("'{}'"),
        comment="centres whose children it sees; of registry_entry",
    )


class ChildCentre(Base):
    """One row per study id that was ever given; written by triggers alone."""

    __tablename__ = "child_centre"
    __table_args__ = (
        Index(None, "centre"),
        {
            "schema": AUDIT,
            "comment": "One row per study id ever given: the centre by which its rows are shown",
        },
    )

    patient_id = column(
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="number of the patient in the registry",
    )
    centre = column(Text, nullable=True, comment="centre of the child, or the last one it had")
    login = column(Text, nullable=True, comment="who gave the study id, while it has no child yet")
