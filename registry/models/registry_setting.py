"""What holds for the whole registry: one row, a column a setting."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, ForeignKeyConstraint, Integer, Text
from sqlalchemy import text as sql

from registry.models.base import REFERENCE, Base, Declared, column
from registry.models.hub import HOSPITAL_CODE
from registry.variables import SETTINGS


def _number(name: str, default: int, comment: str) -> Declared:
    least, most = SETTINGS[name]
    return column(
        Integer,
        CheckConstraint(f"{name} between {least} and {most}", name=name),
        server_default=sql(str(default)),
        comment=comment,
    )


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
    smallest_group = _number(
        "smallest_group",
        5,
        "so many children at least are alike wherever something leaves the centre",
    )
    is_demo = column(
        Boolean,
        server_default=sql("false"),
        comment="whether this is the demo's registry: synthetic data",
    )
    disclosure = column(
        Text, server_default="none", comment="for whom results are made unless told otherwise"
    )
    study_rounds = _number(
        "study_rounds", 20, "a study over several hospitals is answered in at most so many rounds"
    )
    studies_of_definition = _number(
        "studies_of_definition", 5, "so many studies over one definition are answered at most"
    )
    wrong_passwords = _number(
        "wrong_passwords",
        5,
        "after so many wrong passwords in a row nobody signs as that person for a while",
    )
    password_wait_minutes = _number(
        "password_wait_minutes", 15, "for so many minutes after the last of them"
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
