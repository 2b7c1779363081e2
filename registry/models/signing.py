"""Signatures, the registry's own passwords for them, and locks of children and freezes."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    LargeBinary,
    Text,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import REFERENCE, Base


class SigningPassword(Base):
    """One row per person who signs where the server asks nobody for a password."""

    __tablename__ = "signing_password"
    __table_args__ = (
        {"schema": REFERENCE, "comment": "One row per person who signs by a password kept here"},
    )

    person: Mapped[str] = mapped_column(Text, primary_key=True, comment="who signs")
    salt: Mapped[bytes] = mapped_column(LargeBinary, comment="salt of the hash")
    hash: Mapped[bytes] = mapped_column(LargeBinary, comment="scrypt of the password")
    fingerprint: Mapped[str] = mapped_column(
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

    person: Mapped[str] = mapped_column(Text, primary_key=True, comment="who was to sign")
    in_row: Mapped[int] = mapped_column(comment="wrong ones entered since that person last signed")
    last_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="when the last of them was entered"
    )


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

    signature_id: Mapped[int] = mapped_column(
        BigInteger, Identity(always=False), primary_key=True, comment="number of the signature"
    )
    patient_id: Mapped[int | None] = mapped_column(
        BigInteger, comment="the registry's number of the patient whose record was signed"
    )
    freeze_name: Mapped[str | None] = mapped_column(Text, comment="the freeze that was signed")
    file_name: Mapped[str | None] = mapped_column(Text, comment="name of the file that was signed")
    sha256: Mapped[str] = mapped_column(Text, comment="SHA-256 of what was signed")
    meaning: Mapped[str] = mapped_column(Text, comment="what the signature means, as reviewed")
    signed_by: Mapped[str] = mapped_column(Text, comment="who signed")
    authentication: Mapped[str] = mapped_column(
        Text, comment="which password was entered: the signing password or the database's"
    )
    change_id: Mapped[int] = mapped_column(
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

    patient_id: Mapped[int] = mapped_column(
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="the registry's own number of the patient",
    )
    until_on: Mapped[date | None] = mapped_column(
        comment="records up to this day are locked, and those without a day; empty = all"
    )


class FreezeLock(Base):
    """One row per freeze that nobody may drop."""

    __tablename__ = "freeze_lock"
    __table_args__ = (
        ForeignKeyConstraint(["freeze_name"], ["reference.data_freeze.name"]),
        {"schema": REFERENCE, "comment": "One row per freeze that nobody may drop"},
    )

    freeze_name: Mapped[str] = mapped_column(Text, primary_key=True, comment="the freeze")
