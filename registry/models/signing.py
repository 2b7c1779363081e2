"""Signatures, the registry's own passwords for them, and locks of children and freezes."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Integer,
    LargeBinary,
    Text,
)
from sqlalchemy import text as sql

from registry.models.base import REFERENCE, Base, column


class SigningPassword(Base):
    """One row per person who signs where the server asks nobody for a password."""

    __tablename__ = "signing_password"
    __table_args__ = (
        {"schema": REFERENCE, "comment": "One row per person who signs by a password kept here"},
    )

    person = column(Text, primary_key=True, comment="who signs")
    salt = column(LargeBinary, comment="salt of the hash")
    hash = column(LargeBinary, comment="scrypt of the password")
    fingerprint = column(
        Text,
        Computed("encode(sha256(salt || hash), 'hex')", persisted=True),
        comment="SHA-256 of salt and hash, by which the audit knows them without having them",
    )


class WrongPassword(Base):
    """One row per person who entered a wrong password since the last signature."""

    __tablename__ = "wrong_password"
    __table_args__ = (
        {
            "schema": REFERENCE,
            "comment": "One row per person who entered a wrong password to sign",
        },
    )

    person = column(Text, primary_key=True, comment="who was to sign")
    in_row = column(Integer, comment="wrong ones entered since that person last signed")
    last_at = column(DateTime(timezone=True), comment="when the last of them was entered")


class Signature(Base):
    """One row per signature; rows are only ever added, and go with an erased child."""

    __tablename__ = "signature"
    __table_args__ = (
        CheckConstraint("num_nonnulls(patient_id, freeze_name, file_name) = 1", name="of_one"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
        CheckConstraint("btrim(meaning) <> ''", name="meaning"),
        CheckConstraint(
            "authentication in ('signing_password', 'database_password')", name="authentication"
        ),
        ForeignKeyConstraint(["freeze_name"], ["reference.data_freeze.name"]),
        ForeignKeyConstraint(["change_id"], ["reference.change_set.change_id"]),
        {"schema": REFERENCE, "comment": "One row per signature"},
    )

    signature_id = column(
        BigInteger, Identity(always=False), primary_key=True, comment="number of the signature"
    )
    patient_id = column(
        BigInteger,
        nullable=True,
        comment="the registry's number of the patient whose record was signed",
    )
    freeze_name = column(Text, nullable=True, comment="the freeze that was signed")
    file_name = column(Text, nullable=True, comment="name of the file that was signed")
    sha256 = column(Text, comment="SHA-256 of what was signed")
    meaning = column(Text, comment="what the signature means, as reviewed")
    signed_by = column(Text, comment="who signed")
    authentication = column(
        Text, comment="which password was entered: the signing password or the database's"
    )
    change_id = column(
        BigInteger,
        server_default=sql("audit.current_change(true)"),
        comment="when it was signed and by which login",
    )


class RecordLock(Base):
    """One row per child whose records nobody may change; its audit says who locked them and why."""

    __tablename__ = "record_lock"
    __table_args__ = (
        {"schema": REFERENCE, "comment": "One row per child whose records nobody may change"},
    )

    patient_id = column(
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="the registry's own number of the patient",
    )
    until_on = column(
        Date,
        nullable=True,
        comment="records up to this day are locked, and those without a day; empty = all",
    )


class FreezeLock(Base):
    """One row per freeze that nobody may drop."""

    __tablename__ = "freeze_lock"
    __table_args__ = (
        ForeignKeyConstraint(["freeze_name"], ["reference.data_freeze.name"]),
        {"schema": REFERENCE, "comment": "One row per freeze that nobody may drop"},
    )

    freeze_name = column(Text, primary_key=True, comment="the freeze")
