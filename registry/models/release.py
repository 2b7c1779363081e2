"""Releases: de-identified data that left the centre, to whom, and the ids of their children."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import DateTime

from registry.database.frozen import NAME
from registry.models.base import DERIVED, REFERENCE, Base, column

# Why records of a child are given to nobody -> the view of those children.
WITHDRAWN_BY = {
    "no_research_consent": "rules.withdrawn_use",
    "no_sharing_consent": "rules.withdrawn_sharing",
}
# Why a child is not in a release, in the order in which it is asked.
LEFT_OUT = ("no_infliximab", *WITHDRAWN_BY, "too_few_alike")


def _of_a_release() -> ForeignKeyConstraint:
    # A release is written down when its files are whole, in the same transaction.
    return ForeignKeyConstraint(
        ["release"], ["reference.data_release.name"], deferrable=True, initially="DEFERRED"
    )


class Release(Base):
    """One row per release; it stays when the release is dropped, so no name is used twice."""

    __tablename__ = "data_release"
    __table_args__ = (
        CheckConstraint(f"name ~ '^{NAME.pattern}$'", name="name"),
        CheckConstraint(f"series ~ '^{NAME.pattern}$'", name="series"),
        ForeignKeyConstraint(["freeze_name"], ["reference.data_freeze.name"]),
        {"schema": REFERENCE, "comment": "One row per release of de-identified data"},
    )

    name = column(Text, primary_key=True, comment="name of the release")
    freeze_name = column(
        Text, nullable=True, comment="the freeze whose data it has; empty for those of the moment"
    )
    as_of = column(DateTime(timezone=True), comment="the moment whose data it has")
    recipient = column(Text, nullable=True, comment="who received it")
    smallest_group = column(
        Integer, comment="so many children at least share what could find one of them"
    )
    content = column(
        JSONB, comment="its files with their SHA-256 and rows, and how alike the children are"
    )
    program_version = column(Text, comment="version of the program")
    dropped = column(Boolean, comment="whether its ids are gone")
    series = column(
        Text,
        nullable=True,
        comment="releases among which a child keeps its id; empty where it has one of its own",
    )


class ReleaseChild(Base):
    """One row per release and child in it, until the child is erased or the release dropped."""

    __tablename__ = "release_child"
    __table_args__ = (
        PrimaryKeyConstraint("patient_id", "release"),
        UniqueConstraint("release", "child_id"),
        _of_a_release(),
        {"schema": DERIVED, "comment": "One row per release and child in it"},
    )

    patient_id = column(BigInteger, comment="the registry's own number of the patient")
    release = column(Text, comment="name of the release")
    child_id = column(Text, comment="the child's id in this release, drawn at random")
    given_up = column(ARRAY(Text), comment="what is not told of the child, since too few share it")
    smallest_group = column(
        Integer, comment="so many children at least share what could find one of them"
    )


class ReleaseLeftOut(Base):
    """One row per release and child who is not in it."""

    __tablename__ = "release_left_out"
    __table_args__ = (
        PrimaryKeyConstraint("patient_id", "release"),
        _of_a_release(),
        CheckConstraint(f"reason in ({', '.join(map(repr, LEFT_OUT))})", name="reason"),
        {"schema": DERIVED, "comment": "One row per release and child who was left out"},
    )

    patient_id = column(BigInteger, comment="the registry's own number of the patient")
    release = column(Text, comment="name of the release")
    reason = column(Text, comment="why")


class ReleaseErased(Base):
    """One row per id of a release whose child was erased: nobody knows any more whose it was."""

    __tablename__ = "release_erased"
    __table_args__ = (
        PrimaryKeyConstraint("release", "child_id"),
        _of_a_release(),
        {"schema": DERIVED, "comment": "One row per id of a release whose child was erased"},
    )

    release = column(Text, comment="name of the release")
    child_id = column(Text, comment="the child's id in this release, drawn at random")
    erased_at = column(
        DateTime(timezone=True), server_default=func.now(), comment="when the child was erased"
    )
