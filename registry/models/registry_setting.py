"""What holds for the whole registry: one row, a column a setting."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, ForeignKeyConstraint, Integer, Text
from sqlalchemy import text as sql

from registry.models.base import REFERENCE, Base, column
from registry.models.hub import HOSPITAL_CODE


class RegistrySetting(Base):
    """The one row of settings of this registry; a change of it is kept in `change_set`."""

    __tablename__ = "registry_setting"
    __table_args__ = (
        CheckConstraint("only_row", name="only_row"),
        CheckConstraint("disclosure in ('none', 'publish')", name="disclosure"),
        ForeignKeyConstraint(["default_definition"], ["reference.definition.name"]),
        {"schema": REFERENCE, "comment": "What holds for the whole registry, in one row"},
    )

    only_row = column(
        Boolean, primary_key=True, server_default=sql("true"), comment="there is one row"
    )
    default_definition = column(
        Text, comment="the definition that every command holds to unless told another"
    )
    smallest_group = column(
        Integer,
        CheckConstraint("smallest_group between 2 and 1000", name="smallest_group"),
        server_default=sql("5"),
        comment="so many children at least are alike wherever something leaves the centre",
    )
    is_demo = column(
        Boolean,
        server_default=sql("false"),
        comment="whether this is the demo's registry: synthetic data",
    )
    disclosure = column(
        Text, server_default="none", comment="for whom results are made unless told otherwise"
    )
    study_rounds = column(
        Integer,
        CheckConstraint("study_rounds between 1 and 100", name="study_rounds"),
        server_default=sql("20"),
        comment="a study over several hospitals is answered in at most so many rounds",
    )
    studies_of_definition = column(
        Integer,
        CheckConstraint("studies_of_definition between 1 and 1000", name="studies_of_definition"),
        server_default=sql("5"),
        comment="so many studies over one definition are answered at most",
    )
    wrong_passwords = column(
        Integer,
        CheckConstraint("wrong_passwords between 1 and 100", name="wrong_passwords"),
        server_default=sql("5"),
        comment="after so many wrong passwords in a row nobody signs as that person for a while",
    )
    password_wait_minutes = column(
        Integer,
        CheckConstraint("password_wait_minutes between 1 and 1440", name="password_wait_minutes"),
        server_default=sql("15"),
        comment="for so many minutes after the last of them",
    )
    identities_apart = column(
        Boolean,
        server_default=sql("false"),
        comment="whether the identities are kept in another database",
    )
    hub_hospital = column(
        Text,
        CheckConstraint(f"hub_hospital ~ '{HOSPITAL_CODE}'", name="hub_hospital"),
        nullable=True,
        comment="code under which records are sent to a hub; empty where none are",
    )
