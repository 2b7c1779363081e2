"""The seals of the audit: a chain of hashes, the leaves of each, secrets, stamps, erasures."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from registry.models.base import AUDIT, Base, column


class Seal(Base):
    """One row per seal; rows are only ever added, and made by the database itself."""

    __tablename__ = "seal"
    __table_args__ = ({"schema": AUDIT, "comment": "One row per seal over the audit, a chain"},)

    seal_number = column(
        Integer, primary_key=True, autoincrement=False, comment="place in the chain, from 1"
    )
    first_commit = column(BigInteger, comment="first place in the order of commits that it covers")
    last_commit = column(BigInteger, comment="last place in the order of commits that it covers")
    leaves = column(Integer, comment="rows of the audit that it covers")
    root = column(Text, comment="Merkle root of these rows")
    sealed_at = column(DateTime(timezone=True), comment="when, by the server's clock")
    sealed_by = column(Text, comment="login at the server")
    hash_before = column(Text, comment="hash of the seal before; empty for the first")
    hash = column(Text, comment="SHA-256 over all that stands here: of the last seal, the head")


class SealedRow(Base):
    """One row per row of the audit that a seal covers, in the order of its tree."""

    __tablename__ = "sealed_row"
    __table_args__ = (
        Index(
            "ix_sealed_row_commitment",
            "source",
            "row_number",
            postgresql_where=sql("commitment is not null"),
        ),
        {"schema": AUDIT, "comment": "One row per row of the audit that a seal covers"},
    )

    seal_number = column(Integer, primary_key=True, comment="the seal")
    place = column(Integer, primary_key=True, comment="place among its leaves, from 0")
    row_number = column(BigInteger, comment="number of the row in its table")
    patient_id = column(
        BigInteger,
        nullable=True,
        comment="the registry's own number of the patient; empty = of no patient",
    )
    source = column(Text, comment="table of the row")
    leaf = column(LargeBinary, comment="SHA-256 over what the row is and a hash of what it says")
    commitment = column(
        LargeBinary,
        nullable=True,
        comment="hash of what the row said, where that was erased; empty elsewhere",
    )


class Secret(Base):
    """One row per patient and change set: what hides their values in the leaves of the seals."""

    __tablename__ = "secret"
    __table_args__ = (
        CheckConstraint("holder in ('change', 'patient')", name="holder"),
        CheckConstraint("octet_length(secret) = 32", name="secret"),
        {"schema": AUDIT, "comment": "One row per secret that hides values in the seals' leaves"},
    )

    holder = column(Text, primary_key=True, comment="patient or change")
    number = column(
        BigInteger, primary_key=True, autoincrement=False, comment="number of the patient or change"
    )
    secret = column(
        LargeBinary,
        server_default=sql("uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())"),
        comment="random bytes, destroyed when the values are erased",
    )


class Stamp(Base):
    """One row per time stamp of a seal's head, given by an authority outside (RFC 3161)."""

    __tablename__ = "stamp"
    __table_args__ = ({"schema": AUDIT, "comment": "One row per time stamp of a seal's head"},)

    stamp_number = column(
        BigInteger, Identity(always=False), primary_key=True, comment="number of the stamp"
    )
    seal_number = column(Integer, comment="the seal whose head was stamped")
    authority = column(Text, comment="address of the authority that was asked")
    stamped_at = column(DateTime(timezone=True), comment="when, as the authority signed it")
    answer = column(LargeBinary, comment="the authority's answer, in DER, as openssl ts reads it")
    trusted = column(Text, comment="root certificates that it was held to then, in PEM")
    change_id = column(
        BigInteger,
        server_default=sql("audit.current_change(true)"),
        comment="the change set: who asked for it, when and why",
    )


class Erasure(Base):
    """One row per patient whose values were removed; what is inserted is carried out by trigger.

    The study id is known by a hash alone, with a salt of its own.
    """

    __tablename__ = "erasure"
    __table_args__ = ({"schema": AUDIT, "comment": "One row per patient who was erased"},)

    patient_id = column(
        BigInteger, primary_key=True, autoincrement=False, comment="the number, never given again"
    )
    change_id = column(BigInteger, comment="the change set of the erasure: who, when and why")
    id_salt = column(LargeBinary, comment="salt of the study id's hash")
    id_hash = column(
        LargeBinary, comment="SHA-256 of the salt and the study id: it is known again, not told"
    )
    sealed_before = column(Integer, comment="last seal before the erasure")
    removed = column(JSONB, comment="values removed, by the table they stood in")
    values_removed = column(BigInteger, comment="values removed, of all tables")
    audit_rows = column(Integer, comment="rows of the audit that stay, without their values")
    changes = column(
        ARRAY(BigInteger), comment="change sets whose reason and summary were taken out"
    )
