"""Consents of families, and their withdrawal."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import Date

from registry.models.base import REFERENCE, Base, PatientRecord, column, variable
from registry.models.constraints import InOrder
from registry.variables import Kind, Redaction, Variable
from registry.vocabulary import CONSENT_GIVERS, CONSENT_SCOPES
from registry.words import note


class Consent(PatientRecord):
    """One row per patient, scope, day and whoever signed."""

    __tablename__ = "consent"
    in_order: ClassVar[tuple[InOrder, ...]] = (
        InOrder(
            "valid_until",
            "signed_on",
            "valid_not_before_signed",
            note("lies before the day of the form"),
        ),
        InOrder(
            "withdrawn_on",
            "signed_on",
            "withdrawn_not_before_signed",
            note("lies before the day of the form"),
        ),
    )

    scope = variable(Variable("Consent to", Kind.CODE, required=True, codes=CONSENT_SCOPES))
    signed_on = variable(Variable("Signed on", Kind.DATE, required=True))
    given_by = variable(Variable("Given by", Kind.CODE, required=True, codes=CONSENT_GIVERS))
    form_version = variable(
        Variable(
            "Version of the form",
            Kind.TEXT,
            meaning="as printed on it; empty = not known",
            empty_tells=True,
            redaction=Redaction.FREE_TEXT,
        )
    )
    valid_until = variable(
        Variable(
            "Valid until",
            Kind.DATE,
            may_be_future=True,
            meaning="its last day; empty = until withdrawn",
            empty_tells=True,
        )
    )
    withdrawn_on = variable(
        Variable(
            "Withdrawn on",
            Kind.DATE,
            may_be_future=True,
            meaning="from this day on nothing is used; the day of the form itself = refused",
            empty_tells=True,
        )
    )


class ConsentForm(Base):
    """One row per scope and version of a form; the last to come into use is the one in use."""

    __tablename__ = "consent_form"
    __table_args__ = (
        {"schema": REFERENCE, "comment": "One row per scope and version of a form of consent"},
    )

    scope = variable(
        Variable("Consent to", Kind.CODE, required=True, codes=CONSENT_SCOPES), primary_key=True
    )
    version = variable(
        Variable("Version of the form", Kind.TEXT, required=True, redaction=Redaction.FREE_TEXT),
        primary_key=True,
    )
    used_from = column(Date, comment="first day on which it is in use")
